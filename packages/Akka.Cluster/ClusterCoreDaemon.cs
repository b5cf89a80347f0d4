using System.Collections.Immutable;
using Akka.Actor;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>
/// Keeps the membership: lets newcomers in, spreads and merges the gossip, acts as leader when it is its turn, and notes who
/// cannot be reached. Everything that is decided here follows from <see cref="MembershipState"/>.
/// </summary>
internal sealed partial class ClusterCoreDaemon : UntypedActor, IWithTimers
{
    /// <summary>How long a removed member is remembered, so that an old state cannot bring it back.</summary>
    private static readonly TimeSpan TombstoneLife = TimeSpan.FromHours(24);

    private readonly Cluster _cluster;
    private readonly ClusterSettings _settings;
    private readonly IActorRef _publisher;
    private readonly UniqueAddress _self;
    private readonly Random _random = new();
    private readonly Dictionary<Address, IActorRef> _peers = [];
    private readonly Dictionary<Address, (Join Join, IActorRef Sender)> _waitingForRemoval = [];
    private readonly List<IActorRef> _waitingForExit = [];
    private MembershipState _state;
    private ImmutableHashSet<UniqueAddress> _exitingConfirmed = [];
    private bool _exitingTasksInProgress;
    private bool _selfExiting;
    private bool _shutdownStarted;
    private int _seedNodeProcesses;
    private IActorRef? _seedNodeProcess;
    private Address? _joiningTo;
    private DateTime _retryJoinAt = DateTime.MaxValue;
    private ImmutableArray<Address> _seedNodes = [];
    private DateTime? _noConvergenceSince;

    public ClusterCoreDaemon(Cluster cluster, IActorRef publisher)
    {
        _cluster = cluster;
        _settings = cluster.Settings;
        _publisher = publisher;
        _self = cluster.SelfUniqueAddress;
        _state = new MembershipState(Gossip.Empty, _self);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private Gossip Latest => _state.LatestGossip;

    private Member? SelfMember => Latest.FindMember(_self);

    private bool IsMember => SelfMember is not null;

    /// <inheritdoc />
    protected override void PreStart()
    {
        var first = _settings.PeriodicTasksInitialDelay;
        Every("gossip", DaemonCommand.GossipTick.Instance, _settings.GossipInterval);
        Every("leader", DaemonCommand.LeaderActionsTick.Instance, _settings.LeaderActionsInterval);
        Every("reap", DaemonCommand.ReapUnreachableTick.Instance, _settings.UnreachableNodesReaperInterval);
        Context.ActorOf(Props.Create(() => new ClusterHeartbeatSender(_cluster)), "heartbeatSender");
        if (_cluster.DowningProvider.DowningActorProps is { } downing)
            Context.ActorOf(downing, "downingProvider");
        if (!_settings.SeedNodes.IsEmpty)
            Self.Tell(new DaemonCommand.JoinSeedNodes([.. _settings.SeedNodes]));
        return;

        void Every(string key, DaemonCommand tick, TimeSpan interval) =>
            Timers.StartPeriodicTimer(key, tick, first < interval ? first : interval, interval);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var waiting in _waitingForExit)
            waiting.Tell(Done.Instance);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GossipStatus status:
                ReceiveStatus(status);
                break;
            case GossipEnvelope envelope:
                ReceiveGossip(envelope);
                break;
            case InitJoin:
                Sender.Tell(IsMember && SelfMember!.Status is MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Joining
                    ? new InitJoinAck(_self.Address)
                    : new InitJoinNack(_self.Address));
                break;
            case Join join:
                ReceiveJoin(join);
                break;
            case Welcome welcome:
                ReceiveWelcome(welcome);
                break;
            case LeaveMessage leave:
                Leaving(leave.Address);
                break;
            case DownMessage down:
                Downing(down.Address);
                break;
            case ExitingConfirmed confirmed:
                ReceiveExitingConfirmed(confirmed.Node);
                break;
            case DaemonCommand command:
                ReceiveCommand(command);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void ReceiveCommand(DaemonCommand command)
    {
        switch (command)
        {
            case DaemonCommand.GossipTick:
                GossipTick();
                break;
            case DaemonCommand.GossipSpeedupTick:
                if (IsGossipSpeedupNeeded())
                    GossipToOne();
                break;
            case DaemonCommand.LeaderActionsTick:
                LeaderActionsTick();
                break;
            case DaemonCommand.ReapUnreachableTick:
                ReapUnreachable();
                break;
            case DaemonCommand.JoinTo join:
                JoinTo(join.Address);
                break;
            case DaemonCommand.JoinSeedNodes join:
                JoinSeedNodes(join.SeedNodes);
                break;
            case DaemonCommand.LeaveAndWait:
                LeaveAndWait();
                break;
            case DaemonCommand.ExitingCompleted:
                ExitingCompleted();
                break;
        }
    }

    /// <summary>The core actor of a member; without a uid, since members are found by address.</summary>
    private IActorRef Peer(Address address)
    {
        if (_peers.TryGetValue(address, out var peer))
            return peer;
        peer = ClusterActors.At(_cluster.System, address, "core", "daemon");
        return _peers[address] = peer;
    }

    /// <summary>Takes over a state that this member has made, as a new version that it alone has seen.</summary>
    private void UpdateLatest(Gossip gossip)
    {
        var versioned = gossip.Increment(_self);
        SetLatest(_exitingTasksInProgress ? versioned.ClearSeen() : versioned.OnlySeen(_self));
    }

    /// <summary>Makes a state the present one and tells subscribers.</summary>
    private void SetLatest(Gossip gossip)
    {
        var before = _state;
        _state = new MembershipState(gossip, _self);
        _cluster.Update(_state);
        foreach (var gone in before.Members.Where(m => !gossip.HasMember(m.UniqueAddress)))
        {
            if (!gossip.Members.Any(m => m.Address.Equals(gone.Address)))
                _peers.Remove(gone.Address);
        }

        _publisher.Tell(new DaemonCommand.PublishChanges(_state));
        AdmitWaiting();
    }

    /// <summary>Stops being a member: in good order where that is configured, else at once.</summary>
    private void ShutDown(CoordinatedShutdown.Reason reason)
    {
        if (_shutdownStarted)
            return;
        _shutdownStarted = true;
        if (_settings.RunCoordinatedShutdownWhenDown || reason is not CoordinatedShutdown.ClusterDowningReason)
            _ = Task.Run(() => CoordinatedShutdown.Get(_cluster.System).Run(reason));
        else
            _cluster.Shutdown();
    }
}

/// <summary>Finds the membership actors of other members.</summary>
internal static class ClusterActors
{
    public static IActorRef At(ExtendedActorSystem system, Address address, params string[] names)
    {
        var path = new RootActorPath(address) / "system" / "cluster";
        foreach (var name in names)
            path /= name;
        return system.Provider.ResolveActorRef(path);
    }
}
