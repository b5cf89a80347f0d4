using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CsiNodes;

/// <summary>The drivers of a node. One may come and go, but not change.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/validation.</remarks>
public sealed class CsiNodeValidation : IKindValidation
{
    private const int NodeIdMax = 256;

    private static readonly FieldPath Drivers = FieldPath.Of("spec").Child("drivers");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, driver) in JsonTree.Object(tree, "spec").Entries("drivers"))
        {
            var path = Drivers.Index(index);
            var name = JsonTree.String(driver, "name") ?? "";
            StorageNames.ValidateDriver(name, path.Child("name"), faults);
            if (!names.Add(name)) faults.Duplicate(path.Child("name"), name);
            var node = FieldRules.Required(driver, "nodeID", path, faults);
            if (node.Length > NodeIdMax) faults.Invalid(path.Child("nodeID"), node, $"must be {NodeIdMax} characters or less");
            FieldRules.NotNegative(JsonTree.Object(driver, "allocatable"), "count", path.Child("allocatable"), faults);
            ValidateTopology(driver.Texts("topologyKeys"), path, faults);
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        var before = JsonTree.Object(stored, "spec").Entries("drivers").Select(static d => d.Item).ToDictionary(static d => JsonTree.String(d, "name") ?? "", StringComparer.Ordinal);
        foreach (var (_, driver) in JsonTree.Object(tree, "spec").Entries("drivers"))
        {
            if (before.TryGetValue(JsonTree.String(driver, "name") ?? "", out var old) && !JsonTree.DeepEquals(driver, old))
                faults.Invalid(FieldPath.Of("CSINodeDriver"), driver, SelectorValidation.Immutable);
        }
    }

    private static void ValidateTopology(string[] keys, FieldPath path, FaultList faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            if (!seen.Add(key)) faults.Duplicate(path, key);
            if (ObjectNames.QualifiedName(key) is { } fault) faults.Invalid(path, key, fault);
        }
    }
}
