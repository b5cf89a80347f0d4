using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>Whose volume it is.</summary>
/// <param name="Uid">Empty while the volume is only kept for a claim of that name.</param>
public sealed record ClaimRef(ObjectKey Key, string Uid);

/// <summary>The parts of a volume that binding reads; parsed once per version.</summary>
public sealed class PersistentVolumeView
{
    private PersistentVolumeView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        Capacity = Quantity.ParseOrZero(spec.Get("capacity").Text("storage"));
        Modes = [.. spec.Items("accessModes").Select(static m => m.Text())];
        VolumeMode = spec.Text("volumeMode") is { Length: > 0 } mode ? mode : "Filesystem";
        StorageClass = Meta.Annotations.GetValueOrDefault(PersistentVolumeClaimView.ClassAnnotation) ?? spec.Text("storageClassName");
        ReclaimPolicy = spec.Text("persistentVolumeReclaimPolicy");
        var claim = spec.Get("claimRef");
        if (claim.Exists()) Claim = new ClaimRef(new ObjectKey(claim.Text("namespace"), claim.Text("name")), claim.Text("uid"));
        var required = spec.Get("nodeAffinity", "required");
        if (required.Exists()) NodeTerms = [.. required.Items("nodeSelectorTerms").Select(NodeSelectorTerm.Read)];
        Phase = root.Get("status").Text("phase");
    }

    public StoredObject Source { get; }
    public string Name => Source.Key.Name;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public Quantity Capacity { get; }
    public ImmutableArray<string> Modes { get; }
    public string VolumeMode { get; }

    /// <summary>Empty for none.</summary>
    public string StorageClass { get; }

    /// <summary>Retain, Delete or Recycle.</summary>
    public string ReclaimPolicy { get; }

    public ClaimRef? Claim { get; }

    /// <summary>One of these must match the node; null when every node reaches the volume.</summary>
    private ImmutableArray<NodeSelectorTerm>? NodeTerms { get; }

    public string Phase { get; }

    public bool BoundByController => Meta.Annotations.ContainsKey(PersistentVolumeClaimView.BoundByControllerAnnotation);

    /// <summary>The provisioner that made it, or empty.</summary>
    public string ProvisionedBy => Meta.Annotations.GetValueOrDefault("pv.kubernetes.io/provisioned-by", "");

    /// <summary>Whether it is kept for the claim, or bound to it.</summary>
    public bool IsFor(PersistentVolumeClaimView claim) => Claim is { } mine && mine.Key == claim.Key && (mine.Uid.Length == 0 || mine.Uid == claim.Uid);

    public bool Reaches(string node, IReadOnlyDictionary<string, string> labels)
    {
        if (NodeTerms is not { } terms) return true;
        foreach (var term in terms)
            if (term.Matches(node, labels)) return true;
        return false;
    }

    public static PersistentVolumeView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new PersistentVolumeView(o, document.RootElement);
    });
}
