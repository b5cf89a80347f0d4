namespace Orchestrator.Node.Kubelet;

/// <summary>Where a pod runs, for the downward API.</summary>
public sealed record PodPlace(string NodeName, string HostIp, string PodIp)
{
    /// <summary>What the node can give in all, for limits that a container does not set (thousandths of a core; bytes).</summary>
    public long AllocatableCpuMilli { get; init; }
    public long AllocatableMemoryBytes { get; init; }
    public long AllocatableStorageBytes { get; init; }
}
