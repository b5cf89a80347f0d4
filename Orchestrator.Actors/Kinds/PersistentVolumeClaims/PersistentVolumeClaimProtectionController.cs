using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>Keeps a claim that is being deleted for as long as a pod on a node names it.</summary>
/// <remarks>A pod without a node does not count: no kubelet starts a pod whose claim is being deleted.</remarks>
public sealed class PersistentVolumeClaimProtectionController : KindController
{
    public override string Name => "pvc-protection";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.PersistentVolumeClaims, ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.PersistentVolumeClaims) return change.Kind == ChangeKind.Deleted ? [] : [change.Object.Key];
        var pod = PodView.Of(change.Object);
        return change.Kind != ChangeKind.Deleted && !IsShutDown(pod) ? [] : pod.Claims.Select(c => new ObjectKey(pod.Key.Namespace, c.Claim))
            .Where(k => caches[ResourceTypes.PersistentVolumeClaims].Get(k) is { Meta.Deleting: true });
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.PersistentVolumeClaims].Get(key) is not { } claim) return ReconcileResult.None;
        var result = InUseFinalizer.Reconcile(ResourceTypes.PersistentVolumeClaims, claim, StorageObjectInUseProtection.ClaimFinalizer, () => IsUsed(claim, caches));
        // A pod may have come to a node that this process has not heard of yet.
        return claim.Meta.Deleting && !result.Actions.IsEmpty ? result with { Confirm = [ResourceTypes.Pods] } : result;
    }

    private static bool IsUsed(StoredObject claim, ControllerCaches caches) =>
        caches[ResourceTypes.Pods].Group(CacheGroup.Using(claim.Key)).Any(p => Uses(PodView.Of(p), claim));

    /// <summary>Whether a pod that has a node mounts the claim, by its name or as the one made for a volume of its own.</summary>
    /// <remarks>A claim of the pod's own goes before the pod where that waits for what it owns, once the kubelet is done with it.</remarks>
    internal static bool Uses(PodView pod, StoredObject claim) =>
        pod.NodeName.Length > 0 && pod.Claims.Any(c => c.Claim == claim.Key.Name && (!c.Own || (!IsShutDown(pod) && claim.Meta.Controller?.Uid == pod.Uid)));

    private static bool IsShutDown(PodView pod) => pod.Meta is { Deleting: true, DeletionGracePeriodSeconds: 0 };
}
