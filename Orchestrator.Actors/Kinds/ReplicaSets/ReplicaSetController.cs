using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

public sealed class ReplicaSetController : KindController
{
    public override string Name => "replicaset";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.ReplicaSets, ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.ReplicaSets) return [change.Object.Key];
        var owners = Owners("ReplicaSet", change);
        if (change.Object.Meta.Controller is not null || change.Kind == ChangeKind.Deleted) return owners;
        // An orphan may be adopted by any set that selects it.
        return owners.Concat(caches[ResourceTypes.ReplicaSets].Objects.InNamespace(change.Object.Key.Namespace)
            .Where(s => ReplicaSetView.Of(s).Selector.Matches(change.Object.Meta.Labels)).Select(static s => s.Key));
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.ReplicaSets].Get(key) is not { } stored) return ReconcileResult.None;
        var set = ReplicaSetView.Of(stored);
        var pods = caches[ResourceTypes.Pods];
        var candidates = pods.Group(CacheGroups.ControlledBy(key.Namespace, "ReplicaSet", key.Name))
            .Concat(pods.Group(CacheGroups.Orphans(key.Namespace)).Where(p => set.Selector.Matches(p.Meta.Labels)))
            .Select(PodView.Of).ToList();
        return ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, candidates, Siblings(set, candidates.Count, caches)), context);
    }

    // Only a set that shrinks asks which nodes are crowded.
    private static List<PodView> Siblings(ReplicaSetView set, int pods, ControllerCaches caches)
    {
        if (pods <= set.Replicas || set.Meta.Controller is not { } owner) return [];
        return [.. caches[ResourceTypes.ReplicaSets].Group(CacheGroups.ControlledBy(set.Key.Namespace, owner.Kind, owner.Name))
            .Where(s => s.Key != set.Key)
            .SelectMany(s => caches[ResourceTypes.Pods].Group(CacheGroups.ControlledBy(s.Key.Namespace, "ReplicaSet", s.Key.Name)))
            .Select(PodView.Of)];
    }
}
