using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>A value in the form in which a message shows it.</summary>
internal readonly record struct ShownValue(string Text)
{
    public override string ToString() => Text;
}

/// <summary>Values as Go's <c>%#v</c> prints them: the messages about faults show lists, maps and selectors so.</summary>
/// <remarks>Source: ErrorBody of k8s.io/apimachinery, util/validation/field. Structs with pointers are printed there with addresses of
/// memory, which nobody can read or repeat; they are left to JSON.</remarks>
internal static class GoSyntax
{
    /// <summary>A list of texts.</summary>
    public static string Of(IEnumerable<string?> texts) => $"[]string{{{string.Join(", ", texts.Select(static t => GoQuote.Quote(t ?? "")))}}}";

    /// <summary>Null for what is no list of texts.</summary>
    public static string? Of(JsonNode node) =>
        node is JsonArray list && list.Count > 0 && list.All(static t => JsonTree.IsString(t, out _)) ? Of(list.Select(JsonTree.AsString)) : null;

    /// <summary>A list of texts whose elements have a type of their own.</summary>
    public static ShownValue Texts(string type, JsonNode? list) => new(list is JsonArray texts
        ? $"[]{type}{{{string.Join(", ", texts.Select(static t => GoQuote.Quote(JsonTree.AsString(t) ?? "")))}}}"
        : $"[]{type}(nil)");

    /// <summary>Labels, or another map of texts.</summary>
    public static ShownValue Labels(JsonObject? labels) => new(Map(labels));

    /// <summary>A label selector.</summary>
    public static ShownValue Selector(JsonObject? selector)
    {
        var expressions = JsonTree.Array(selector, "matchExpressions") is { } list
            ? $"[]v1.LabelSelectorRequirement{{{string.Join(", ", list.OfType<JsonObject>().Select(Requirement))}}}"
            : "[]v1.LabelSelectorRequirement(nil)";
        return new ShownValue($"v1.LabelSelector{{MatchLabels:{Map(JsonTree.Object(selector, "matchLabels"))}, MatchExpressions:{expressions}}}");
    }

    /// <summary>A struct of texts.</summary>
    /// <param name="type">As Go names it, such as <c>core.NodeAddress</c>.</param>
    /// <param name="from">Has the values.</param>
    /// <param name="fields">Go's names of the fields in Go's order, each with the name that it has in JSON.</param>
    public static ShownValue Struct(string type, JsonObject? from, params ReadOnlySpan<(string Name, string Json)> fields)
    {
        var text = new StringBuilder(type).Append('{');
        foreach (var (name, json) in fields) text.Append(text[^1] == '{' ? "" : ", ").Append(name).Append(':').Append(from is null ? "\"\"" : Quote(from, json));
        return new ShownValue(text.Append('}').ToString());
    }

    /// <summary>A toleration; one of limited time holds a pointer, and is left to JSON.</summary>
    public static object Toleration(JsonObject toleration) => toleration["tolerationSeconds"] is not null
        ? toleration
        : With(Struct("core.Toleration", toleration, ("Key", "key"), ("Operator", "operator"), ("Value", "value"), ("Effect", "effect")), "TolerationSeconds:(*int64)(nil)");

    /// <summary>A taint; one that says since when it stands holds a pointer, and is left to JSON.</summary>
    public static object Taint(JsonObject taint) => taint["timeAdded"] is not null
        ? taint
        : With(Struct("core.Taint", taint, ("Key", "key"), ("Value", "value"), ("Effect", "effect")), "TimeAdded:<nil>");

    private static ShownValue With(ShownValue value, string field) => new($"{value.Text[..^1]}, {field}}}");

    /// <summary>What Go has no type for, such as the keys of an entry of a custom resource.</summary>
    public static ShownValue Untyped(JsonNode? value) => new(value switch
    {
        null => "interface {}(nil)",
        JsonObject map => $"map[string]interface {{}}{{{string.Join(", ", map.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => $"{GoQuote.Quote(p.Key)}:{Untyped(p.Value)}"))}}}",
        JsonArray list => $"[]interface {{}}{{{string.Join(", ", list.Select(static e => Untyped(e).Text))}}}",
        _ => JsonTree.IsString(value, out var text) ? GoQuote.Quote(text) : JsonTree.ToText(value),
    });

    private static string Map(JsonObject? map) => map is null
        ? "map[string]string(nil)"
        : $"map[string]string{{{string.Join(", ", map.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => $"{GoQuote.Quote(p.Key)}:{GoQuote.Quote(JsonTree.AsString(p.Value) ?? "")}"))}}}";

    private static string Requirement(JsonObject one)
    {
        var values = JsonTree.Array(one, "values") is { } list ? Of(list.Select(JsonTree.AsString)) : "[]string(nil)";
        return $"v1.LabelSelectorRequirement{{Key:{Quote(one, "key")}, Operator:{Quote(one, "operator")}, Values:{values}}}";
    }

    private static string Quote(JsonObject owner, string name) => GoQuote.Quote(JsonTree.String(owner, name) ?? "");
}
