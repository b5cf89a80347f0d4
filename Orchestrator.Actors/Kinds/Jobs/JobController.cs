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

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Jobs) return [change.Object.Key];
        return OwnersAndAdopters("Job", caches[ResourceTypes.Jobs], static j => JobView.Of(j).Selector, change);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var pods = caches[ResourceTypes.Pods].Group(CacheGroup.ControlledBy(key.Namespace, "Job", key.Name)).Select(PodView.Of).ToList();
        if (caches[ResourceTypes.Jobs].Get(key) is not { } stored) return JobReconciler.Abandon(pods);
        var job = JobView.Of(stored);
        var orphans = caches[ResourceTypes.Pods].Group(CacheGroup.Orphans(key.Namespace)).Where(p => job.Selector.Matches(p.Meta.Labels)).Select(PodView.Of);
        var result = JobReconciler.Reconcile(job, [.. pods, .. orphans], context);
        var strangers = pods.Where(p => p.Meta.Controller?.Uid != job.Uid).ToList();
        return strangers.Count == 0 ? result : result with { Actions = [.. result.Actions, .. JobReconciler.Abandon(strangers).Actions] };
    }
}
