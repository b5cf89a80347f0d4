using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Leases;

/// <summary>A lease whose holder is elected by the server is known and not served: the gate CoordinatedLeaderElection is closed.</summary>
/// <remarks>Source: kubernetes pkg/registry/coordination/lease/strategy.go.</remarks>
public sealed class LeaseStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    public void DropClosed(JsonObject tree, JsonObject? stored)
    {
        if (tree["spec"] is not JsonObject spec) return;
        foreach (var name in (ReadOnlySpan<string>)["strategy", "preferredHolder"])
            if (stored?["spec"]?[name] is null) spec.Remove(name);
    }
}
