using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ConfigMaps;

/// <summary>The keys of a ConfigMap, each of which is in one of its two maps.</summary>
/// <remarks>Source: ValidateConfigMap of kubernetes pkg/apis/core/validation.</remarks>
public sealed class ConfigMapValidation : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var (data, binary) = (JsonTree.Object(tree, "data"), JsonTree.Object(tree, "binaryData"));
        KeyedData.ValidateKeys(data, FieldPath.Of("data"), faults);
        KeyedData.ValidateKeys(binary, FieldPath.Of("binaryData"), faults);
        foreach (var (key, _) in data ?? [])
            if (binary?.ContainsKey(key) == true) faults.Invalid(FieldPath.Of("data").Key(key), key, "duplicate of key present in binaryData");
        KeyedData.ValidateSize(KeyedData.TextBytes(data) + KeyedData.DecodedBytes(binary), FieldPath.Nameless, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        KeyedData.ValidateFrozen(tree, stored, ["data", "binaryData"], faults);
}
