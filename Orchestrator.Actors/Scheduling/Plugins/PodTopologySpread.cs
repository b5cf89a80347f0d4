using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Keeps pods of equal labels evenly spread over the values of a node label.</summary>
/// <remarks>Source: kube-scheduler, PodTopologySpread. Skew is what the domain would have minus what the emptiest has.</remarks>
public sealed class PodTopologySpread : IClusterPlugin
{
    private sealed class Domains(SpreadConstraint constraint, NarrowedQuery selector)
    {
        public SpreadConstraint Constraint { get; } = constraint;
        public NarrowedQuery Selector { get; } = selector;
        public Dictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);
        public bool SelfMatches { get; init; }

        public int Least() => Counts.Count < Constraint.MinDomains || Counts.Count == 0 ? 0 : Counts.Values.Min();
    }

    /// <summary>A constraint's selector, narrowed by the values that the pod has for matchLabelKeys.</summary>
    private sealed record NarrowedQuery(LabelSelector Selector, IReadOnlyList<KeyValuePair<string, string>> Same)
    {
        public bool Matches(IReadOnlyDictionary<string, string> labels) =>
            Selector.Matches(labels) && Same.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);
    }

    public string Name => "PodTopologySpread";

    public ClusterEvents HelpedBy => ClusterEvents.All;

    public int Weight => 2;

    public ScoreScale Scale => ScoreScale.LessIsBetter;

    public object? Prepare(PodToPlace pod, NodeModel model)
    {
        if (pod.View.Placement.Spread.IsEmpty) return null;
        var all = new List<Domains>();
        foreach (var constraint in pod.View.Placement.Spread)
        {
            var same = new List<KeyValuePair<string, string>>();
            foreach (var key in constraint.MatchLabelKeys)
                if (pod.View.Meta.Labels.TryGetValue(key, out var value)) same.Add(new(key, value));
            var selector = new NarrowedQuery(constraint.Selector, same);
            var domains = new Domains(constraint, selector) { SelfMatches = selector.Matches(pod.View.Meta.Labels) };
            foreach (var node in model.Nodes) Count(domains, pod, node);
            all.Add(domains);
        }
        return all;
    }

    public void Placed(object state, PodToPlace pod, NodeSnapshot node)
    {
        foreach (var domains in (List<Domains>)state)
        {
            if (!node.Node.Meta.Labels.TryGetValue(domains.Constraint.TopologyKey, out var domain)) continue;
            if (domains.SelfMatches && domains.Counts.TryGetValue(domain, out var count)) domains.Counts[domain] = count + 1;
        }
    }

    public Verdict Filter(PodToPlace pod, object state, NodeSnapshot node)
    {
        foreach (var domains in (List<Domains>)state)
        {
            if (!domains.Constraint.Hard) continue;
            if (!node.Node.Meta.Labels.TryGetValue(domains.Constraint.TopologyKey, out var domain))
                return Verdict.Unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
            var skew = domains.Counts.GetValueOrDefault(domain) + (domains.SelfMatches ? 1 : 0) - domains.Least();
            if (skew > domains.Constraint.MaxSkew) return Verdict.Unschedulable("node(s) didn't match pod topology spread constraints");
        }
        return Verdict.Ok;
    }

    /// <summary>How many matching pods the node's domains of the soft constraints have.</summary>
    public long Score(PodToPlace pod, object state, NodeSnapshot node)
    {
        long sum = 0;
        foreach (var domains in (List<Domains>)state)
        {
            if (domains.Constraint.Hard) continue;
            sum += node.Node.Meta.Labels.TryGetValue(domains.Constraint.TopologyKey, out var domain)
                ? domains.Counts.GetValueOrDefault(domain)
                : domains.Counts.Values.DefaultIfEmpty().Max() + 1;
        }
        return sum;
    }

    private static void Count(Domains domains, PodToPlace pod, NodeSnapshot node)
    {
        if (!node.Node.Meta.Labels.TryGetValue(domains.Constraint.TopologyKey, out var domain)) return;
        if (domains.Constraint.HonorNodeAffinity && !pod.View.Placement.Allows(node.Name, node.Node.Meta.Labels)) return;
        if (domains.Constraint.HonorNodeTaints && !Bears(pod.View, node)) return;
        var count = 0;
        foreach (var other in node.Pods)
            if (other.Key.Namespace == pod.Key.Namespace && !other.Terminating && domains.Selector.Matches(other.Meta.Labels)) count++;
        domains.Counts[domain] = domains.Counts.GetValueOrDefault(domain) + count;
    }

    private static bool Bears(PodView pod, NodeSnapshot node) =>
        node.Node.Taints.All(t => t.Effect == Kinds.Nodes.Taint.PreferNoSchedule || Toleration.AnyTolerates(pod.Tolerations, t));
}
