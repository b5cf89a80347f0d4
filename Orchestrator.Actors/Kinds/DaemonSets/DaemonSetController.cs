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
        var owners = Owners("DaemonSet", change);
        if (type != ResourceTypes.Pods || change.Object.Meta.Controller is not null || change.Kind == ChangeKind.Deleted) return owners;
        return owners.Concat(caches[ResourceTypes.DaemonSets].Objects.InNamespace(change.Object.Key.Namespace)
            .Where(d => DaemonSetView.Of(d).Selector.Matches(change.Object.Meta.Labels)).Select(static d => d.Key));
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
        var group = CacheGroups.ControlledBy(key.Namespace, "DaemonSet", key.Name);
        var candidates = pods.Group(group)
            .Concat(pods.Group(CacheGroups.Orphans(key.Namespace)).Where(p => set.Selector.Matches(p.Meta.Labels))).Select(PodView.Of).ToList();
        var revisions = caches[ResourceTypes.ControllerRevisions];
        return DaemonSetReconciler.Reconcile(new DaemonSetObserved(
            set, candidates, [.. caches[ResourceTypes.Nodes].Objects.EnumerateFrom().Select(NodeView.Of)],
            [.. revisions.Group(group), .. revisions.Group(CacheGroups.Orphans(key.Namespace))],
            name => revisions.Get(new ObjectKey(key.Namespace, name)) is not null), context);
    }
}
