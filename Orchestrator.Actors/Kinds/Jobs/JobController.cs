using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

public sealed class JobController : KindController
{
    public override string Name => "job";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Jobs, ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        type == ResourceTypes.Jobs ? [change.Object.Key] : Owners("Job", change);

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var pods = caches[ResourceTypes.Pods].Group(CacheGroups.ControlledBy(key.Namespace, "Job", key.Name)).Select(PodView.Of).ToList();
        if (caches[ResourceTypes.Jobs].Get(key) is not { } stored) return JobReconciler.Abandon(pods);
        var job = JobView.Of(stored);
        var result = JobReconciler.Reconcile(job, pods, context);
        var strangers = pods.Where(p => p.Meta.Controller?.Uid != job.Uid).ToList();
        return strangers.Count == 0 ? result : result with { Actions = [.. result.Actions, .. JobReconciler.Abandon(strangers).Actions] };
    }
}
