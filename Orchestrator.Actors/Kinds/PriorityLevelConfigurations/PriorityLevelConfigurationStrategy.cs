using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PriorityLevelConfigurations;

/// <summary>An exempt level that says nothing about lending lends nothing.</summary>
/// <remarks>Source: kubernetes pkg/apis/flowcontrol/v1/defaults.go.</remarks>
public sealed class PriorityLevelConfigurationStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is JsonObject spec && JsonTree.String(spec, "type") == "Exempt" && spec["exempt"] is null)
            spec["exempt"] = new JsonObject { ["nominalConcurrencyShares"] = 0L, ["lendablePercent"] = 0L };
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject();
}
