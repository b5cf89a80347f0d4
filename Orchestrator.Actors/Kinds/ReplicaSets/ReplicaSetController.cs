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
        return OwnersAndAdopters("ReplicaSet", caches[ResourceTypes.ReplicaSets], static s => ReplicaSetView.Of(s).Selector, change);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.ReplicaSets].Get(key) is not { } stored) return ReconcileResult.None;
        var set = ReplicaSetView.Of(stored);
        var pods = caches[ResourceTypes.Pods];
        var candidates = pods.Group(CacheGroup.ControlledBy(key.Namespace, "ReplicaSet", key.Name))
            .Concat(pods.Group(CacheGroup.Orphans(key.Namespace)).Where(p => set.Selector.Matches(p.Meta.Labels)))
            .Select(PodView.Of).ToList();
        return ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, candidates, Siblings(set, candidates.Count, caches)), context);
    }

    // Only a set that shrinks asks which nodes are crowded.
    private static List<PodView> Siblings(ReplicaSetView set, int pods, ControllerCaches caches)
    {
        if (pods <= set.Replicas || set.Meta.Controller is not { } owner) return [];
        return [.. caches[ResourceTypes.ReplicaSets].Group(CacheGroup.ControlledBy(set.Key.Namespace, owner.Kind, owner.Name))
            .Where(s => s.Key != set.Key)
            .SelectMany(s => caches[ResourceTypes.Pods].Group(CacheGroup.ControlledBy(s.Key.Namespace, "ReplicaSet", s.Key.Name)))
            .Select(PodView.Of)];
    }
}
