namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Prefers nodes on which CPU and memory would be used to the same degree.</summary>
/// <remarks>Source: kube-scheduler, NodeResourcesBalancedAllocation: 100 minus the standard deviation of the used shares.</remarks>
public sealed class BalancedAllocation : IScorePlugin
{
    public string Name => "NodeResourcesBalancedAllocation";

    public int Weight => 1;

    public ScoreScale Scale => ScoreScale.Absolute;

    public long Score(PodToPlace pod, NodeSnapshot node)
    {
        var cpu = Share(node.CpuMilli + pod.Requests.CpuMilli, node.Node.Allocatable.CpuMilli);
        var memory = Share(node.MemoryBytes + pod.Requests.MemoryBytes, node.Node.Allocatable.MemoryBytes);
        // Of two numbers, half their difference is the standard deviation.
        return (long)((1 - (Math.Abs(cpu - memory) / 2)) * 100);
    }

    private static double Share(long used, long capacity) => capacity == 0 ? 1 : Math.Min(1, (double)used / capacity);
}
