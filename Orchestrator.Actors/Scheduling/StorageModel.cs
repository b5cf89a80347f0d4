using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>The claims, volumes and storage classes of the cluster, as the scheduler needs them.</summary>
/// <remarks>Source: kube-scheduler, plugin VolumeBinding.</remarks>
public sealed class StorageModel
{
    private readonly Dictionary<ObjectKey, PersistentVolumeClaimView> _claims = [];
    private readonly Dictionary<string, PersistentVolumeView> _volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StorageClassView> _classes = new(StringComparer.Ordinal);

    /// <summary>The types that it is made of.</summary>
    public static ImmutableArray<ResourceType> Types { get; } =
        [ResourceTypes.PersistentVolumeClaims, ResourceTypes.PersistentVolumes, ResourceTypes.StorageClasses];

    public void Set(ResourceType type, StoredObject o)
    {
        if (type == ResourceTypes.PersistentVolumeClaims) _claims[o.Key] = PersistentVolumeClaimView.Of(o);
        else if (type == ResourceTypes.PersistentVolumes) _volumes[o.Key.Name] = PersistentVolumeView.Of(o);
        else _classes[o.Key.Name] = StorageClassView.Of(o);
    }

    public void Remove(ResourceType type, ObjectKey key)
    {
        if (type == ResourceTypes.PersistentVolumeClaims) _claims.Remove(key);
        else if (type == ResourceTypes.PersistentVolumes) _volumes.Remove(key.Name);
        else _classes.Remove(key.Name);
    }

    /// <summary>What the pod's claims ask of a node; null for a pod without claims.</summary>
    public PodVolumes? VolumesOf(PodView pod)
    {
        if (pod.Claims.IsEmpty) return null;
        var bound = ImmutableArray.CreateBuilder<PersistentVolumeView?>();
        var unbound = ImmutableArray.CreateBuilder<(PersistentVolumeClaimView, StorageClassView)>();
        var waits = false;
        foreach (var wanted in pod.Claims)
        {
            if (!_claims.TryGetValue(new ObjectKey(pod.Key.Namespace, wanted.Claim), out var claim))
            {
                return PodVolumes.Refused(wanted.Own
                    ? $"waiting for ephemeral volume controller to create the persistentvolumeclaim \"{wanted.Claim}\"" : $"persistentvolumeclaim \"{wanted.Claim}\" not found");
            }
            if (Fault(claim, wanted, pod) is { } fault) return PodVolumes.Refused(fault);
            if (claim.FullyBound) bound.Add(_volumes.GetValueOrDefault(claim.VolumeName));
            else if (claim.VolumeName.Length == 0 && _classes.GetValueOrDefault(claim.StorageClass ?? "") is { WaitsForConsumer: true } storageClass)
                unbound.Add((claim, storageClass));
            else waits = true;
        }
        return waits ? PodVolumes.Refused("pod has unbound immediate PersistentVolumeClaims") : new PodVolumes("", bound.ToImmutable(), unbound.ToImmutable(), _volumes.Values);
    }

    private static string? Fault(PersistentVolumeClaimView claim, PodClaim wanted, PodView pod)
    {
        if (claim.Phase == "Lost") return $"persistentvolumeclaim \"{claim.Key.Name}\" bound to non-existent persistentvolume \"{claim.VolumeName}\"";
        if (claim.Meta.Deleting) return $"persistentvolumeclaim \"{claim.Key.Name}\" is being deleted";
        return wanted.Own && claim.Meta.Controller?.Uid != pod.Uid ? $"PVC {claim.Key} was not created for pod {pod.Key} (pod is not owner)" : null;
    }
}

/// <summary>What the claims of one pod ask of a node.</summary>
/// <param name="Refusal">Why no node will do, or empty.</param>
/// <param name="Bound">The volumes that it has; null stands for one that is gone.</param>
/// <param name="Unbound">The claims that wait for a node to be chosen, with their classes.</param>
/// <param name="All">All volumes of the cluster.</param>
public sealed record PodVolumes(
    string Refusal, ImmutableArray<PersistentVolumeView?> Bound, ImmutableArray<(PersistentVolumeClaimView Claim, StorageClassView Class)> Unbound,
    IReadOnlyCollection<PersistentVolumeView> All)
{
    public static PodVolumes Refused(string reason) => new(reason, [], [], []);

    public Verdict Filter(NodeSnapshot node)
    {
        var labels = node.Node.Meta.Labels;
        var reasons = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var volume in Bound)
        {
            if (volume is null) reasons.Add("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
            else if (!volume.Reaches(node.Name, labels)) reasons.Add("node(s) had volume node affinity conflict");
        }
        if (!CanBind(new NodeToReach(node.Name, labels))) reasons.Add("node(s) didn't find available persistent volumes to bind");
        return reasons.Count == 0 ? Verdict.Ok : Verdict.Unresolvable(string.Join(FitFailure.Separator, reasons));
    }

    private bool CanBind(NodeToReach node)
    {
        if (Unbound.IsEmpty) return true;
        var taken = new HashSet<string>(StringComparer.Ordinal);
        // Those that ask for little choose first, and leave the large ones.
        foreach (var (claim, storageClass) in Unbound.OrderBy(static u => u.Claim.Request).ThenBy(static u => u.Claim.Key))
        {
            if (claim.SelectedNode is { } selected && selected != node.Name) return false;
            if (VolumeMatching.Best(claim, All, node, keptOnly: false, taken) is { } volume) taken.Add(volume.Name);
            else if (!storageClass.Provisions(node.Labels)) return false;
        }
        return true;
    }
}
