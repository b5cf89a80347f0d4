namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects nodes that nodeSelector or required node affinity do not select, and prefers those that preferred terms do.</summary>
public sealed class NodeAffinity : IFilterPlugin, IScorePlugin
{
    public string Name => "NodeAffinity";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.NodeChanged;

    public int Weight => 2;

    public ScoreScale Scale => ScoreScale.MoreIsBetter;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node) =>
        pod.View.Placement.Allows(node.Name, node.Node.Meta.Labels)
            ? Verdict.Ok
            : Verdict.Unresolvable("node(s) didn't match Pod's node affinity/selector");

    /// <summary>The weights of the preferred terms that match, added up.</summary>
    public long Score(PodToPlace pod, NodeSnapshot node)
    {
        long sum = 0;
        foreach (var preferred in pod.View.Placement.PreferredNodeTerms)
            if (preferred.Term.Matches(node.Name, node.Node.Meta.Labels)) sum += preferred.Weight;
        return sum;
    }
}
