using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>Answers the heartbeats of the members that monitor this one.</summary>
internal sealed class ClusterHeartbeatReceiver : UntypedActor
{
    private readonly UniqueAddress _self;

    public ClusterHeartbeatReceiver(Cluster cluster)
    {
        _self = cluster.SelfUniqueAddress;
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        if (message is Heartbeat heartbeat)
            Sender.Tell(new HeartbeatRsp(_self, heartbeat.SequenceNumber));
        else
            Unhandled(message);
    }
}

/// <summary>
/// Sends heartbeats to the members that this one has to monitor (the next few on the ring) and feeds the answers to their
/// failure detectors.
/// </summary>
internal sealed class ClusterHeartbeatSender : UntypedActor, IWithTimers
{
    private readonly Cluster _cluster;
    private readonly UniqueAddress _self;
    private readonly Dictionary<Address, IActorRef> _receivers = [];
    private readonly HashSet<UniqueAddress> _stillUnreachable = [];
    private HeartbeatNodeRing _ring;
    private bool _isMember;
    private long _sequence;
    private long _lastTick;

    public ClusterHeartbeatSender(Cluster cluster)
    {
        _cluster = cluster;
        _self = cluster.SelfUniqueAddress;
        _ring = new HeartbeatNodeRing(_self, [], new HashSet<UniqueAddress>(), cluster.Settings.MonitoredByNrOfMembers);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        var first = _cluster.Settings.PeriodicTasksInitialDelay;
        var interval = _cluster.Settings.HeartbeatInterval;
        Timers.StartPeriodicTimer("tick", HeartbeatTick.Instance, first < interval ? first : interval, interval);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var receiver in _ring.MyReceivers)
            _cluster.FailureDetector.Remove(receiver.Address);
        _cluster.Unsubscribe(Self);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HeartbeatTick:
                Tick();
                break;
            case HeartbeatRsp response:
                Received(response.From);
                break;
            case ExpectedFirstHeartbeat expected:
                if (_ring.MyReceivers.Contains(expected.From) && !_cluster.FailureDetector.IsMonitoring(expected.From.Address))
                    _cluster.FailureDetector.Heartbeat(expected.From.Address);
                break;
            case ClusterEvent.CurrentClusterState state:
                _isMember = state.Members.Any(m => m.UniqueAddress.Equals(_self));
                _ring = new HeartbeatNodeRing(_self, state.Members.Select(m => m.UniqueAddress),
                    state.Unreachable.Select(m => m.UniqueAddress).ToHashSet(), _cluster.Settings.MonitoredByNrOfMembers);
                break;
            case ClusterEvent.MemberRemoved removed:
                if (removed.Member.UniqueAddress.Equals(_self))
                    Context.Stop(Self);
                else
                    Remove(removed.Member.UniqueAddress);
                break;
            case ClusterEvent.IMemberEvent changed:
                if (changed.Member.UniqueAddress.Equals(_self))
                    _isMember = true;
                Change(_ring.Add(changed.Member.UniqueAddress));
                break;
            case ClusterEvent.UnreachableMember unreachable:
                Change(_ring.WithUnreachable(unreachable.Member.UniqueAddress));
                break;
            case ClusterEvent.ReachableMember reachable:
                Change(_ring.WithReachable(reachable.Member.UniqueAddress));
                break;
        }
    }

    private void Remove(UniqueAddress node)
    {
        _stillUnreachable.Remove(node);
        Change(_ring.Remove(node));
        if (_ring.Nodes.Any(n => n.Address.Equals(node.Address)))
            return;
        _cluster.FailureDetector.Remove(node.Address);
        _receivers.Remove(node.Address);
    }

    /// <summary>
    /// Members that need not be monitored by this one any more are forgotten, except one that it has reported as unreachable:
    /// only this one can take its word back.
    /// </summary>
    private void Change(HeartbeatNodeRing ring)
    {
        var before = _ring.MyReceivers;
        _ring = ring;
        foreach (var node in before.Except(ring.MyReceivers))
        {
            if (!_cluster.FailureDetector.IsAvailable(node.Address) && ring.Nodes.Contains(node))
                _stillUnreachable.Add(node);
            else
                _cluster.FailureDetector.Remove(node.Address);
        }
    }

    private void Tick()
    {
        var interval = _cluster.Settings.HeartbeatInterval;
        if (_lastTick != 0 && Stopwatch.GetElapsedTime(_lastTick) > interval * 2)
        {
            _cluster.Log.Warning("Cluster Node [{0}] - Sending of heartbeats was delayed: {1} since the last round, {2} were expected. " +
                                 "This machine is overloaded or paused; others may think that this member has failed.",
                _cluster.SelfAddress, Stopwatch.GetElapsedTime(_lastTick), interval);
        }

        _lastTick = Stopwatch.GetTimestamp();
        if (!_isMember)
            return;
        var heartbeat = new Heartbeat(_self, ++_sequence);
        foreach (var node in _ring.MyReceivers.Concat(_stillUnreachable))
        {
            if (!_cluster.FailureDetector.IsMonitoring(node.Address))
            {
                // If not even the first answer comes, the member must be found unreachable nevertheless.
                Context.System.Scheduler.ScheduleTellOnce(_cluster.Settings.HeartbeatExpectedResponseAfter, Self,
                    new ExpectedFirstHeartbeat(node), Self);
            }

            Receiver(node.Address).Tell(heartbeat);
        }
    }

    private void Received(UniqueAddress from)
    {
        if (!_ring.Nodes.Contains(from) || !(_ring.MyReceivers.Contains(from) || _stillUnreachable.Contains(from)))
            return;
        _cluster.FailureDetector.Heartbeat(from.Address);
        if (!_stillUnreachable.Contains(from) || !_cluster.FailureDetector.IsAvailable(from.Address))
            return;
        _stillUnreachable.Remove(from);
        if (!_ring.MyReceivers.Contains(from))
            _cluster.FailureDetector.Remove(from.Address);
    }

    private IActorRef Receiver(Address address)
    {
        if (!_receivers.TryGetValue(address, out var receiver))
            _receivers[address] = receiver = ClusterActors.At(_cluster.System, address, "heartbeatReceiver");
        return receiver;
    }

    private sealed class HeartbeatTick : INoSerializationVerificationNeeded
    {
        public static readonly HeartbeatTick Instance = new();
    }

    private sealed record ExpectedFirstHeartbeat(UniqueAddress From) : INoSerializationVerificationNeeded;
}
