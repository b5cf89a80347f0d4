using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.RuntimeClasses;

/// <summary>The handler of a class, which stays, its overhead, and the nodes that have it.</summary>
/// <remarks>Source: kubernetes pkg/apis/node/validation.</remarks>
public sealed class RuntimeClassValidation : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var handler = JsonTree.String(tree, "handler") ?? "";
        if (ObjectNames.Label(handler) is { } fault) faults.Invalid(FieldPath.Of("handler"), handler, fault);
        if (JsonTree.Object(JsonTree.Object(tree, "overhead"), "podFixed") is { } fixedPart)
            ResourcesValidation.ValidateAmounts(fixedPart, FieldPath.Of("overhead").Child("podFixed"), faults);
        if (JsonTree.Object(tree, "scheduling") is not { } scheduling) return;
        var path = FieldPath.Of("scheduling");
        PlacementValidation.ValidateNodes(scheduling, path, faults);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, toleration) in scheduling.Entries("tolerations"))
            if (!seen.Add(JsonTree.ToText(toleration))) faults.Duplicate(path.Child("tolerations").Index(index), GoSyntax.Toleration(toleration));
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        SelectorValidation.ValidateImmutable(tree, stored, "handler", FieldPath.Root, faults);
}
