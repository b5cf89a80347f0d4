using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>Takes back that a pod is about to go, where no deletion has followed.</summary>
/// <remarks>Source: kube-controller-manager, disruption/disruption.go (syncStalePodDisruption).</remarks>
public sealed class StaleDisruptionController : KindController
{
    /// <summary>How long a deletion may take to follow; source: stalePodDisruptionTimeout.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>A kubelet says it long before the pod has ended, and means it.</summary>
    private const string ByKubelet = "TerminationByKubelet";

    public override string Name => "stale-pod-disruption";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        change.Kind != ChangeKind.Deleted && IsTold(PodView.Of(change.Object)) ? [change.Object.Key] : [];

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context) =>
        caches[ResourceTypes.Pods].Get(key) is { } pod ? Reconcile(PodView.Of(pod), context) : ReconcileResult.None;

    public static ReconcileResult Reconcile(PodView pod, ReconcileContext context)
    {
        if (!IsTold(pod)) return ReconcileResult.None;
        var left = Timeout - (context.Now - (pod.Condition(PodDisruption.Condition)!.LastTransition ?? context.Now));
        if (left > TimeSpan.Zero) return new ReconcileResult([], left);
        var status = StatusWrite.Current(pod.Source);
        StatusWrite.SetCondition(status, PodDisruption.Condition, "False", "", "", context.Now);
        // A kubelet that wrote meanwhile made the change that is the next trigger.
        return new ReconcileResult([new StatusAction(ResourceTypes.Pods, pod.Key, pod.Uid, status, pod.Source.Revision)]);
    }

    private static bool IsTold(PodView pod) =>
        !pod.Terminating && !pod.Finished && pod.Condition(PodDisruption.Condition) is { Status: "True" } told && told.Reason != ByKubelet;
}
