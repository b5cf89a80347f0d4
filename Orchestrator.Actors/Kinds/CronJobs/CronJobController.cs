using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CronJobs;

public sealed class CronJobController : KindController
{
    public override string Name => "cronjob";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.CronJobs, ResourceTypes.Jobs];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        type == ResourceTypes.CronJobs ? [change.Object.Key] : Owners("CronJob", change);

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.CronJobs].Get(key) is not { } stored) return ReconcileResult.None;
        var jobs = caches[ResourceTypes.Jobs];
        return CronJobReconciler.Reconcile(
            CronJobView.Of(stored), jobs.Group(CacheGroup.ControlledBy(key.Namespace, "CronJob", key.Name)).Select(JobView.Of),
            name => jobs.Get(new ObjectKey(key.Namespace, name)), context);
    }
}
