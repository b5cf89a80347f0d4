using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.Pods;

namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Puts pods beside, or away from, other pods by their labels, within the domains of a node label.</summary>
/// <remarks>Source: kube-scheduler, InterPodAffinity. A pod that matches its own affinity may be the first of its kind.</remarks>
public sealed class InterPodAffinity : IClusterPlugin
{
    /// <param name="Counts">Of one term, how many matching pods each domain has.</param>
    private sealed record TermState(PodAffinityTerm Term, int Sign, bool SelfMatches, Dictionary<string, int> Counts);

    private sealed class State
    {
        public List<TermState> Affinity { get; } = [];
        public List<TermState> AntiAffinity { get; } = [];
        public List<TermState> Preferred { get; } = [];

        /// <summary>Domains in which a pod of other spec keeps this one away.</summary>
        public HashSet<(string Key, string Value)> Blocked { get; } = [];
        public bool AnyAffinityMatch { get; set; }
        public bool SelfMatchesAffinity { get; init; }
    }

    public string Name => "InterPodAffinity";

    public ClusterEvents HelpedBy => ClusterEvents.All;

    public int Weight => 2;

    public ScoreScale Scale => ScoreScale.MoreIsBetter;

    public object? Prepare(PodToPlace pod, NodeModel model)
    {
        var place = pod.View.Placement;
        var concerned = !place.Affinity.IsEmpty || !place.AntiAffinity.IsEmpty || !place.PreferredAffinity.IsEmpty || !place.PreferredAntiAffinity.IsEmpty;
        if (!concerned && model.PodsWithAntiAffinity == 0) return null;
        var state = new State { SelfMatchesAffinity = place.Affinity.All(t => Matches(t, pod.View, pod.View)) };
        Add(state.Affinity, place.Affinity, 1, pod.View);
        Add(state.AntiAffinity, place.AntiAffinity, 1, pod.View);
        Add(state.Preferred, place.PreferredAffinity, 1, pod.View);
        Add(state.Preferred, place.PreferredAntiAffinity, -1, pod.View);
        foreach (var node in model.Nodes)
            foreach (var other in node.Pods) Count(state, pod.View, other, node);
        return state;
    }

    public void Placed(object state, PodToPlace pod, NodeSnapshot node) => Count((State)state, pod.View, pod.View, node);

    public Verdict Filter(PodToPlace pod, object state, NodeSnapshot node)
    {
        var s = (State)state;
        var labels = node.Node.Meta.Labels;
        foreach (var term in s.Affinity)
        {
            var there = labels.TryGetValue(term.Term.TopologyKey, out var domain);
            if (there && term.Counts.GetValueOrDefault(domain!) > 0) continue;
            if (there && !s.AnyAffinityMatch && s.SelfMatchesAffinity) continue;
            return Verdict.Unresolvable("node(s) didn't match pod affinity rules");
        }
        foreach (var term in s.AntiAffinity)
            if (labels.TryGetValue(term.Term.TopologyKey, out var domain) && term.Counts.GetValueOrDefault(domain) > 0)
                return Verdict.Unschedulable("node(s) didn't match pod anti-affinity rules");
        foreach (var (key, value) in s.Blocked)
            if (labels.TryGetValue(key, out var domain) && domain == value)
                return Verdict.Unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
        return Verdict.Ok;
    }

    public long Score(PodToPlace pod, object state, NodeSnapshot node)
    {
        long sum = 0;
        foreach (var term in ((State)state).Preferred)
            if (node.Node.Meta.Labels.TryGetValue(term.Term.TopologyKey, out var domain))
                sum += (long)term.Sign * term.Term.Weight * term.Counts.GetValueOrDefault(domain);
        return sum;
    }

    private static void Add(List<TermState> states, ImmutableArray<PodAffinityTerm> terms, int sign, PodView pod)
    {
        foreach (var term in terms)
            states.Add(new TermState(term, sign, Matches(term, pod, pod), new Dictionary<string, int>(StringComparer.Ordinal)));
    }

    private static void Count(State state, PodView pod, PodView other, NodeSnapshot node)
    {
        var labels = node.Node.Meta.Labels;
        Count(state.AntiAffinity, pod, other, labels);
        Count(state.Preferred, pod, other, labels);
        // A pod counts for affinity only when it matches every term.
        if (state.Affinity.Count > 0 && state.Affinity.TrueForAll(t => Matches(t.Term, pod, other)))
        {
            state.AnyAffinityMatch = true;
            Count(state.Affinity, pod, other, labels);
        }
        foreach (var term in other.Placement.AntiAffinity)
            if (labels.TryGetValue(term.TopologyKey, out var domain) && Matches(term, other, pod)) state.Blocked.Add((term.TopologyKey, domain));
    }

    private static void Count(List<TermState> terms, PodView pod, PodView other, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var term in terms)
            if (labels.TryGetValue(term.Term.TopologyKey, out var domain) && Matches(term.Term, pod, other))
                term.Counts[domain] = term.Counts.GetValueOrDefault(domain) + 1;
    }

    private static bool Matches(PodAffinityTerm term, PodView owner, PodView other)
    {
        var inNamespace = term.AllNamespaces || (term.Namespaces.IsEmpty && term.NamespaceSelector is null
            ? other.Key.Namespace == owner.Key.Namespace
            : term.Namespaces.Contains(other.Key.Namespace, StringComparer.Ordinal));
        return inNamespace && term.Selector.Matches(other.Meta.Labels);
    }
}
