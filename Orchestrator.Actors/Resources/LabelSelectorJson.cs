using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Orchestrator.Actors.Resources;

/// <summary>The object form of a label selector: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
public static class LabelSelectorJson
{
    /// <summary>Absent (null) matches nothing, empty matches everything. Faulty entries, which validation refuses, match nothing.</summary>
    public static LabelSelector Read(JsonNode? node)
    {
        if (node is not JsonObject selector) return LabelSelector.Nothing;
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        if (selector["matchLabels"] is JsonObject labels)
        {
            foreach (var (key, value) in labels.OrderBy(l => l.Key, StringComparer.Ordinal))
                requirements.Add(new LabelRequirement(key, LabelOperator.In, [JsonTree.AsString(value) ?? ""]));
        }
        if (selector["matchExpressions"] is JsonArray expressions)
        {
            foreach (var expression in expressions)
            {
                if (ReadExpression(expression as JsonObject) is not { } requirement) return LabelSelector.Nothing;
                requirements.Add(requirement);
            }
        }
        return requirements.Count == 0 ? LabelSelector.Everything : new LabelSelector(requirements.ToImmutable());
    }

    private static LabelRequirement? ReadExpression(JsonObject? expression)
    {
        LabelOperator? op = JsonTree.String(expression, "operator") switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            _ => null,
        };
        if (op is null || JsonTree.String(expression, "key") is not { } key) return null;
        var values = JsonTree.Array(expression, "values")?.Select(v => JsonTree.AsString(v) ?? "") ?? [];
        return new LabelRequirement(key, op.Value, [.. values.Order(StringComparer.Ordinal)]);
    }
}
