using System.Diagnostics;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.SBR;

/// <summary>
/// Waits until the membership has not changed for the configured time while members are unreachable, and then takes out what
/// the strategy says. Only the leader acts; on each side of a partition there is one.
/// </summary>
internal sealed class SplitBrainResolver : UntypedActor, IWithTimers
{
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;
    private long _stableSince = Stopwatch.GetTimestamp();
    private long? _unstableSince;

    public SplitBrainResolver(Cluster cluster, SplitBrainResolverSettings settings)
    {
        _cluster = cluster;
        _settings = settings;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.ReachabilityChanged));
        var tick = _settings.StableAfter / 4;
        if (tick > TimeSpan.FromSeconds(1))
            tick = TimeSpan.FromSeconds(1);
        Timers.StartPeriodicTimer("tick", Tick.Instance, tick, tick);
    }

    /// <inheritdoc />
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                Act();
                break;
            case ClusterEvent.UnreachableMember unreachable:
                Changed($"{unreachable.Member.Address} has become unreachable");
                break;
            case ClusterEvent.ReachableMember reachable:
                Changed($"{reachable.Member.Address} has become reachable");
                break;
            case ClusterEvent.ReachabilityChanged:
                // Another observer agrees: the picture is not complete yet.
                Restart();
                break;
            case ClusterEvent.MemberDowned or ClusterEvent.MemberExited or ClusterEvent.MemberLeft:
                // These go out of the vote, but do not make the picture less certain.
                break;
            case ClusterEvent.IMemberEvent:
                Restart();
                break;
        }
    }

    private void Changed(string what)
    {
        Restart();
        if (View().Unreachable.IsEmpty)
            return;
        _unstableSince ??= Stopwatch.GetTimestamp();
        _cluster.LogInfo($"Split brain resolver: {what}; a decision follows when nothing has changed for {_settings.StableAfter}");
    }

    private void Restart() => _stableSince = Stopwatch.GetTimestamp();

    /// <summary>The newest state is looked at, not what the events on their way say.</summary>
    private PartitionView View()
    {
        var state = _cluster.MembershipState;
        return new PartitionView(_cluster.SelfUniqueAddress, state.Members, state.ReachabilityNoDownedObservers,
            [.. state.LatestGossip.Seen.Select(s => s.Address)]);
    }

    private void Act()
    {
        var view = View();
        var undecided = view.Unreachable.Any(u => view.Members.Any(m => m.UniqueAddress.Equals(u) && m.Status != MemberStatus.Down));
        if (!undecided)
        {
            _unstableSince = null;
            return;
        }

        if (!_cluster.MembershipState.IsLeader || _cluster.SelfMember.Status is MemberStatus.Joining or MemberStatus.Removed)
            return;
        if (Stopwatch.GetElapsedTime(_stableSince) >= _settings.StableAfter)
        {
            Down(view, _settings.Strategy.Decide(view));
            return;
        }

        if (_settings.DownAllWhenUnstable is { } longer && _unstableSince is { } since &&
            Stopwatch.GetElapsedTime(since) > _settings.StableAfter + longer)
        {
            _cluster.Log.Warning("Cluster Node [{0}] - Split brain resolver: the membership has been unstable for {1}, all is given up.",
                _cluster.SelfAddress, Stopwatch.GetElapsedTime(since));
            Down(view, Decision.DownAll);
        }
    }

    private void Down(PartitionView view, Decision decision)
    {
        var nodes = _settings.Strategy.NodesToDown(view, decision);
        _cluster.Log.Warning("Cluster Node [{0}] - Split brain resolver decided {1}: [{2}] of [{3}]; unreachable are [{4}]",
            _cluster.SelfAddress, decision, string.Join(", ", nodes.Select(n => n.Address)),
            string.Join(", ", view.Members), string.Join(", ", view.Unreachable.Select(n => n.Address)));
        // This member last, since it would do nothing more after that.
        foreach (var node in nodes.OrderBy(n => n.Equals(_cluster.SelfUniqueAddress) ? 1 : 0))
            _cluster.Down(node.Address);
        Restart();
        _unstableSince = null;
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
