using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>The rules of a Role or ClusterRole; parsed once per version.</summary>
public sealed class RoleView
{
    private RoleView(JsonElement root)
    {
        Rules = root.TryGetProperty("rules", out var rules) ? PolicyRule.ReadAll(rules) : [];
        if (root.TryGetProperty("aggregationRule", out var aggregation) && aggregation.ValueKind == JsonValueKind.Object)
        {
            Selectors = aggregation.TryGetProperty("clusterRoleSelectors", out var selectors) && selectors.ValueKind == JsonValueKind.Array
                ? [.. selectors.EnumerateArray().Select(static s => LabelSelectorJson.Read(JsonNode.Parse(s.GetRawText())))] : [];
            IsAggregated = true;
        }
    }

    public ImmutableArray<PolicyRule> Rules { get; }

    /// <summary>The rules are gathered from other roles by the controller.</summary>
    public bool IsAggregated { get; }

    /// <summary>The roles whose rules are gathered: those that any of these matches.</summary>
    public ImmutableArray<LabelSelector> Selectors { get; } = [];

    public static RoleView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new RoleView(document.RootElement);
    });
}
