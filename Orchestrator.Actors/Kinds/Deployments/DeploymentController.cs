using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Deployments;

public sealed class DeploymentController : KindController
{
    public override string Name => "deployment";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Deployments, ResourceTypes.ReplicaSets, ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Deployments) return [change.Object.Key];
        if (type == ResourceTypes.Pods) return OfPod(change, caches);
        return OwnersAndAdopters("Deployment", caches[ResourceTypes.Deployments], static d => DeploymentView.Of(d).Selector, change);
    }

    // Of pods only Recreate needs to know, and only that one has ended or is gone.
    private static IEnumerable<ObjectKey> OfPod(ObjectChange change, ControllerCaches caches)
    {
        if (change.Kind != ChangeKind.Deleted && !PodView.Of(change.Object).Finished) return [];
        if (OwnerOf("ReplicaSet", change.Object) is not { } set || caches[ResourceTypes.ReplicaSets].Get(set) is not { } owner) return [];
        return OwnerOf("Deployment", owner) is { } key && caches[ResourceTypes.Deployments].Get(key) is { } found && DeploymentView.Of(found).Recreate
            ? [key] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.Deployments].Get(key) is not { } stored) return ReconcileResult.None;
        var deployment = DeploymentView.Of(stored);
        var sets = caches[ResourceTypes.ReplicaSets];
        var candidates = sets.Group(CacheGroup.ControlledBy(key.Namespace, "Deployment", key.Name))
            .Concat(sets.Group(CacheGroup.Orphans(key.Namespace)).Where(s => deployment.Selector.Matches(s.Meta.Labels)))
            .Select(ReplicaSetView.Of).ToList();
        List<PodView> pods = deployment.Recreate
            ? [.. candidates.SelectMany(s => caches[ResourceTypes.Pods].Group(CacheGroup.ControlledBy(key.Namespace, "ReplicaSet", s.Key.Name))).Select(PodView.Of)]
            : [];
        return DeploymentReconciler.Reconcile(
            new DeploymentObserved(deployment, candidates, pods, name => sets.Get(new ObjectKey(key.Namespace, name)) is not null), context);
    }
}
