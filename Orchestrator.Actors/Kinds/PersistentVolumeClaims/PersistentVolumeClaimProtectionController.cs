using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

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
        if (change.Kind != ChangeKind.Deleted) return [];
        return caches[ResourceTypes.PersistentVolumeClaims].Objects.InNamespace(change.Object.Key.Namespace)
            .Where(static c => c.Meta.Deleting).Select(static c => c.Key);
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.PersistentVolumeClaims].Get(key) is not { } claim) return ReconcileResult.None;
        var result = InUseFinalizer.Reconcile(ResourceTypes.PersistentVolumeClaims, claim, StorageObjectInUseProtection.ClaimFinalizer, () => IsUsed(claim, caches));
        // A pod may have come to a node that this process has not heard of yet.
        return claim.Meta.Deleting && !result.Actions.IsEmpty ? result with { Confirm = [ResourceTypes.Pods] } : result;
    }

    private static bool IsUsed(StoredObject claim, ControllerCaches caches)
    {
        // Nearly no pod of a namespace says the name anywhere, and then it need not be read. The claim of a pod's own carries no such name.
        var name = Encoding.UTF8.GetBytes(claim.Key.Name);
        return caches[ResourceTypes.Pods].Objects.InNamespace(claim.Key.Namespace)
            .Any(p => (p.Json.Span.IndexOf(name) >= 0 || claim.Meta.Controller?.Uid == p.Meta.Uid) && Uses(p, claim));
    }

    /// <summary>Whether a pod that has a node mounts the claim, by its name or as the one made for a volume of its own.</summary>
    internal static bool Uses(StoredObject pod, StoredObject claim)
    {
        // Read in place: a pod's shared view is for those who look at pods all the time.
        using var document = JsonDocument.Parse(pod.Json);
        var spec = document.RootElement.Get("spec");
        if (spec.Text("nodeName") is not { Length: > 0 } || spec.Get("volumes") is not { ValueKind: JsonValueKind.Array } volumes) return false;
        foreach (var volume in volumes.EnumerateArray())
        {
            if (volume.Get("persistentVolumeClaim").Text("claimName") == claim.Key.Name) return true;
            if (volume.Get("ephemeral").ValueKind == JsonValueKind.Object && $"{pod.Key.Name}-{volume.Text("name")}" == claim.Key.Name
                && claim.Meta.Controller?.Uid == pod.Meta.Uid)
                return true;
        }
        return false;
    }
}
