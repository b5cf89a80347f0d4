using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>Which members are known to be unreachable or gone, for whoever knows the member that hosts a node's kubelet.</summary>
/// <remarks>Every node says so in an annotation of its object, so that one member may host any number of nodes.</remarks>
public sealed class NodeMembers
{
    /// <summary>The annotation that names the member, with its incarnation.</summary>
    public const string Annotation = "orchestrator.io/member";

    /// <summary>The annotation that names the node's process where that has another name than the node: one of many simulated ones.</summary>
    public const string ProcessAnnotation = "orchestrator.io/process";

    private volatile ImmutableHashSet<string> _lost = [];

    public static string Name(UniqueAddress member) => string.Create(CultureInfo.InvariantCulture, $"{member.Address}#{member.Uid}");

    /// <summary>The address of a member, by its name, that only processes on its machine reach; null of any other.</summary>
    public static IPAddress? LoopbackOf(string? member) =>
        member?.Split('#')[0] is { Length: > 0 } text && Akka.Actor.Address.TryParse(text, out var at) && IPAddress.TryParse(at.Host, out var host) && IPAddress.IsLoopback(host) ? host : null;

    /// <summary>False as well of a node that names no member, or one never heard of: its lease tells about it in time.</summary>
    public bool IsUnreachable(NodeView node) => node.Meta.Annotations.TryGetValue(Annotation, out var member) && _lost.Contains(member);

    internal void Lose(string member) => _lost = _lost.Add(member);

    internal void Find(string member) => _lost = _lost.Remove(member);
}

/// <summary>Keeps <see cref="NodeMembers"/> true, and has the controller look at the nodes of a member that is lost or found.</summary>
internal sealed class NodeMembersActor(NodeMembers members, ControllerCaches caches, IActorRef region) : UntypedActor
{
    /// <summary>Most members that are gone and still remembered (count); their nodes have long been seen to by then.</summary>
    private const int GoneMax = 10_000;

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Queue<string> _gone = new();

    public static Props Props(NodeMembers members, ControllerCaches caches, IActorRef region) =>
        Akka.Actor.Props.Create(() => new NodeMembersActor(members, caches, region));

    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents,
        typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.ReachableMember), typeof(ClusterEvent.MemberRemoved));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.UnreachableMember lost:
                members.Lose(NodeMembers.Name(lost.Member.UniqueAddress));
                Trigger(lost.Member);
                break;
            case ClusterEvent.ReachableMember found:
                members.Find(NodeMembers.Name(found.Member.UniqueAddress));
                Trigger(found.Member);
                break;
            case ClusterEvent.MemberRemoved removed:
                var name = NodeMembers.Name(removed.Member.UniqueAddress);
                members.Lose(name);
                _gone.Enqueue(name);
                if (_gone.Count > GoneMax) members.Find(_gone.Dequeue());
                Trigger(removed.Member);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // Every process triggers: the one that hosts a node's controller has then seen for itself what the trigger is about.
    private void Trigger(Member member)
    {
        if (caches.Find(ResourceTypes.Nodes) is not { } nodes) return;
        var name = NodeMembers.Name(member.UniqueAddress);
        foreach (var node in nodes.Objects.EnumerateFrom())
        {
            if (node.Meta.Annotations.GetValueOrDefault(NodeMembers.Annotation) != name) continue;
            region.Tell(new TriggerReconcile("node", node.Key.Namespace, node.Key.Name,
                new DecisionCause(ResourceTypes.Nodes.ToString(), node.Key.ToString(), node.Revision)));
        }
    }
}
