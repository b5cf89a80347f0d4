namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects nodes with too little left for the pod's requests, and prefers those with the most left.</summary>
public sealed class NodeResourcesFit : IFilterPlugin, IScorePlugin
{
    public string Name => "NodeResourcesFit";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.NodeChanged | ClusterEvents.PodRemoved;

    public int Weight => 1;

    public ScoreScale Scale => ScoreScale.Absolute;

    // Upstream names every resource that is short; the reasons of one node are told apart by the separator.
    public Verdict Filter(PodToPlace pod, NodeSnapshot node)
    {
        var asked = pod.Requests;
        var allocatable = node.Node.Allocatable;
        string? reasons = null;
        var resolvable = true;
        if (node.PodCount + 1 > node.Node.PodsMax) Add(ref reasons, "Too many pods");
        if (asked.CpuMilli > allocatable.CpuMilli - node.CpuMilli && asked.CpuMilli > 0)
            Short(ref reasons, ref resolvable, "cpu", asked.CpuMilli <= allocatable.CpuMilli);
        if (asked.MemoryBytes > allocatable.MemoryBytes - node.MemoryBytes && asked.MemoryBytes > 0)
            Short(ref reasons, ref resolvable, "memory", asked.MemoryBytes <= allocatable.MemoryBytes);
        if (asked.EphemeralStorageBytes > allocatable.EphemeralStorageBytes - node.EphemeralStorageBytes && asked.EphemeralStorageBytes > 0)
            Short(ref reasons, ref resolvable, "ephemeral-storage", asked.EphemeralStorageBytes <= allocatable.EphemeralStorageBytes);
        foreach (var (name, amount) in asked.Extended)
        {
            var there = allocatable.Extended.GetValueOrDefault(name);
            if (amount > 0 && amount > there - node.Extended(name)) Short(ref reasons, ref resolvable, name, amount <= there);
        }
        if (reasons is null) return Verdict.Ok;
        return resolvable ? Verdict.Unschedulable(reasons) : Verdict.Unresolvable(reasons);
    }

    /// <summary>The mean of the free shares of CPU and memory, in percent.</summary>
    public long Score(PodToPlace pod, NodeSnapshot node) =>
        (Free(node.ScoredCpuMilli + pod.ScoredCpuMilli, node.Node.Allocatable.CpuMilli)
            + Free(node.ScoredMemoryBytes + pod.ScoredMemoryBytes, node.Node.Allocatable.MemoryBytes)) / 2;

    private static long Free(long used, long capacity) =>
        capacity == 0 || used > capacity ? 0 : (long)((capacity - used) * 100.0 / capacity);

    private static void Short(ref string? reasons, ref bool resolvable, string resource, bool nodeIsLargeEnough)
    {
        Add(ref reasons, $"Insufficient {resource}");
        resolvable &= nodeIsLargeEnough;
    }

    private static void Add(ref string? reasons, string reason) => reasons = reasons is null ? reason : $"{reasons}{FitFailure.Separator}{reason}";
}
