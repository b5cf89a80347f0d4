using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;

namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects nodes whose kubelet does not report Ready, also before the node controller has tainted them.</summary>
public sealed class NodeReady : IFilterPlugin
{
    private static readonly Taint NotReady = new(Taint.NotReadyKey, "", Taint.NoSchedule, null);

    public string Name => "NodeReady";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.NodeChanged;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node) =>
        node.Node.Ready || Toleration.AnyTolerates(pod.View.Tolerations, NotReady)
            ? Verdict.Ok
            // A taint says it better where there is one.
            : node.Node.Taints.Any(static t => t.Effect is Taint.NoSchedule or Taint.NoExecute) ? Verdict.Ok : Verdict.Unresolvable("node(s) were not ready");
}
