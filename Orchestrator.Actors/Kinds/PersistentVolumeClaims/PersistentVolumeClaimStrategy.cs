using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>A new claim waits for its volume; the two fields that name its source say the same.</summary>
/// <remarks>Source: kubernetes pkg/registry/core/persistentvolumeclaim/strategy.go and pkg/api/persistentvolumeclaim/util.go.</remarks>
public sealed class PersistentVolumeClaimStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    /// <summary>What the gates VolumeAttributesClass and CrossNamespaceVolumeDataSource are for; and a source in the older field that is none of what this was
    /// ever for, as if nothing had been asked for.</summary>
    public void DropClosed(JsonObject tree, JsonObject? stored)
    {
        var (spec, old) = (tree["spec"] as JsonObject, stored?["spec"] as JsonObject);
        if (old?["volumeAttributesClassName"] is null) spec?.Remove("volumeAttributesClassName");
        if (old?["dataSourceRef"] is null && spec?["dataSourceRef"] is JsonObject reference && !string.IsNullOrEmpty(JsonTree.String(reference, "namespace")))
            spec.Remove("dataSourceRef");
        if (old?["dataSource"] is null && old?["dataSourceRef"] is null && spec?["dataSourceRef"] is null && spec?["dataSource"] is JsonObject source && !IsClaimOrSnapshot(source))
            spec.Remove("dataSource");
        if (tree["status"] is not JsonObject status) return;
        foreach (var name in (ReadOnlySpan<string>)["currentVolumeAttributesClassName", "modifyVolumeStatus"])
            if (stored?["status"]?[name] is null) status.Remove(name);
    }

    public void PrepareForCreate(JsonObject tree)
    {
        tree["status"] = new JsonObject { ["phase"] = "Pending" };
        MirrorSource(tree["spec"] as JsonObject);
    }

    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        if (subresource.Length == 0) MirrorSource(tree["spec"] as JsonObject);
    }

    private static void MirrorSource(JsonObject? spec)
    {
        if (spec?["dataSource"] is JsonObject source && spec["dataSourceRef"] is null) spec["dataSourceRef"] = source.DeepClone();
        else if (spec?["dataSourceRef"] is JsonObject reference && spec["dataSource"] is null && string.IsNullOrEmpty(JsonTree.String(reference, "namespace")))
        {
            // The older field is for claims and snapshots alone.
            if (IsClaimOrSnapshot(reference)) spec["dataSource"] = reference.DeepClone();
        }
    }

    private static bool IsClaimOrSnapshot(JsonObject source) => (JsonTree.String(source, "apiGroup") ?? "", JsonTree.String(source, "kind"))
        is ("", "PersistentVolumeClaim") or ("snapshot.storage.k8s.io", "VolumeSnapshot");
}
