using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PriorityClasses;

/// <summary>The value of a class, its bounds, and the names that the system keeps for itself.</summary>
/// <remarks>Source: kubernetes pkg/apis/scheduling/validation and pkg/apis/scheduling/types.go.</remarks>
public sealed class PriorityClassValidation : IKindValidation
{
    /// <summary>The highest value that is not the system's.</summary>
    public const long UserValueMax = 1_000_000_000;

    public const string SystemPrefix = "system-";

    /// <summary>The classes of the system: name and value.</summary>
    public static IReadOnlyDictionary<string, long> System { get; } = new Dictionary<string, long>(StringComparer.Ordinal)
    {
        ["system-node-critical"] = 2 * UserValueMax + 1000,
        ["system-cluster-critical"] = 2 * UserValueMax,
    };

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var name = FieldRules.NameOf(tree);
        var value = JsonTree.Int64(tree, "value") ?? 0;
        if (name.StartsWith(SystemPrefix, StringComparison.Ordinal))
        {
            if (SystemFault(name, value, JsonTree.Bool(tree, "globalDefault") == true) is { } fault)
                faults.Forbidden(FieldPath.Of("metadata").Child("name"), $"priority class names with '{SystemPrefix}' prefix are reserved for system use only. error: {fault}");
        }
        else if (value > UserValueMax)
        {
            faults.Forbidden(FieldPath.Of("value"), $"maximum allowed value of a user defined priority is {UserValueMax}");
        }
        FieldRules.OneOf(tree, "preemptionPolicy", ["PreemptLowerPriority", "Never"], FieldPath.Root, faults, required: "");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (JsonTree.Int64(tree, "value") != JsonTree.Int64(stored, "value")) faults.Forbidden(FieldPath.Of("value"), "may not be changed in an update.");
        FieldRules.Immutable(tree["preemptionPolicy"], stored["preemptionPolicy"], FieldPath.Of("preemptionPolicy"), faults);
    }

    private static string? SystemFault(string name, long value, bool isDefault)
    {
        if (!System.TryGetValue(name, out var known)) return $"{name} is not a known system priority class";
        if (value != known) return $"value of {name} PriorityClass must be {known}";
        return isDefault ? $"globalDefault of {name} PriorityClass must be false" : null;
    }
}
