namespace Orchestrator.Node.Runtime;

/// <summary>What a running container has used of the machine when it was measured.</summary>
/// <param name="ContainerId">The engine's id.</param>
/// <param name="CpuSeconds">Time that processors have worked for it since its start, summed over them. Does not fall while it runs and the kubelet stays.</param>
/// <param name="WorkingSetBytes">Memory that is in use and cannot be taken back at once.</param>
/// <param name="UsageBytes">All memory that is held for it, also what could be taken back, such as cached files.</param>
public sealed record ContainerUsage(string ContainerId, double CpuSeconds, long WorkingSetBytes, long UsageBytes);
