using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>What the binding of claims and volumes sees.</summary>
/// <param name="Volumes">All volumes of the cluster.</param>
/// <param name="Node">A node by name, or null.</param>
/// <param name="Waiting">The names of the pods that use a claim and have no node yet.</param>
public sealed record StorageObserved(
    IEnumerable<PersistentVolumeView> Volumes, Func<string, PersistentVolumeView?> Volume, Func<ObjectKey, PersistentVolumeClaimView?> Claim,
    IEnumerable<StorageClassView> Classes, Func<string, StorageClassView?> Class, Func<string, NodeToReach?> Node,
    Func<PersistentVolumeClaimView, IEnumerable<string>> Waiting);
