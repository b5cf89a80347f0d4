using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>One term of a node selector: all of its requirements must hold.</summary>
public sealed record NodeSelectorTerm(ImmutableArray<LabelRequirement> Labels, ImmutableArray<LabelRequirement> Fields)
{
    /// <summary>An empty term selects no node.</summary>
    public bool Matches(string nodeName, IReadOnlyDictionary<string, string> labels)
    {
        if (Labels.IsEmpty && Fields.IsEmpty) return false;
        foreach (var term in Labels)
            if (!term.Matches(labels)) return false;
        foreach (var field in Fields)
            if (field.Key != "metadata.name" || !field.MatchesValue(nodeName)) return false;
        return true;
    }

    internal static NodeSelectorTerm Read(JsonElement term) =>
        new(LabelSelectorJson.ReadRequirements(term, "matchExpressions"), LabelSelectorJson.ReadRequirements(term, "matchFields"));
}

public sealed record PreferredNodeTerm(int Weight, NodeSelectorTerm Term);

/// <summary>One term of pod (anti-)affinity.</summary>
/// <param name="Namespaces">Where the other pods live; empty means the pod's own namespace, unless <paramref name="AllNamespaces"/>.</param>
/// <param name="Weight">0 for a required term.</param>
public sealed record PodAffinityTerm(
    string TopologyKey, LabelSelector Selector, ImmutableArray<string> Namespaces, LabelSelector? NamespaceSelector, int Weight)
{
    public bool AllNamespaces => NamespaceSelector is { IsEverything: true };
}

public sealed record SpreadConstraint(
    int MaxSkew, string TopologyKey, bool Hard, LabelSelector Selector, int MinDomains, ImmutableArray<string> MatchLabelKeys,
    bool HonorNodeAffinity, bool HonorNodeTaints);

/// <summary>Where a pod wants to be: nodeSelector, affinity and topology spread of its spec.</summary>
public sealed record PodPlacement
{
    public static PodPlacement Anywhere { get; } = new();

    public LabelSelector NodeSelector { get; init; } = LabelSelector.Everything;

    /// <summary>One of these terms must match; null when the pod does not say.</summary>
    public ImmutableArray<NodeSelectorTerm>? RequiredNodeTerms { get; init; }
    public ImmutableArray<PreferredNodeTerm> PreferredNodeTerms { get; init; } = [];
    public ImmutableArray<PodAffinityTerm> Affinity { get; init; } = [];
    public ImmutableArray<PodAffinityTerm> AntiAffinity { get; init; } = [];
    public ImmutableArray<PodAffinityTerm> PreferredAffinity { get; init; } = [];
    public ImmutableArray<PodAffinityTerm> PreferredAntiAffinity { get; init; } = [];
    public ImmutableArray<SpreadConstraint> Spread { get; init; } = [];

    /// <summary>Whether nodeSelector and required node affinity allow the node.</summary>
    public bool Allows(string nodeName, IReadOnlyDictionary<string, string> labels)
    {
        if (!NodeSelector.Matches(labels)) return false;
        if (RequiredNodeTerms is not { } terms) return true;
        foreach (var term in terms)
            if (term.Matches(nodeName, labels)) return true;
        return false;
    }

    public static PodPlacement Read(JsonElement spec) =>
        Anywhere.WithNodeSelector(spec.Get("nodeSelector")).WithAffinity(spec.Get("affinity")).WithSpread(spec.Get("topologySpreadConstraints"));

    internal PodPlacement WithNodeSelector(JsonElement selector) =>
        selector.Exists() ? this with { NodeSelector = LabelSelectorJson.ReadMap(selector) } : this;

    internal PodPlacement WithSpread(JsonElement constraints) =>
        constraints.Exists() ? this with { Spread = constraints.Map(ReadSpread) } : this;

    internal PodPlacement WithAffinity(JsonElement affinity)
    {
        if (!affinity.Exists()) return this;
        var node = affinity.Get("nodeAffinity");
        var required = node.Get("requiredDuringSchedulingIgnoredDuringExecution");
        return this with
        {
            RequiredNodeTerms = required.Exists() ? required.Map("nodeSelectorTerms", NodeSelectorTerm.Read) : null,
            PreferredNodeTerms = node.Map("preferredDuringSchedulingIgnoredDuringExecution", static p => new PreferredNodeTerm((int)p.Number("weight"), NodeSelectorTerm.Read(p.Get("preference")))),
            Affinity = Required(affinity.Get("podAffinity")),
            AntiAffinity = Required(affinity.Get("podAntiAffinity")),
            PreferredAffinity = Preferred(affinity.Get("podAffinity")),
            PreferredAntiAffinity = Preferred(affinity.Get("podAntiAffinity")),
        };
    }

    private static ImmutableArray<PodAffinityTerm> Required(JsonElement owner) =>
        owner.Map("requiredDuringSchedulingIgnoredDuringExecution", static t => ReadTerm(t, 0));

    private static ImmutableArray<PodAffinityTerm> Preferred(JsonElement owner) =>
        owner.Map("preferredDuringSchedulingIgnoredDuringExecution", static p => ReadTerm(p.Get("podAffinityTerm"), (int)p.Number("weight")));

    private static PodAffinityTerm ReadTerm(JsonElement term, int weight)
    {
        var namespaces = term.Get("namespaceSelector");
        return new PodAffinityTerm(term.Text("topologyKey"), LabelSelectorJson.Read(term.Get("labelSelector")),
            term.Map("namespaces", static n => n.Text()), namespaces.Exists() ? LabelSelectorJson.Read(namespaces) : null, weight);
    }

    private static SpreadConstraint ReadSpread(JsonElement c) => new(
        (int)c.Number("maxSkew", 1), c.Text("topologyKey"), c.Text("whenUnsatisfiable") != "ScheduleAnyway",
        LabelSelectorJson.Read(c.Get("labelSelector")), (int)c.Number("minDomains", 1),
        c.Map("matchLabelKeys", static k => k.Text()),
        c.Text("nodeAffinityPolicy") != "Ignore", c.Text("nodeTaintsPolicy") == "Honor");
}
