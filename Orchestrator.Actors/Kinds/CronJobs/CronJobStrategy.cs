using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>Defaults of the pods of a cron job's jobs, and its first status.</summary>
/// <remarks>The other defaults of a job apply when the job is made. Source: kubernetes pkg/apis/batch/v1/defaults.go.</remarks>
public sealed class CronJobStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree) => PodSpecDefaults.Apply(PodSpecOf(tree));

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromSpec(PodSpecOf(tree), PodSpecOf(stored));

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject();

    private static JsonObject? PodSpecOf(JsonObject? tree) => JsonTree.At(tree, ["spec", "jobTemplate", "spec", "template", "spec"]) as JsonObject;
}
