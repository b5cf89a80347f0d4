using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.DaemonSets;

public sealed class DaemonSetController : KindController
{
    public override string Name => "daemonset";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.DaemonSets, ResourceTypes.Pods, ResourceTypes.Nodes, ResourceTypes.ControllerRevisions];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.DaemonSets) return [change.Object.Key];
        if (type == ResourceTypes.Nodes)
            return Matters(change) ? caches[ResourceTypes.DaemonSets].Objects.EnumerateFrom().Select(static d => d.Key) : [];
        return type == ResourceTypes.Pods
            ? OwnersAndAdopters("DaemonSet", caches[ResourceTypes.DaemonSets], static d => DaemonSetView.Of(d).Selector, change)
            : Owners("DaemonSet", change);
    }

    // Heartbeats change nothing about who may run where.
    private static bool Matters(ObjectChange change)
    {
        if (change.Kind != ChangeKind.Modified || change.Previous is not { } previous) return true;
        var (old, now) = (NodeView.Of(previous), NodeView.Of(change.Object));
        return !old.Taints.SequenceEqual(now.Taints) || old.Unschedulable != now.Unschedulable
            || old.Meta.Labels.Count != now.Meta.Labels.Count
            || now.Meta.Labels.Any(l => old.Meta.Labels.GetValueOrDefault(l.Key) != l.Value);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.DaemonSets].Get(key) is not { } stored) return ReconcileResult.None;
        var set = DaemonSetView.Of(stored);
        var pods = caches[ResourceTypes.Pods];
        var group = CacheGroup.ControlledBy(key.Namespace, "DaemonSet", key.Name);
        var candidates = pods.Group(group)
            .Concat(pods.Group(CacheGroup.Orphans(key.Namespace)).Where(p => set.Selector.Matches(p.Meta.Labels))).Select(PodView.Of).ToList();
        var revisions = caches[ResourceTypes.ControllerRevisions];
        return DaemonSetReconciler.Reconcile(new DaemonSetObserved(
            set, candidates, [.. caches[ResourceTypes.Nodes].Objects.EnumerateFrom().Select(NodeView.Of)],
            [.. revisions.Group(group), .. revisions.Group(CacheGroup.Orphans(key.Namespace))],
            name => revisions.Get(new ObjectKey(key.Namespace, name)) is not null), context);
    }
}
