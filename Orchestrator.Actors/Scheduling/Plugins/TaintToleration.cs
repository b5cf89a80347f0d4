using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;

namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects nodes with a taint that the pod does not bear, and prefers those with fewer soft ones.</summary>
public sealed class TaintToleration : IFilterPlugin, IScorePlugin
{
    public string Name => "TaintToleration";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.NodeChanged;

    public int Weight => 3;

    public ScoreScale Scale => ScoreScale.LessIsBetter;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node)
    {
        foreach (var taint in node.Node.Taints)
        {
            if (taint.Effect is not (Taint.NoSchedule or Taint.NoExecute) || Toleration.AnyTolerates(pod.View.Tolerations, taint)) continue;
            return Verdict.Unresolvable($"node(s) had untolerated taint {taint.Shown}");
        }
        return Verdict.Ok;
    }

    /// <summary>How many soft taints the pod does not bear.</summary>
    public long Score(PodToPlace pod, NodeSnapshot node)
    {
        var count = 0;
        foreach (var taint in node.Node.Taints)
            if (taint.Effect == Taint.PreferNoSchedule && !Toleration.AnyTolerates(pod.View.Tolerations, taint)) count++;
        return count;
    }
}
