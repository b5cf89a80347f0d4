using System.Collections.Immutable;
using Orchestrator.Actors.Scheduling.Plugins;

namespace Orchestrator.Actors.Scheduling;

/// <summary>The rules of the scheduler, in the order in which they are asked.</summary>
public sealed record SchedulerProfile(
    ImmutableArray<IFilterPlugin> Filters, ImmutableArray<IScorePlugin> Scores, ImmutableArray<IClusterPlugin> ClusterRules)
{
    public static SchedulerProfile Default { get; } = Make();

    private static SchedulerProfile Make()
    {
        var taints = new TaintToleration();
        var affinity = new NodeAffinity();
        var fit = new NodeResourcesFit();
        return new SchedulerProfile(
            [new NodeUnschedulable(), new NodeReady(), new NodeNameMatch(), taints, affinity, new NodePorts(), fit],
            [taints, affinity, fit, new BalancedAllocation(), new ImageLocality(), new OwnerSpread()],
            [new PodTopologySpread(), new InterPodAffinity()]);
    }
}

/// <summary>Where a pod goes, or why nowhere: one of the two is set.</summary>
/// <param name="Helpable">On failure, the nodes that reject the pod for what other pods take.</param>
public readonly record struct PlacementResult(NodeSnapshot? Node, FitFailure? Failure, IReadOnlyList<NodeSnapshot>? Helpable = null);

/// <summary>Chooses a node for one pod after the other. Pure but for the model, which it reads, and the seeded tie-break.</summary>
/// <remarks>
/// Pods of equal spec share what the rules said of each node: an answer is asked anew only for nodes that changed since. So a
/// backlog of equal pods costs one rule evaluation per placement, not one per node and placement.
/// </remarks>
public sealed class SchedulingCycle(NodeModel model, SchedulerProfile profile, Random tieBreak)
{
    /// <summary>Fewest feasible nodes to look for (count); source: kube-scheduler, minFeasibleNodesToFind.</summary>
    private const int FeasibleMin = 100;

    /// <summary>Kinds of pod whose answers are kept at a time (count).</summary>
    private const int ClassesMax = 32;

    private readonly Dictionary<string, EquivalenceClass> _classes = new(StringComparer.Ordinal);
    private readonly List<NodeSnapshot> _feasible = [];
    private readonly List<long[]> _raw = [];
    private long[] _totals = [];
    private int _start;

    /// <summary>Chooses a node; the caller then assumes the pod in the model and says so with <see cref="Placed"/>.</summary>
    public PlacementResult Place(PodToPlace pod)
    {
        var nodes = model.Nodes;
        var kind = ClassOf(pod);
        var wanted = FeasibleWanted(nodes.Count);
        _feasible.Clear();
        _raw.Clear();
        Dictionary<string, int>? reasons = null;
        List<NodeSnapshot>? helpable = null;
        var asked = 0;
        var helped = ClusterEvents.None;
        // Room was made for it there.
        if (pod.View.NominatedNodeName.Length > 0 && model.Find(pod.View.NominatedNodeName) is { } nominated
            && Check(kind, pod, nominated, kind.AnswerFor(nominated, pod, profile), out _).IsOk) return new PlacementResult(nominated, null);
        for (; asked < nodes.Count && _feasible.Count < wanted; asked++)
        {
            var node = nodes[(_start + asked) % nodes.Count];
            var answer = kind.AnswerFor(node, pod, profile);
            var verdict = Check(kind, pod, node, answer, out var helpedBy);
            if (verdict.IsOk)
            {
                _feasible.Add(node);
                _raw.Add(answer.Raw);
                continue;
            }
            helped |= helpedBy;
            if (verdict.Code == VerdictCode.Unschedulable) (helpable ??= []).Add(node);
            foreach (var reason in verdict.Reason.Split(FitFailure.Separator))
                (reasons ??= new(StringComparer.Ordinal))[reason] = (reasons.GetValueOrDefault(reason)) + 1;
        }
        if (nodes.Count > 0) _start = (_start + asked) % nodes.Count;
        if (_feasible.Count > 0) return new PlacementResult(Best(kind, pod), null);
        return new PlacementResult(null, new FitFailure(nodes.Count, reasons ?? [], helpable?.Count ?? 0, helped | ClusterEvents.NodeAdded), helpable);
    }

    private Verdict Check(EquivalenceClass kind, PodToPlace pod, NodeSnapshot node, NodeAnswer answer, out ClusterEvents helpedBy)
    {
        var verdict = answer.Verdict;
        helpedBy = answer.HelpedBy;
        if (verdict.IsOk) verdict = AskClusterRules(kind, pod, node, ref helpedBy);
        if (verdict.IsOk && pod.Volumes is { } volumes)
        {
            // Each pod has claims of its own, so this answer is shared with no other.
            verdict = volumes.Filter(node);
            helpedBy = ClusterEvents.StorageChanged | ClusterEvents.NodeChanged;
        }
        return verdict.IsOk && model.HasNominated ? AskBesideNominated(pod, node, ref helpedBy) : verdict;
    }

    // What was made room for elsewhere must not be taken: the node has to do with those beside it as well.
    private Verdict AskBesideNominated(PodToPlace pod, NodeSnapshot node, ref ClusterEvents helpedBy)
    {
        var expected = model.NominatedTo(node.Name, pod.View).ToList();
        if (expected.Count == 0) return Verdict.Ok;
        foreach (var other in expected) node.Add(other);
        try
        {
            foreach (var filter in profile.Filters)
            {
                if (filter.Filter(pod, node) is not { IsOk: false } verdict) continue;
                helpedBy = filter.HelpedBy | ClusterEvents.PodPlaced | ClusterEvents.PodRemoved;
                return verdict;
            }
            return Verdict.Ok;
        }
        finally
        {
            foreach (var other in expected) node.Remove(other.Key);
        }
    }

    /// <summary>Keeps what was gathered for pods like <paramref name="pod"/> true after it was assumed on <paramref name="node"/>.</summary>
    public void Placed(PodToPlace pod, NodeSnapshot node)
    {
        var own = ClassOf(pod);
        for (var i = 0; i < own.States.Length; i++)
            if (own.States[i] is { } state) profile.ClusterRules[i].Placed(state, pod, node);
        // What was gathered for other kinds of pod counts this one too, so it is gathered anew when they come.
        foreach (var other in _classes.Values)
            if (other != own) other.ForgetStates();
    }

    /// <summary>How many feasible nodes are enough; source: kube-scheduler, numFeasibleNodesToFind.</summary>
    public static int FeasibleWanted(int nodes)
    {
        if (nodes < FeasibleMin) return nodes;
        var percentage = Math.Max(5, 50 - (nodes / 125));
        return Math.Max(FeasibleMin, (int)((long)nodes * percentage / 100));
    }

    private EquivalenceClass ClassOf(PodToPlace pod)
    {
        var key = pod.View.EquivalenceKey;
        if (!_classes.TryGetValue(key, out var kind))
        {
            if (_classes.Count >= ClassesMax) _classes.Clear();
            _classes[key] = kind = new EquivalenceClass();
        }
        kind.Prepare(pod, model, profile);
        return kind;
    }

    private Verdict AskClusterRules(EquivalenceClass kind, PodToPlace pod, NodeSnapshot node, ref ClusterEvents helpedBy)
    {
        for (var i = 0; i < kind.States.Length; i++)
        {
            if (kind.States[i] is not { } state) continue;
            var verdict = profile.ClusterRules[i].Filter(pod, state, node);
            if (verdict.IsOk) continue;
            helpedBy = profile.ClusterRules[i].HelpedBy;
            return verdict;
        }
        return Verdict.Ok;
    }

    private NodeSnapshot Best(EquivalenceClass kind, PodToPlace pod)
    {
        if (_feasible.Count == 1) return _feasible[0];
        if (_totals.Length < _feasible.Count) _totals = new long[_feasible.Count * 2];
        var totals = _totals.AsSpan(0, _feasible.Count);
        totals.Clear();
        for (var p = 0; p < profile.Scores.Length; p++) AddScores(totals, p, profile.Scores[p].Scale, profile.Scores[p].Weight);
        for (var i = 0; i < kind.States.Length; i++)
            if (kind.States[i] is { } state) AddClusterScores(totals, profile.ClusterRules[i], state, pod);
        long best = long.MinValue;
        var ties = 0;
        var chosen = 0;
        for (var i = 0; i < totals.Length; i++)
        {
            if (totals[i] < best) continue;
            ties = totals[i] > best ? 1 : ties + 1;
            best = totals[i];
            if (ties == 1 || tieBreak.Next(ties) == 0) chosen = i;
        }
        return _feasible[chosen];
    }

    private void AddScores(Span<long> totals, int plugin, ScoreScale scale, int weight)
    {
        if (scale == ScoreScale.Absolute)
        {
            for (var i = 0; i < totals.Length; i++) totals[i] += weight * _raw[i][plugin];
            return;
        }
        long most = 0;
        for (var i = 0; i < totals.Length; i++) most = Math.Max(most, _raw[i][plugin]);
        for (var i = 0; i < totals.Length; i++) totals[i] += weight * Scaled(_raw[i][plugin], 0, most, scale);
    }

    private void AddClusterScores(Span<long> totals, IClusterPlugin plugin, object state, PodToPlace pod)
    {
        var raw = new long[totals.Length];
        for (var i = 0; i < raw.Length; i++) raw[i] = plugin.Score(pod, state, _feasible[i]);
        var (least, most) = (Math.Min(0, raw.Min()), raw.Max());
        for (var i = 0; i < raw.Length; i++) totals[i] += plugin.Weight * Scaled(raw[i], least, most, plugin.Scale);
    }

    private static long Scaled(long raw, long least, long most, ScoreScale scale)
    {
        if (most == least) return scale == ScoreScale.LessIsBetter ? 100 : 0;
        var share = 100 * (raw - least) / (most - least);
        return scale == ScoreScale.LessIsBetter ? 100 - share : share;
    }
}
