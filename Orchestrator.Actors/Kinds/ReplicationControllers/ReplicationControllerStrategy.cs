using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ReplicationControllers;

/// <summary>The labels of a ReplicationController and its selector follow from its template.</summary>
/// <remarks>Source: SetDefaults_ReplicationController of kubernetes pkg/apis/core/v1/defaults.go.</remarks>
public sealed class ReplicationControllerStrategy : IKindStrategy
{
    // As it was before there was a garbage collector. Source: DefaultGarbageCollectionPolicy of the kind's strategy.
    public bool OrphansDependents => true;

    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (tree["spec"] is not JsonObject spec || JsonTree.At(spec, ["template", "metadata", "labels"]) is not JsonObject { Count: > 0 } labels) return;
        if (spec["selector"] is not JsonObject { Count: > 0 }) spec["selector"] = labels.DeepClone();
        var metadata = JsonTree.Ensure(tree, "metadata");
        if (metadata["labels"] is not JsonObject { Count: > 0 }) metadata["labels"] = labels.DeepClone();
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["replicas"] = 0L };
}
