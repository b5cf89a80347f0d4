using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>A new budget allows nothing until somebody has counted its pods.</summary>
public sealed class PodDisruptionBudgetStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject
    {
        ["disruptionsAllowed"] = 0L,
        ["currentHealthy"] = 0L,
        ["desiredHealthy"] = 0L,
        ["expectedPods"] = 0L,
    };
}
