using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>The old field of one pod range and the new one of several tell the same.</summary>
/// <remarks>Source: the conversions of NodeSpec in kubernetes pkg/apis/core/v1/conversion.go.</remarks>
public sealed class NodeStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec) return;
        var several = JsonTree.Array(spec, "podCIDRs");
        var first = several is { Count: > 0 } ? JsonTree.AsString(several[0]) : null;
        var one = JsonTree.String(spec, "podCIDR");
        // Who writes the old field alone means it: the new one is then only what was read before.
        if (one is { Length: > 0 } && one != first) spec["podCIDRs"] = new JsonArray(one);
        else if (first is not null && one != first) spec["podCIDR"] = first;
    }
}
