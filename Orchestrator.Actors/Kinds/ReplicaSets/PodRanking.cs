using System.Globalization;
using Orchestrator.Actors.Kinds.Pods;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

/// <summary>Which pods to delete first when there are too many.</summary>
/// <remarks>
/// Source: kube-controller-manager, controller.ActivePodsWithRanks: unassigned, pending, not ready, cheaper to delete, crowded,
/// ready for a shorter time, restarted more, younger. Ages are compared by the logarithm, so that pods of about the same age
/// are chosen among by uid instead of always the youngest. The uid makes the order total: a retry picks the same victims.
/// </remarks>
public sealed class PodRanking(IReadOnlyDictionary<string, int> podsPerNode, DateTimeOffset now) : IComparer<PodView>
{
    public const string DeletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

    public int Compare(PodView? x, PodView? y)
    {
        if (ReferenceEquals(x, y)) return 0;
        if (x is null) return -1;
        if (y is null) return 1;
        if (x.NodeName != y.NodeName && (x.NodeName.Length == 0 || y.NodeName.Length == 0)) return x.NodeName.Length == 0 ? -1 : 1;
        if (Phase(x) != Phase(y)) return Phase(x).CompareTo(Phase(y));
        if (x.Ready != y.Ready) return x.Ready ? 1 : -1;
        if (Cost(x) != Cost(y)) return Cost(x).CompareTo(Cost(y));
        if (Crowd(x) != Crowd(y)) return Crowd(y).CompareTo(Crowd(x));
        if (x.Ready && y.Ready)
        {
            var byReady = ByAge(x.Condition("Ready")!.LastTransition, y.Condition("Ready")!.LastTransition);
            if (byReady != 0) return byReady;
        }
        if (x.RestartCount != y.RestartCount) return y.RestartCount.CompareTo(x.RestartCount);
        var byAge = ByAge(x.Meta.CreationTimestamp, y.Meta.CreationTimestamp);
        return byAge != 0 ? byAge : string.CompareOrdinal(x.Uid, y.Uid);
    }

    private static int Phase(PodView pod) => pod.Phase switch { "Pending" => 0, "Unknown" => 1, _ => 2 };

    private static int Cost(PodView pod) =>
        pod.Meta.Annotations.TryGetValue(DeletionCostAnnotation, out var text)
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    private int Crowd(PodView pod) => podsPerNode.GetValueOrDefault(pod.NodeName);

    // The younger one comes first; an unknown time counts as the youngest.
    private int ByAge(DateTimeOffset? x, DateTimeOffset? y)
    {
        if (x is null || y is null) return (x is null ? 0 : 1).CompareTo(y is null ? 0 : 1);
        return Bucket(x.Value).CompareTo(Bucket(y.Value));
    }

    private int Bucket(DateTimeOffset since) => now - since is { TotalSeconds: > 1 } age ? (int)Math.Log2(age.TotalSeconds) + 1 : 0;
}
