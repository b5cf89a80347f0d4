using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>Removes pods that nobody will ever finish.</summary>
/// <remarks>Source: kube-controller-manager, podgc.</remarks>
public static class PodCollection
{
    /// <summary>Most ended pods that are kept for people to look at (count); source: --terminated-pod-gc-threshold.</summary>
    public const int TerminatedMax = 12_500;

    /// <summary>How long a node may be missing before its pods go: it may have been read from an older state.</summary>
    public static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(40);

    /// <summary>Removes the pods of a node that does not exist.</summary>
    public static ReconcileResult Orphaned(IReadOnlyCollection<PodView> pods, DateTimeOffset missingSince, DateTimeOffset now)
    {
        if (pods.Count == 0) return ReconcileResult.None;
        var left = missingSince + Quarantine - now;
        if (left > TimeSpan.Zero) return new ReconcileResult([], left);
        return new ReconcileResult([.. pods.Where(static p => !IsKept(p)).Select(p => PodDisruption.End(p, "DeletionByPodGC", "PodGC: node no longer exists", now))]);
    }

    // It has been told to go, and what it still waits for is not its node.
    internal static bool IsKept(PodView pod) => pod is { Finished: true, Terminating: true } && !pod.Meta.Finalizers.IsEmpty;

    /// <summary>Removes the oldest ended pods beyond the threshold.</summary>
    public static ReconcileResult Terminated(IEnumerable<PodView> pods, int threshold = TerminatedMax)
    {
        var ended = pods.Where(static p => p.Finished && !p.Terminating).ToList();
        if (ended.Count <= threshold) return ReconcileResult.None;
        return new ReconcileResult([.. ended.OrderBy(static p => p.Meta.CreationTimestamp).ThenBy(static p => p.Key)
            .Take(ended.Count - threshold).Select(static p => new DeleteAction(ResourceTypes.Pods, p.Key, p.Uid, null, 0))]);
    }
}
