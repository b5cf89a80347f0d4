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
            var (group, kind) = (JsonTree.String(reference, "apiGroup") ?? "", JsonTree.String(reference, "kind"));
            if ((group, kind) is ("", "PersistentVolumeClaim") or ("snapshot.storage.k8s.io", "VolumeSnapshot")) spec["dataSource"] = reference.DeepClone();
        }
    }
}
