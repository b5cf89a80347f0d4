using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>The parts of a claim that binding reads; parsed once per version.</summary>
public sealed class PersistentVolumeClaimView
{
    public const string BindCompletedAnnotation = "pv.kubernetes.io/bind-completed";
    public const string BoundByControllerAnnotation = "pv.kubernetes.io/bound-by-controller";
    public const string SelectedNodeAnnotation = "volume.kubernetes.io/selected-node";
    internal const string ClassAnnotation = "volume.beta.kubernetes.io/storage-class";

    private PersistentVolumeClaimView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        VolumeName = spec.Text("volumeName");
        Modes = [.. spec.Items("accessModes").Select(static m => m.Text())];
        VolumeMode = spec.Text("volumeMode") is { Length: > 0 } mode ? mode : "Filesystem";
        Request = Quantity.ParseOrZero(spec.Get("resources", "requests").Text("storage"));
        Selector = spec.Get("selector").Exists() ? LabelSelectorJson.Read(spec.Get("selector")) : LabelSelector.Everything;
        StorageClass = Meta.Annotations.TryGetValue(ClassAnnotation, out var named) ? named
            : spec.Get("storageClassName").Exists() ? spec.Text("storageClassName") : null;
        Phase = root.Get("status").Text("phase");
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;

    /// <summary>The volume that it is bound to or asks for; empty when any will do.</summary>
    public string VolumeName { get; }

    public ImmutableArray<string> Modes { get; }
    public string VolumeMode { get; }
    public Quantity Request { get; }
    public LabelSelector Selector { get; }

    /// <summary>Null when nobody said, empty for volumes of no class.</summary>
    public string? StorageClass { get; }

    public string Phase { get; }

    public bool BindCompleted => Meta.Annotations.ContainsKey(BindCompletedAnnotation);

    /// <summary>Both sides of the binding are written.</summary>
    public bool FullyBound => VolumeName.Length > 0 && BindCompleted;

    /// <summary>Where the scheduler wants to run the pod that uses it; null when it has not decided.</summary>
    public string? SelectedNode => Meta.Annotations.GetValueOrDefault(SelectedNodeAnnotation);

    public static PersistentVolumeClaimView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new PersistentVolumeClaimView(o, document.RootElement);
    });
}
