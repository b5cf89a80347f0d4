using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What a container asks for and what it may use at most.</summary>
internal static class ResourcesValidation
{
    public static void Validate(JsonObject resources, FieldPath path, FaultList faults)
    {
        var limits = Read(resources, "limits", path, faults);
        var requests = Read(resources, "requests", path, faults);
        foreach (var (name, request) in requests)
        {
            if (limits.TryGetValue(name, out var limit))
            {
                if (request > limit)
                    faults.Invalid(path.Child("requests"), request.ToString(), $"must be less than or equal to {name} limit of {limit}");
                else if (request != limit && IsWhole(name))
                    faults.Invalid(path.Child("requests"), request.ToString(), $"must be equal to {name} limit of {limit}");
            }
            else if (IsWhole(name))
            {
                faults.Required(path.Child("limits"), "Limit must be set for non overcommitable resources");
            }
        }
    }

    private static Dictionary<string, Quantity> Read(JsonObject resources, string field, FieldPath path, FaultList faults)
    {
        return resources[field] is JsonObject map ? ValidateAmounts(map, path.Child(field), faults) : [];
    }

    /// <summary>Amounts of what a container, or a pod beside its containers, may have.</summary>
    internal static Dictionary<string, Quantity> ValidateAmounts(JsonObject map, FieldPath path, FaultList faults)
    {
        var quantities = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, value) in map)
        {
            var here = path.Key(name);
            ValidateName(name, here, faults);
            var text = JsonTree.AsString(value) ?? JsonTree.ToText(value);
            if (!Quantity.TryParse(text, out var quantity)) continue;
            quantities[name] = quantity;
            AmountRules.Validate(quantity, IsWhole(name), here, faults);
        }
        return quantities;
    }

    private static void ValidateName(string name, FieldPath path, FaultList faults)
    {
        if (ObjectNames.QualifiedName(name) is { } fault) faults.Invalid(path, name, fault);
        else if (!name.Contains('/', StringComparison.Ordinal) && !IsStandard(name)) faults.Invalid(path, name, "must be a standard resource for containers");
    }

    private static bool IsStandard(string name) =>
        name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal);

    // Devices are counted in whole ones, and one that is asked for is taken: such a request is its limit.
    private static bool IsWhole(string name) =>
        name.StartsWith("hugepages-", StringComparison.Ordinal)
        || (name.Contains('/', StringComparison.Ordinal) && !name.StartsWith("kubernetes.io/", StringComparison.Ordinal) && !name.Contains(".kubernetes.io/", StringComparison.Ordinal));
}
