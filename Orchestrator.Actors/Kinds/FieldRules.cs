using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>Rules about single fields that validations of many kinds have in common, each told at the field's own path.</summary>
internal static class FieldRules
{
    /// <summary>A text that is one of a few; empty counts as absent, as in Go.</summary>
    /// <param name="allowed">In the order in which the message lists them.</param>
    /// <param name="required">Whether it must be there, and what is told when it is not; null when it may be absent.</param>
    public static void OneOf(JsonObject? owner, string name, ReadOnlySpan<string> allowed, FieldPath path, FaultList faults, string? required = null)
    {
        var value = JsonTree.String(owner, name);
        if (string.IsNullOrEmpty(value))
        {
            if (required is not null) faults.Required(path.Child(name), required);
        }
        else if (!allowed.Contains(value)) faults.NotSupported(path.Child(name), value, allowed.ToArray());
    }

    /// <summary>A text that must not be empty.</summary>
    /// <returns>It, or empty.</returns>
    public static string Required(JsonObject? owner, string name, FieldPath path, FaultList faults, string detail = "")
    {
        var value = JsonTree.String(owner, name) ?? "";
        if (value.Length == 0) faults.Required(path.Child(name), detail);
        return value;
    }

    public static void NotNegative(JsonObject? owner, string name, FieldPath path, FaultList faults)
    {
        if (JsonTree.Int64(owner, name) is < 0 and var value) faults.Invalid(path.Child(name), value, "must be greater than or equal to 0");
    }

    /// <summary>A field that stays as it is; the whole part is shown when it changes.</summary>
    public static void Immutable(JsonNode? value, JsonNode? before, FieldPath path, FaultList faults)
    {
        if (!JsonTree.DeepEquals(value, before)) faults.Invalid(path, value, SelectorValidation.Immutable);
    }

    /// <summary>The texts of a list; what is no text counts as empty.</summary>
    public static string[] Texts(this JsonObject? owner, string name) =>
        owner?[name] is JsonArray list ? [.. list.Select(static e => JsonTree.AsString(e) ?? "")] : [];

    /// <summary>The amounts of a map of quantities. What is no quantity was refused on decode.</summary>
    public static IEnumerable<(string Name, Quantity Amount)> Quantities(this JsonObject? owner, string name)
    {
        if (owner?[name] is not JsonObject map) yield break;
        foreach (var (key, value) in map)
            if (Quantity.TryParse(JsonTree.AsString(value) ?? JsonTree.ToText(value), out var amount)) yield return (key, amount);
    }

    /// <summary>The name of the object.</summary>
    public static string NameOf(JsonObject tree) => JsonTree.String(JsonTree.Object(tree, "metadata"), "name") ?? "";
}
