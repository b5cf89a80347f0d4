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

    /// <summary>The message of the event, in upstream's form: <c>0/3 nodes are available: 1 Insufficient cpu, 2 node(s) ....</c></summary>
    public string Message
    {
        get
        {
            if (NodeCount == 0) return "no nodes available to schedule pods";
            var head = $"0/{Text(NodeCount)} nodes are available:";
            var unhelped = NodeCount - Resolvable;
            // Upstream orders by the rendered text.
            var preemption = string.Join(", ", new[]
            {
                Resolvable > 0 ? $"{Text(Resolvable)} No preemption victims found for incoming pod" : "",
                unhelped > 0 ? $"{Text(unhelped)} Preemption is not helpful for scheduling" : "",
            }.Where(static t => t.Length > 0).Order(StringComparer.Ordinal));
            return $"{head} {(WhicheverNode.Length > 0 ? WhicheverNode : Joined)}. preemption: {head} {preemption}.";
        }
    }

    private string Joined => string.Join(", ", Reasons.Select(static r => $"{Text(r.Value)} {r.Key}").Order(StringComparer.Ordinal));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
