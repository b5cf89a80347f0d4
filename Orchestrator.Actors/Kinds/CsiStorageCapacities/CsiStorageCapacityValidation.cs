using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CsiStorageCapacities;

/// <summary>How much of a class is left where; class and place stay.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/validation.</remarks>
public sealed class CsiStorageCapacityValidation : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        StorageNames.ValidateClass(JsonTree.String(tree, "storageClassName") ?? "", FieldPath.Of("storageClassName"), faults);
        foreach (var name in (ReadOnlySpan<string>)["capacity", "maximumVolumeSize"])
        {
            if (tree[name] is { } value && Quantity.TryParse(JsonTree.AsString(value) ?? JsonTree.ToText(value), out var amount))
                AmountRules.Validate(amount, whole: false, FieldPath.Of(name), faults);
        }
        if (JsonTree.Object(tree, "nodeTopology") is { } selector) SelectorValidation.Validate(selector, FieldPath.Of("nodeTopology"), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["nodeTopology", "storageClassName"])
            SelectorValidation.ValidateImmutable(tree, stored, name, FieldPath.Root, faults);
    }
}
