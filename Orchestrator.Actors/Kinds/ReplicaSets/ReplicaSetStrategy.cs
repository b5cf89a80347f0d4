using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

/// <summary>Defaults of a ReplicaSet's template, and its first status.</summary>
public sealed class ReplicaSetStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree) => PodSpecDefaults.ApplyToTemplate(tree);

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["replicas"] = 0L };
}
