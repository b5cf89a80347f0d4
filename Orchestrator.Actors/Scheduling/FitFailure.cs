using System.Globalization;

namespace Orchestrator.Actors.Scheduling;

/// <summary>Why no node takes a pod: how many nodes gave each reason.</summary>
/// <param name="NodeCount">The nodes that were asked.</param>
/// <param name="Reasons">Reason to number of nodes.</param>
/// <param name="Resolvable">Nodes on which removing pods might have helped, but there is nothing to remove.</param>
/// <param name="HelpedBy">The changes after which another try is worth it.</param>
public sealed record FitFailure(int NodeCount, IReadOnlyDictionary<string, int> Reasons, int Resolvable, ClusterEvents HelpedBy)
{
    /// <summary>Tells the reasons of one node apart within a verdict.</summary>
    public const string Separator = "\u001f";

    /// <summary>Why the pod fits no node, whichever; empty when the nodes gave the reasons.</summary>
    public string WhicheverNode { get; init; } = "";

    /// <summary>The node on which room is being made for the pod; empty for none.</summary>
    public string NominatedNode { get; init; } = "";

    /// <summary>Per reason, the number of nodes on which displacing pods does not help; null when that was not looked into.</summary>
    public IReadOnlyDictionary<string, int>? Displacing { get; init; }

    /// <summary>Why the pod may displace nobody; empty when it may.</summary>
    public string Ineligible { get; init; } = "";

    /// <summary>This failure, or the one of another pod where it says the same: a backlog of equal pods keeps one.</summary>
    public FitFailure Or(FitFailure? other) =>
        other is not null && (other with { Reasons = Reasons, Displacing = Displacing }) == this && AreEqual(Reasons, other.Reasons) && AreEqual(Displacing, other.Displacing) ? other : this;

    /// <summary>The message of the event, in upstream's form: <c>0/3 nodes are available: 1 Insufficient cpu, 2 node(s) ....</c></summary>
    public string Message
    {
        get
        {
            if (NodeCount == 0) return "no nodes available to schedule pods";
            var head = $"0/{Text(NodeCount)} nodes are available:";
            var why = $"{head} {(WhicheverNode.Length > 0 ? WhicheverNode : Join(Reasons))}.";
            if (Ineligible.Length > 0) return $"{why} preemption: {Ineligible}";
            return NominatedNode.Length > 0 ? why : $"{why} preemption: {head} {Join(Displacing ?? Undisplaced)}.";
        }
    }

    private Dictionary<string, int> Undisplaced
    {
        get
        {
            var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
            if (Resolvable > 0) reasons[Preemption.NoVictims] = Resolvable;
            if (NodeCount > Resolvable) reasons[Preemption.NotHelpful] = NodeCount - Resolvable;
            return reasons;
        }
    }

    private static bool AreEqual(IReadOnlyDictionary<string, int>? a, IReadOnlyDictionary<string, int>? b)
    {
        if (a is null || b is null || a.Count != b.Count) return ReferenceEquals(a, b);
        foreach (var (reason, nodes) in a)
            if (!b.TryGetValue(reason, out var others) || others != nodes) return false;
        return true;
    }

    // Upstream orders by the rendered text.
    private static string Join(IReadOnlyDictionary<string, int> reasons) =>
        string.Join(", ", reasons.Select(static r => $"{Text(r.Value)} {r.Key}").Order(StringComparer.Ordinal));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
