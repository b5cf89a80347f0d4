using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>Binds claims and volumes. A key with a namespace is a claim's, one without is a volume's.</summary>
public sealed class PersistentVolumeController : KindController
{
    public override string Name => "persistentvolume";

    public override ImmutableArray<ResourceType> Reads { get; } =
        [ResourceTypes.PersistentVolumes, ResourceTypes.PersistentVolumeClaims, ResourceTypes.StorageClasses, ResourceTypes.Pods, ResourceTypes.Nodes];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.PersistentVolumeClaims) return OfClaim(change, caches);
        if (type == ResourceTypes.PersistentVolumes) return OfVolume(change, caches);
        if (type == ResourceTypes.StorageClasses)
        {
            return caches[ResourceTypes.PersistentVolumeClaims].Objects.EnumerateFrom().Select(PersistentVolumeClaimView.Of)
                .Where(c => c.VolumeName.Length == 0 && (c.StorageClass is null || c.StorageClass == change.Object.Key.Name)).Select(static c => c.Key);
        }
        if (type == ResourceTypes.Nodes)
        {
            // What was to come to a node that is gone must go elsewhere.
            return change.Kind != ChangeKind.Deleted ? [] : caches[ResourceTypes.PersistentVolumeClaims].Objects.EnumerateFrom().Select(PersistentVolumeClaimView.Of)
                .Where(c => !c.BindCompleted && c.SelectedNode == change.Object.Key.Name).Select(static c => c.Key);
        }
        if (type != ResourceTypes.Pods || change.Kind != ChangeKind.Added) return [];
        var pod = PodView.Of(change.Object);
        return pod.NodeName.Length > 0 || pod.Claims.IsEmpty ? [] : OfPod(pod, caches);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var observed = Observe(caches);
        if (key.Namespace.Length == 0) return observed.Volume(key.Name) is { } volume ? PersistentVolumeReconciler.Reconcile(volume, observed, context) : ReconcileResult.None;
        return observed.Claim(key) is { } claim ? PersistentVolumeClaimReconciler.Reconcile(claim, observed, context) : ReconcileResult.None;
    }

    private static IEnumerable<ObjectKey> OfClaim(ObjectChange change, ControllerCaches caches)
    {
        var claim = PersistentVolumeClaimView.Of(change.Object);
        if (change.Kind == ChangeKind.Deleted)
        {
            // Also those that were bound to it when it had not been told yet.
            return caches[ResourceTypes.PersistentVolumes].Objects.EnumerateFrom()
                .Where(v => PersistentVolumeView.Of(v).Claim?.Key == claim.Key).Select(static v => v.Key);
        }
        return claim.VolumeName.Length > 0 ? [claim.Key, new ObjectKey("", claim.VolumeName)] : [claim.Key];
    }

    private static List<ObjectKey> OfVolume(ObjectChange change, ControllerCaches caches)
    {
        var volume = PersistentVolumeView.Of(change.Object);
        var before = change.Previous is { } previous ? PersistentVolumeView.Of(previous) : null;
        var keys = new List<ObjectKey> { change.Object.Key };
        if (volume.Claim is { } now) keys.Add(now.Key);
        if (before?.Claim is { } then) keys.Add(then.Key);
        // A volume that came, went or became free may be what any claim waits for; its other changes concern its own claim.
        var free = volume.Claim is null && volume.Phase == "Available";
        if (change.Kind != ChangeKind.Modified || free)
        {
            keys.AddRange(caches[ResourceTypes.PersistentVolumeClaims].Objects.EnumerateFrom().Select(PersistentVolumeClaimView.Of)
                .Where(c => c.VolumeName == volume.Name || (c.VolumeName.Length == 0 && !c.BindCompleted && (c.StorageClass ?? "") == volume.StorageClass))
                .Select(static c => c.Key));
        }
        return keys;
    }

    // What a claim says it waits for depends on whether a pod uses it.
    private static IEnumerable<ObjectKey> OfPod(PodView pod, ControllerCaches caches) =>
        pod.Claims.Where(static c => !c.Own).Select(c => new ObjectKey(pod.Key.Namespace, c.Claim))
            .Where(k => caches[ResourceTypes.PersistentVolumeClaims].Get(k) is { } claim && !PersistentVolumeClaimView.Of(claim).BindCompleted);

    private static StorageObserved Observe(ControllerCaches caches)
    {
        var (volumes, claims, classes) = (caches[ResourceTypes.PersistentVolumes], caches[ResourceTypes.PersistentVolumeClaims], caches[ResourceTypes.StorageClasses]);
        return new StorageObserved(
            volumes.Objects.EnumerateFrom().Select(PersistentVolumeView.Of),
            name => volumes.Get(new ObjectKey("", name)) is { } volume ? PersistentVolumeView.Of(volume) : null,
            key => claims.Get(key) is { } claim ? PersistentVolumeClaimView.Of(claim) : null,
            classes.Objects.EnumerateFrom().Select(StorageClassView.Of),
            name => classes.Get(new ObjectKey("", name)) is { } found ? StorageClassView.Of(found) : null,
            name => caches[ResourceTypes.Nodes].Get(new ObjectKey("", name)) is { } node ? new NodeToReach(name, NodeView.Of(node).Meta.Labels) : null,
            claim => WaitingFor(claim, caches));
    }

    private static IEnumerable<string> WaitingFor(PersistentVolumeClaimView claim, ControllerCaches caches) =>
        caches[ResourceTypes.Pods].Group(CacheGroup.Using(claim.Key)).Select(PodView.Of)
            .Where(p => p is { NodeName: "", Active: true } && p.Claims.Contains(new PodClaim(claim.Key.Name, Own: false))).Select(static p => p.Key.Name);
}
