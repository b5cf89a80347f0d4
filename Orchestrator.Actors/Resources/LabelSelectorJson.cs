using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Resources;

/// <summary>The object form of a label selector: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
/// <remarks>An absent selector matches nothing, an empty one everything. Faulty entries, which validation refuses, match nothing.</remarks>
public static class LabelSelectorJson
{
    public static LabelSelector Read(JsonNode? node)
    {
        if (node is not JsonObject selector) return LabelSelector.Nothing;
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        if (selector["matchLabels"] is JsonObject labels)
            foreach (var (key, value) in labels) requirements.Add(new LabelRequirement(key, LabelOperator.In, [JsonTree.AsString(value) ?? ""]));
        if (selector["matchExpressions"] is JsonArray expressions)
        {
            foreach (var entry in expressions)
            {
                var expression = entry as JsonObject;
                requirements.Add(Requirement(JsonTree.String(expression, "key"), JsonTree.String(expression, "operator"),
                    JsonTree.Array(expression, "values")?.Select(static v => JsonTree.AsString(v) ?? "") ?? []));
            }
        }
        return Selector(requirements.ToImmutable());
    }

    public static LabelSelector Read(JsonElement selector) => selector.Exists()
        ? Selector([.. Labels(selector.Get("matchLabels")), .. ReadRequirements(selector, "matchExpressions")])
        : LabelSelector.Nothing;

    /// <summary>A plain map of labels, each of which is required, such as a pod's <c>nodeSelector</c>; absent or empty matches everything.</summary>
    public static LabelSelector ReadMap(JsonElement map) => Selector([.. Labels(map)]);

    /// <summary>The requirements of a list such as <c>matchExpressions</c> or <c>matchFields</c>.</summary>
    public static ImmutableArray<LabelRequirement> ReadRequirements(JsonElement owner, string name) =>
        owner.Map(name, static e => Requirement(e.Text("key"), e.Text("operator"), e.Items("values").Select(static v => v.Text())));

    private static LabelSelector Selector(ImmutableArray<LabelRequirement> requirements) =>
        requirements.IsEmpty ? LabelSelector.Everything : new LabelSelector(requirements);

    private static IEnumerable<LabelRequirement> Labels(JsonElement map) =>
        map.ValueKind == JsonValueKind.Object ? map.EnumerateObject().Select(static e => new LabelRequirement(e.Name, LabelOperator.In, [e.Value.Text()])) : [];

    private static LabelRequirement Requirement(string? key, string? name, IEnumerable<string> values)
    {
        LabelOperator? op = name switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            "Gt" => LabelOperator.GreaterThan,
            "Lt" => LabelOperator.LessThan,
            _ => null,
        };
        // In nothing: no value satisfies that.
        return key is null || op is null ? new LabelRequirement(key ?? "", LabelOperator.In, []) : new LabelRequirement(key, op.Value, [.. values]);
    }
}
