using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>Whom a pod displaces.</summary>
/// <param name="Victims">The pods that go, the most important first.</param>
/// <param name="Violations">How many of them go against their disruption budgets (count).</param>
public sealed record PreemptionPlan(NodeSnapshot Node, ImmutableArray<PodView> Victims, int Violations);

/// <summary>What came of looking for pods to displace.</summary>
/// <param name="Plan">Null when nobody can make room.</param>
/// <param name="Reasons">Per reason, the number of nodes on which displacing does not help.</param>
/// <param name="Ineligible">Why the pod may displace nobody; empty when it may.</param>
public sealed record PreemptionResult(PreemptionPlan? Plan, IReadOnlyDictionary<string, int> Reasons, string Ineligible = "");

/// <summary>Finds the node on which the least has to go for a pod that no node takes.</summary>
/// <remarks>Source: kube-scheduler, framework/preemption and plugins/defaultpreemption. Pods are taken from the model for the question
/// "what if" and put back before the answer, so that rules over several nodes see what they would see then.</remarks>
public sealed class Preemption(NodeModel model, SchedulerProfile profile)
{
    public const string NoVictims = "No preemption victims found for incoming pod";

    public const string NotHelpful = "Preemption is not helpful for scheduling";

    /// <summary>The reason of the condition that pods which are displaced get.</summary>
    public const string ConditionReason = "PreemptionByScheduler";

    /// <summary>Fewest candidates to look for (count), and their share of the nodes that displacing may help on; source: DefaultPreemptionArgs.</summary>
    private const int CandidatesMin = 100;
    private const int CandidatesPercent = 10;

    /// <param name="helpable">The nodes that reject the pod for what other pods take.</param>
    public PreemptionResult Find(PodToPlace pod, IReadOnlyList<NodeSnapshot> helpable, IEnumerable<PodDisruptionBudgetView> budgets)
    {
        if (Ineligible(pod.View) is { } why) return new PreemptionResult(null, ImmutableDictionary<string, int>.Empty, why);
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        if (!model.HasBelow(pod.View.Priority))
        {
            if (helpable.Count > 0) reasons[NoVictims] = helpable.Count;
            return new PreemptionResult(null, Rest(reasons, helpable.Count));
        }
        var known = budgets.ToList();
        var wanted = Math.Max(CandidatesMin, helpable.Count * CandidatesPercent / 100);
        var plans = new List<PreemptionPlan>();
        var harmless = false;
        foreach (var node in helpable)
        {
            // However many there are, a budget is broken only where no node does without.
            if (plans.Count >= wanted && harmless) break;
            if (Try(pod, node, known, out var reason) is { } plan)
            {
                plans.Add(plan);
                harmless |= plan.Violations == 0;
                continue;
            }
            foreach (var part in reason.Split(FitFailure.Separator)) reasons[part] = reasons.GetValueOrDefault(part) + 1;
        }
        return new PreemptionResult(plans.Count == 0 ? null : Best(plans), Rest(reasons, helpable.Count));
    }

    private Dictionary<string, int> Rest(Dictionary<string, int> reasons, int helpable)
    {
        if (model.Nodes.Count > helpable) reasons[NotHelpful] = model.Nodes.Count - helpable;
        return reasons;
    }

    private string? Ineligible(PodView pod)
    {
        if (pod.PreemptsNobody) return "not eligible due to preemptionPolicy=Never.";
        // Room is being made already.
        return pod.NominatedNodeName.Length > 0 && model.Find(pod.NominatedNodeName) is { } nominated
            && nominated.Pods.Any(p => p.Priority < pod.Priority && p.Terminating && p.Condition("DisruptionTarget") is { Status: "True", Reason: ConditionReason })
            ? "not eligible due to a terminating pod on the nominated node."
            : null;
    }

    private PreemptionPlan? Try(PodToPlace pod, NodeSnapshot node, List<PodDisruptionBudgetView> budgets, out string reason)
    {
        var lower = node.Pods.Where(p => p.Priority < pod.View.Priority).Order(MoreImportant.First).ToList();
        reason = NoVictims;
        if (lower.Count == 0) return null;
        var expected = model.NominatedTo(node.Name, pod.View).ToList();
        var victims = new List<PodView>();
        try
        {
            foreach (var victim in lower) node.Remove(victim.Key);
            foreach (var other in expected) node.Add(other);
            var verdict = Ask(pod, node);
            reason = verdict.Reason;
            if (!verdict.IsOk) return null;
            var (violating, others) = Split(lower, budgets);
            var violations = Reprieve(pod, node, violating, victims);
            Reprieve(pod, node, others, victims);
            return new PreemptionPlan(node, [.. victims.Order(MoreImportant.First)], violations);
        }
        finally
        {
            foreach (var other in expected) node.Remove(other.Key);
            foreach (var pods in lower) node.Add(pods);
        }
    }

    // Whoever may stay stays, the most important first.
    private int Reprieve(PodToPlace pod, NodeSnapshot node, List<PodView> candidates, List<PodView> victims)
    {
        var gone = 0;
        foreach (var candidate in candidates)
        {
            node.Add(candidate);
            if (Ask(pod, node).IsOk) continue;
            node.Remove(candidate.Key);
            victims.Add(candidate);
            gone++;
        }
        return gone;
    }

    private Verdict Ask(PodToPlace pod, NodeSnapshot node)
    {
        foreach (var filter in profile.Filters)
            if (filter.Filter(pod, node) is { IsOk: false } verdict) return verdict;
        foreach (var rule in profile.ClusterRules)
            if (rule.Prepare(pod, model) is { } state && rule.Filter(pod, state, node) is { IsOk: false } verdict) return verdict;
        return pod.Volumes?.Filter(node) ?? Verdict.Ok;
    }

    /// <summary>Tells those whose going goes against a budget from the others.</summary>
    private static (List<PodView> Violating, List<PodView> Others) Split(List<PodView> pods, List<PodDisruptionBudgetView> budgets)
    {
        var (violating, others) = (new List<PodView>(), new List<PodView>());
        var left = budgets.Select(static b => b.DisruptionsAllowed).ToArray();
        foreach (var pod in pods)
        {
            var violates = false;
            for (var i = 0; i < budgets.Count && pod.Meta.Labels.Count > 0; i++)
            {
                var budget = budgets[i];
                if (budget.Key.Namespace != pod.Key.Namespace || budget.Selector.IsEverything || !budget.Selector.Matches(pod.Meta.Labels)) continue;
                // Its going is counted in the budget already.
                if (budget.DisruptedPods.ContainsKey(pod.Key.Name)) continue;
                if (--left[i] < 0) violates = true;
            }
            (violates ? violating : others).Add(pod);
        }
        return (violating, others);
    }

    // Fewest budgets broken, then the least important of the most important victims, the least sum, the fewest, and those that began last.
    private static PreemptionPlan Best(List<PreemptionPlan> plans) => plans
        .OrderBy(static p => p.Victims.IsEmpty ? 0 : 1)
        .ThenBy(static p => p.Violations)
        .ThenBy(static p => p.Victims.IsEmpty ? int.MinValue : p.Victims[0].Priority)
        .ThenBy(static p => p.Victims.Sum(static v => (long)v.Priority + int.MaxValue + 1))
        .ThenBy(static p => p.Victims.Length)
        .ThenByDescending(static p => EarliestStart(p))
        .First();

    private static DateTimeOffset EarliestStart(PreemptionPlan plan) =>
        plan.Victims.Where(v => v.Priority == plan.Victims[0].Priority).Select(static v => v.StartTime ?? DateTimeOffset.MaxValue).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

    /// <summary>Higher priority first; among equals who has run for longer.</summary>
    private sealed class MoreImportant : IComparer<PodView>
    {
        public static readonly MoreImportant First = new();

        public int Compare(PodView? a, PodView? b)
        {
            var byPriority = b!.Priority.CompareTo(a!.Priority);
            if (byPriority != 0) return byPriority;
            var byStart = (a.StartTime ?? DateTimeOffset.MaxValue).CompareTo(b.StartTime ?? DateTimeOffset.MaxValue);
            return byStart != 0 ? byStart : a.Key.CompareTo(b.Key);
        }
    }
}
