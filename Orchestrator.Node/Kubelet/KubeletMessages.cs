using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Serialization;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Where a kubelet is: the entity <paramref name="Node"/> of the shard <paramref name="Process"/>.</summary>
/// <param name="Process">The name of the node's process; another than the node's only where one process simulates many nodes.</param>
public sealed record KubeletId(string Process, string Node)
{
    /// <summary>The kubelet of a registered node.</summary>
    public static KubeletId Of(StoredObject node) =>
        new(node.Meta.Annotations.GetValueOrDefault(NodeMembers.ProcessAnnotation, node.Key.Name), node.Key.Name);
}

/// <summary>A message that the region <c>kubelet</c> takes to a kubelet, from whichever member it was sent.</summary>
public interface IKubeletMessage : IWireMessage
{
    KubeletId To { get; }
}

/// <summary>Has a kubelet run; answered with <see cref="KubeletRunning"/> once it looks after its pods.</summary>
public sealed record StartKubelet(KubeletId To) : IKubeletMessage;

/// <param name="Epoch">How many times this kubelet was started, ever.</param>
public sealed record KubeletRunning(string Node, long Epoch) : IWireMessage;

/// <summary>Asks what a kubelet runs; answered with <see cref="KubeletPods"/>.</summary>
public sealed record GetKubeletPods(KubeletId To) : IKubeletMessage;

/// <summary>What a kubelet runs, as its journal has it.</summary>
/// <param name="Epoch">How many times this kubelet was started, ever; 0 when its process does not host the node.</param>
public sealed record KubeletPods(string Node, long Epoch, ImmutableArray<KubeletPod> Pods) : IWireMessage;

public sealed record KubeletPod(string Namespace, string Name, string Uid, ImmutableArray<KubeletContainer> Containers);

/// <param name="ExitCode">Null while it runs.</param>
public sealed record KubeletContainer(string Name, string Id, int RestartCount, int? ExitCode);

/// <summary>Asks for the running container behind a name; answered with <see cref="ContainerFound"/>.</summary>
/// <param name="Container">Empty is the pod's only, or first, container.</param>
/// <param name="Previous">The one before it, for its log.</param>
public sealed record FindContainer(KubeletId To, ObjectKey Pod, string Container, bool Previous = false) : IKubeletMessage;

/// <param name="Id">The runtime's id; null when there is none, and then <paramref name="Why"/> says why.</param>
public sealed record ContainerFound(string? Id, SandboxState? Sandbox, bool Tty, string Why) : IWireMessage;

/// <summary>Stops a kubelet when its process leaves. What it runs goes on, and what it was writing is written.</summary>
public sealed record StopKubelet
{
    public static StopKubelet Instance { get; } = new();
}

/// <summary>All pods that are bound to this node, whenever the kubelet begins and after every gap in the changes.</summary>
/// <param name="Revision">The version up to which they are complete: changes up to it are in them.</param>
public sealed record NodePodsListed(ImmutableArray<StoredObject> Pods, long Revision);

/// <summary>A pod bound to this node has changed.</summary>
public sealed record NodePodChanged(StoredObject Pod, bool Deleted);

/// <summary>Nothing is left of a pod on this machine.</summary>
public sealed record PodFinished(PodManifest Pod);

/// <summary>Something happened to a pod; answered with <see cref="PodRunStored"/> once it is durable.</summary>
public sealed record StorePodRun(string Uid, ImmutableArray<PodRunEvent> Events);

public sealed record PodRunStored
{
    public static PodRunStored Instance { get; } = new();
}
