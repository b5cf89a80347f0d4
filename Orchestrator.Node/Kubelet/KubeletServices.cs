using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>What a kubelet needs of its process.</summary>
public sealed record KubeletServices
{
    public required PodOperations Operations { get; init; }
    public required IPodEventSink Events { get; init; }
    public required KubeletSettings Settings { get; init; }
    public required NodeFeed Feed { get; init; }
    public required StatusReporter Statuses { get; init; }
    public required TimeProvider Clock { get; init; }
    public required PodPlace Place { get; init; }
}
