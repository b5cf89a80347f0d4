namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects every node but the one that the pod names itself.</summary>
public sealed class NodeNameMatch : IFilterPlugin
{
    public string Name => "NodeName";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node) =>
        pod.View.NodeName.Length == 0 || pod.View.NodeName == node.Name
            ? Verdict.Ok
            : Verdict.Unresolvable("node(s) didn't match the requested node name");
}
