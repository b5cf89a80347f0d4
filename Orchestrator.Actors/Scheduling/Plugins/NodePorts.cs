namespace Orchestrator.Actors.Scheduling.Plugins;

/// <summary>Rejects nodes on which another pod has taken a host port that the pod asks for.</summary>
public sealed class NodePorts : IFilterPlugin
{
    public string Name => "NodePorts";

    public ClusterEvents HelpedBy => ClusterEvents.NodeAdded | ClusterEvents.PodRemoved;

    public Verdict Filter(PodToPlace pod, NodeSnapshot node)
    {
        foreach (var port in pod.View.Ports)
            if (port.HostPort != 0 && node.HasPort(port.Protocol, port.HostPort, port.HostIP))
                return Verdict.Unschedulable("node(s) didn't have free ports for the requested pod ports");
        return Verdict.Ok;
    }
}
