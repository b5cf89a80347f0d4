using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ReplicationControllers;

/// <summary>Keeps the pods of ReplicationControllers: the rules are those of ReplicaSets, only the kind is another.</summary>
/// <remarks>Source: kubernetes pkg/controller/replication, which runs the ReplicaSet controller behind a conversion.</remarks>
public sealed class ReplicationControllerController : KindController
{
    private const string Kind = "ReplicationController";

    public override string Name => "replicationcontroller";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.ReplicationControllers, ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.ReplicationControllers) return [change.Object.Key];
        return OwnersAndAdopters(Kind, caches[ResourceTypes.ReplicationControllers], static c => ReplicaSetView.OfController(c).Selector, change);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.ReplicationControllers].Get(key) is not { } stored) return ReconcileResult.None;
        var controller = ReplicaSetView.OfController(stored);
        var pods = caches[ResourceTypes.Pods];
        var candidates = pods.Group(CacheGroup.ControlledBy(key.Namespace, Kind, key.Name))
            .Concat(pods.Group(CacheGroup.Orphans(key.Namespace)).Where(p => controller.Selector.Matches(p.Meta.Labels)))
            .Select(PodView.Of).ToList();
        return ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(controller, candidates, []), context);
    }
}
