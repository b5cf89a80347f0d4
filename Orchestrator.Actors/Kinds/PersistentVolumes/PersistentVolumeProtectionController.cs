using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>Keeps a volume that is being deleted for as long as it is bound to a claim.</summary>
public sealed class PersistentVolumeProtectionController : KindController
{
    public override string Name => "pv-protection";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.PersistentVolumes];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        change.Kind == ChangeKind.Deleted ? [] : [change.Object.Key];

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context) =>
        caches[ResourceTypes.PersistentVolumes].Get(key) is { } volume
            ? InUseFinalizer.Reconcile(ResourceTypes.PersistentVolumes, volume, StorageObjectInUseProtection.VolumeFinalizer, () => IsBound(volume))
            : ReconcileResult.None;

    private static bool IsBound(StoredObject volume)
    {
        using var document = JsonDocument.Parse(volume.Json);
        return document.RootElement.Get("status").Text("phase") == "Bound";
    }
}
