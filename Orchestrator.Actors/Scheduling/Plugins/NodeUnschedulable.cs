using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;

namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects cordoned nodes.</summary>
public sealed class NodeUnschedulable : IFilterPlugin
{
    private static readonly Taint Cordoned = new(Taint.UnschedulableKey, "", Taint.NoSchedule, null);

    public string Name => "NodeUnschedulable";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.NodeChanged;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node) =>
        !node.Node.Unschedulable || Toleration.AnyTolerates(pod.View.Tolerations, Cordoned)
            ? Verdict.Ok
            : Verdict.Unresolvable("node(s) were unschedulable");
}
