using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster;

/// <summary>
/// Root of the membership actors (/system/cluster). If the core fails, this member cannot tell any more what it has promised
/// to the others, so it is shut down instead of being restarted.
/// </summary>
internal sealed class ClusterDaemon : UntypedActor
{
    private readonly Cluster _cluster;
    private readonly IActorRef _publisher;
    private readonly IActorRef _core;

    public ClusterDaemon(Cluster cluster)
    {
        _cluster = cluster;
        Context.ActorOf(Actor.Props.Create(() => new ClusterHeartbeatReceiver(cluster)), "heartbeatReceiver");
        _publisher = Context.ActorOf(Actor.Props.Create(() => new ClusterEventPublisher(cluster)), "publisher");
        var publisher = _publisher;
        _core = Context.ActorOf(Actor.Props.Create(() => new ClusterCoreSupervisor(cluster, publisher)), "core");
    }

    public static Props Props(Cluster cluster)
    {
        var props = Actor.Props.Create(() => new ClusterDaemon(cluster)).WithDeploy(Deploy.Local);
        return string.IsNullOrEmpty(cluster.Settings.UseDispatcher) ? props : props.WithDispatcher(cluster.Settings.UseDispatcher);
    }

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        _cluster.Log.Error(cause, "Cluster Node [{0}] - The membership has failed; this member is shut down.", _cluster.SelfAddress);
        _cluster.Shutdown();
        return Directive.Stop;
    });

    /// <inheritdoc />
    protected override void PostStop() => _cluster.OnDaemonsStopped();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SubscriptionCommand:
                _publisher.Forward(message);
                break;
            case DaemonCommand.AddOnMemberUp up:
                Context.ActorOf(Actor.Props.Create(() => new OnMemberUpListener(_cluster, up.Callback)));
                break;
            default:
                _core.Forward(message);
                break;
        }
    }
}

/// <summary>Parent of the core actor, so that it is found at /system/cluster/core/daemon by members of any version.</summary>
internal sealed class ClusterCoreSupervisor : UntypedActor
{
    private readonly Cluster _cluster;
    private readonly IActorRef _daemon;

    public ClusterCoreSupervisor(Cluster cluster, IActorRef publisher)
    {
        _cluster = cluster;
        _daemon = Context.ActorOf(Props.Create(() => new ClusterCoreDaemon(cluster, publisher)), "daemon");
    }

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        _cluster.Log.Error(cause, "Cluster Node [{0}] - The membership has failed; this member is shut down.", _cluster.SelfAddress);
        _cluster.Shutdown();
        return Directive.Stop;
    });

    /// <inheritdoc />
    protected override void OnReceive(object message) => _daemon.Forward(message);
}

/// <summary>Runs a callback when this member is Up.</summary>
internal sealed class OnMemberUpListener : UntypedActor
{
    private readonly Cluster _cluster;
    private readonly Action _callback;

    public OnMemberUpListener(Cluster cluster, Action callback)
    {
        _cluster = cluster;
        _callback = callback;
    }

    /// <inheritdoc />
    protected override void PreStart() => _cluster.Subscribe(Self, typeof(ClusterEvent.MemberUp));

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        var isUp = message switch
        {
            ClusterEvent.CurrentClusterState state => state.Members.Any(IsSelfUp),
            ClusterEvent.IMemberEvent changed => IsSelfUp(changed.Member),
            _ => false,
        };
        if (!isUp)
            return;
        Context.Stop(Self);
        try
        {
            _callback();
        }
        catch (Exception e)
        {
            _cluster.Log.Error(e, "A callback for this member being up failed.");
        }
    }

    private bool IsSelfUp(Member member) => member.UniqueAddress.Equals(_cluster.SelfUniqueAddress) && member.Status == MemberStatus.Up;
}
