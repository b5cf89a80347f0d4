using Orchestrator.Actors.Kinds.PersistentVolumeClaims;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>A node that a volume must reach.</summary>
public sealed record NodeToReach(string Name, IReadOnlyDictionary<string, string> Labels);

/// <summary>Which volume a claim gets.</summary>
/// <remarks>Source: kubernetes pkg/controller/volume/persistentvolume, index.go and util.go (FindMatchingVolume).</remarks>
public static class VolumeMatching
{
    /// <summary>The volume that is kept for the claim; or else, of those that satisfy it, one with the fewest other access modes, and of those the smallest.</summary>
    /// <param name="node">Where the claim's pod is to run; null when that does not matter.</param>
    /// <param name="keptOnly">The claim waits for its pod: only a volume that is kept for it will do.</param>
    /// <param name="taken">Volumes that others of the pod's claims have been given.</param>
    public static PersistentVolumeView? Best(
        PersistentVolumeClaimView claim, IEnumerable<PersistentVolumeView> volumes, NodeToReach? node, bool keptOnly, IReadOnlySet<string>? taken = null)
    {
        PersistentVolumeView? best = null;
        foreach (var volume in volumes)
        {
            if (taken?.Contains(volume.Name) == true || (volume.Claim is not null && !volume.IsFor(claim))) continue;
            if (volume.Meta.Deleting || volume.Capacity < claim.Request || volume.VolumeMode != claim.VolumeMode || !HasModes(volume, claim)) continue;
            var reached = node is null || volume.Reaches(node.Name, node.Labels);
            if (volume.Claim is not null)
            {
                // The claim has its volume, wherever that is.
                return reached ? volume : null;
            }
            if (keptOnly || !reached || volume.Phase != "Available") continue;
            if (volume.StorageClass != (claim.StorageClass ?? "") || !claim.Selector.Matches(volume.Meta.Labels)) continue;
            if (best is null || IsBetter(volume, best)) best = volume;
        }
        return best;
    }

    /// <summary>Why the volume that a claim names does not satisfy it, or null.</summary>
    public static string? Fault(PersistentVolumeView volume, PersistentVolumeClaimView claim)
    {
        if (volume.Meta.Deleting) return $"the volume is marked for deletion \"{volume.Name}\"";
        if (volume.Capacity < claim.Request) return "requested PV is too small";
        if (volume.StorageClass != (claim.StorageClass ?? "")) return "storageClassName does not match";
        if (volume.VolumeMode != claim.VolumeMode) return "incompatible volumeMode";
        return HasModes(volume, claim) ? null : "incompatible accessMode";
    }

    private static bool HasModes(PersistentVolumeView volume, PersistentVolumeClaimView claim)
    {
        foreach (var mode in claim.Modes)
            if (!volume.Modes.Contains(mode, StringComparer.Ordinal)) return false;
        return true;
    }

    // The name makes the order total: two passes choose the same volume.
    private static bool IsBetter(PersistentVolumeView volume, PersistentVolumeView best)
    {
        if (volume.Modes.Length != best.Modes.Length) return volume.Modes.Length < best.Modes.Length;
        if (volume.Capacity != best.Capacity) return volume.Capacity < best.Capacity;
        return string.CompareOrdinal(volume.Name, best.Name) < 0;
    }
}
