using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>Defaults of a DaemonSet that depend on other fields.</summary>
public sealed class DaemonSetStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (JsonTree.At(tree, ["spec", "updateStrategy"]) is not JsonObject strategy || JsonTree.String(strategy, "type") != "RollingUpdate") return;
        var rolling = JsonTree.Ensure(strategy, "rollingUpdate");
        if (rolling["maxUnavailable"] is null) rolling["maxUnavailable"] = 1L;
        if (rolling["maxSurge"] is null) rolling["maxSurge"] = 0L;
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject
    {
        ["currentNumberScheduled"] = 0L,
        ["numberMisscheduled"] = 0L,
        ["desiredNumberScheduled"] = 0L,
        ["numberReady"] = 0L,
    };
}
