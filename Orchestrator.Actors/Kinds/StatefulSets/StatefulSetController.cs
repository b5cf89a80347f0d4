using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.StatefulSets;

public sealed class StatefulSetController : KindController
{
    public override string Name => "statefulset";

    public override ImmutableArray<ResourceType> Reads { get; } =
        [ResourceTypes.StatefulSets, ResourceTypes.Pods, ResourceTypes.ControllerRevisions, ResourceTypes.PersistentVolumeClaims];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.StatefulSets) return [change.Object.Key];
        var sets = caches[ResourceTypes.StatefulSets];
        var ns = change.Object.Key.Namespace;
        if (type == ResourceTypes.PersistentVolumeClaims)
        {
            // A set waits for the end of a claim whose name it needs; whether one is bound is not its business.
            return change.Kind == ChangeKind.Deleted
                ? sets.Objects.InNamespace(ns).Where(s => StatefulClaims.Concerns(StatefulSetView.Of(s), change.Object.Key.Name)).Select(static s => s.Key)
                : [];
        }
        var owners = Owners("StatefulSet", change);
        // A pod with a name of the set's may be adopted, or is in the way until it has gone.
        if (type != ResourceTypes.Pods || StatefulPods.Parse(change.Object.Key.Name) is not { } parsed) return owners;
        var named = new ObjectKey(ns, parsed.Set);
        return sets.Get(named) is null ? owners : owners.Append(named);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.StatefulSets].Get(key) is not { } stored) return ReconcileResult.None;
        var set = StatefulSetView.Of(stored);
        var (owned, orphans) = (CacheGroup.ControlledBy(key.Namespace, "StatefulSet", key.Name), CacheGroup.Orphans(key.Namespace));
        var pods = caches[ResourceTypes.Pods];
        var revisions = caches[ResourceTypes.ControllerRevisions];
        return StatefulSetReconciler.Reconcile(new StatefulSetObserved(
            set,
            [.. pods.Group(owned).Concat(pods.Group(orphans).Where(p => set.Selector.Matches(p.Meta.Labels))).Select(PodView.Of)],
            [.. revisions.Group(owned), .. revisions.Group(orphans)],
            (type, name) => caches[type].Get(new ObjectKey(key.Namespace, name))), context);
    }
}
