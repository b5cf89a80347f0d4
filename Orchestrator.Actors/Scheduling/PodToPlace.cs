using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>A pod without a node, as the plugins see it.</summary>
/// <param name="volumes">What its claims ask of a node; null when it has none.</param>
public sealed class PodToPlace(PodView view, PodVolumes? volumes = null)
{
    public PodView View { get; } = view;

    public PodVolumes? Volumes { get; } = volumes;

    public ObjectKey Key => View.Key;

    public ResourceAmounts Requests => View.Requests;

    /// <summary>What scoring counts for a pod that asks for nothing, so that such pods spread too.</summary>
    /// <remarks>Source: scheduler/util, DefaultMilliCPURequest = 100 and DefaultMemoryRequest = 200 MiB.</remarks>
    public long ScoredCpuMilli => View.Requests.CpuMilli is > 0 and var cpu ? cpu : 100;

    public long ScoredMemoryBytes => View.Requests.MemoryBytes is > 0 and var memory ? memory : 200L * 1024 * 1024;
}
