using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Volumes;

/// <summary>Finds the persistent volume that a pod's claim is bound to.</summary>
/// <remarks>Source: kubelet, desired_state_of_world_populator.go. Volumes that lie on the node are served, hostPath and local; those that a driver would mount are refused.</remarks>
public static class ClaimedVolume
{
    /// <summary>The volume as a hostPath of this node.</summary>
    /// <exception cref="InvalidDataException">The claim is not there, not bound, or bound to what this node cannot serve.</exception>
    public static VolumeManifest Find(VolumeManifest volume, PodManifest pod, IConfigSource source)
    {
        var name = $"{pod.Meta.Namespace}/{volume.ObjectName}";
        if (source.Find(ResourceTypes.PersistentVolumeClaims, new ObjectKey(pod.Meta.Namespace, volume.ObjectName)) is not { } claim)
            throw new InvalidDataException($"error processing PVC {name}: failed to fetch PVC from API server: persistentvolumeclaims \"{volume.ObjectName}\" not found");
        using var claimed = JsonDocument.Parse(claim.Json);
        var bound = claimed.RootElement.At("spec").Text("volumeName");
        if (bound.Length == 0 || claimed.RootElement.At("status").Text("phase") != "Bound") throw new InvalidDataException($"error processing PVC {name}: PVC is not bound");
        if (source.Find(ResourceTypes.PersistentVolumes, new ObjectKey("", bound)) is not { } persistent)
            throw new InvalidDataException($"error processing PVC {name}: failed to fetch PV {bound} from API server: persistentvolumes \"{bound}\" not found");
        using var document = JsonDocument.Parse(persistent.Json);
        var spec = document.RootElement.At("spec");
        if (spec.At("claimRef").Text("uid") != claim.Meta.Uid) throw new InvalidDataException($"error processing PVC {name}: PV {bound} is bound to another PVC");
        if (spec.At("hostPath") is { ValueKind: JsonValueKind.Object } host)
            return volume with { Kind = "hostPath", Path = host.Text("path"), PathType = host.Text("type") };
        if (spec.At("local") is { ValueKind: JsonValueKind.Object } local)
        {
            var path = local.Text("path");
            return Path.Exists(path)
                ? volume with { Kind = "hostPath", Path = path }
                : throw new InvalidDataException($"path \"{path}\" does not exist");
        }
        throw new InvalidDataException($"the persistent volume {bound} is none that lies on a node, and this node has no drivers for others");
    }
}
