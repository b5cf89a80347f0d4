using Akka.Actor;
using Akka.Cluster.Sharding.Internal;
using Akka.Event;

namespace Akka.Cluster.Sharding;

public sealed partial class ShardRegion
{
    private bool OnCoordinatorMessage(object message)
    {
        switch (message)
        {
            case ShardHome home:
                OnShardHome(home.Shard, home.Region);
                return true;
            case HostShard host:
                OnHostShard(host.Shard);
                return true;
            case RegisterAck ack:
                OnRegistered(ack.Coordinator);
                return true;
            case CoordinatorActive active:
                if (!active.Coordinator.Equals(_coordinator)) RegisterAt(active.Coordinator);
                return true;
            case BeginHandOff begin:
                Forget(begin.Shard);
                Sender.Tell(new BeginHandOffAck(begin.Shard), Self);
                return true;
            case HandOff handOff:
                OnHandOff(handOff);
                return true;
            default:
                return false;
        }
    }

    private void OnShardHome(string shard, IActorRef region)
    {
        if (_homes.TryGetValue(shard, out var known))
        {
            if (known.Equals(region))
            {
                DeliverBuffered(shard);
                return;
            }
            // An answer may be older than what is known only for a shard that runs here, and then the coordinator says so itself.
            if (known.Equals(Self) && _shards.ContainsKey(shard))
            {
                _log.Warning("{0}: shard [{1}] runs here, but its home is said to be [{2}]", _typeName, shard, region);
                return;
            }
            Forget(shard);
        }
        if (IsProxy && region.Equals(Self)) return;
        SetHome(shard, region);
        DeliverBuffered(shard);
    }

    private void OnHostShard(string shard)
    {
        if (_shuttingDown || IsProxy) return;
        if (_homes.TryGetValue(shard, out var known) && !known.Equals(Self)) Forget(shard);
        SetHome(shard, Self);
        if (GetShard(shard) is not null) _coordinator?.Tell(new ShardStarted(shard), Self);
        DeliverBuffered(shard);
    }

    private void SetHome(string shard, IActorRef region)
    {
        _homes[shard] = region;
        if (!_shardsOfRegion.TryGetValue(region, out var shards))
        {
            _shardsOfRegion.Add(region, shards = new HashSet<string>(StringComparer.Ordinal));
            if (!region.Equals(Self)) Context.Watch(region);
        }
        shards.Add(shard);
    }

    private void Forget(string shard)
    {
        if (!_homes.Remove(shard, out var region)) return;
        if (!_shardsOfRegion.TryGetValue(region, out var shards) || !shards.Remove(shard) || shards.Count > 0) return;
        _shardsOfRegion.Remove(region);
        if (!region.Equals(Self)) Context.Unwatch(region);
    }

    private void OnHandOff(HandOff handOff)
    {
        // Messages that came since the begin of the hand-off stay in the buffer for the shard's next home: a message lost is
        // worse here than one that another region's later message overtakes.
        Forget(handOff.Shard);
        if (_shards.TryGetValue(handOff.Shard, out var shard))
        {
            _handingOff.Add(shard);
            shard.Forward(handOff);
            return;
        }
        Sender.Tell(new ShardStopped(handOff.Shard), Self);
    }

    private void OnTerminated(IActorRef actor)
    {
        if (actor.Equals(_coordinator))
        {
            _coordinator = null;
            StartRegistering();
            return;
        }
        if (_shardsOfRegion.Remove(actor, out var shards))
        {
            _log.Debug("{0}: region [{1}] with [{2}] shards is gone", _typeName, actor, shards.Count);
            foreach (var shard in shards)
            {
                _homes.Remove(shard);
                if (_buffers.ContainsKey(shard)) _coordinator?.Tell(new GetShardHome(shard), Self);
            }
            return;
        }
        if (_shardIds.Remove(actor, out var id)) OnShardTerminated(actor, id);
    }

    private void OnShardTerminated(IActorRef actor, string shard)
    {
        _shards.Remove(shard);
        if (_handingOff.Remove(actor))
        {
            _log.Debug("{0}: shard [{1}] has been handed off", _typeName, shard);
            // It may have come back here while it was stopping.
            if (_homes.TryGetValue(shard, out var home) && home.Equals(Self)) OnHostShard(shard);
            else if (_buffers.ContainsKey(shard)) _coordinator?.Tell(new GetShardHome(shard), Self);
        }
        else if (!_shuttingDown)
        {
            _log.Error("{0}: shard [{1}] has failed; it starts again in {2}", _typeName, shard, _settings.TuningParameters.ShardFailureBackoff);
            _coolingDown.Add(shard);
            Context.System.Scheduler.ScheduleTellOnce(
                _settings.TuningParameters.ShardFailureBackoff, Self, new ShardCooledDown(shard), Self);
        }
        CompleteShutdown();
    }

    private void OnMemberEvent(ClusterEvent.IMemberEvent e)
    {
        var member = e.Member;
        var oldest = Oldest();
        if (e is ClusterEvent.MemberRemoved)
        {
            if (member.UniqueAddress == _cluster.SelfUniqueAddress)
            {
                Context.Stop(Self);
                return;
            }
            if (_members.TryGetValue(member.Address, out var known) && known.UniqueAddress == member.UniqueAddress) _members.Remove(member.Address);
        }
        else
        {
            _members[member.Address] = member;
        }
        OnMembersChanged(oldest);
    }

    /// <summary>The coordinator is a singleton, so it is where the oldest member is.</summary>
    private void OnMembersChanged(Member? oldestBefore)
    {
        var oldest = Oldest();
        if (oldest is null || oldest == oldestBefore) return;
        if (oldestBefore is not null && _coordinator is not null)
        {
            Context.Unwatch(_coordinator);
            _coordinator = null;
        }
        if (_coordinator is null) StartRegistering();
    }

    private Member? Oldest() => Candidates().FirstOrDefault();

    private IEnumerable<Member> Candidates() => _members.Values
        .Where(m => m.Status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down)
        .Where(m => _settings.Role is null || m.HasRole(_settings.Role))
        .Order(Member.AgeOrdering);

    private void OnRegistered(IActorRef coordinator)
    {
        _registrationRetry = FirstRegistrationRetry;
        if (!coordinator.Equals(_coordinator))
        {
            if (_coordinator is not null) Context.Unwatch(_coordinator);
            _coordinator = coordinator;
            Context.Watch(coordinator);
            AskForOwnShards();
        }
        AskForHomes();
        if (_shuttingDown) coordinator.Tell(new GracefulShutdownReq(Self), Self);
    }

    /// <summary>
    /// A coordinator whose journal is in memory knows nothing of the shards that ran before it. Being asked, it learns of those
    /// here, and hands them over when this region leaves; one that knows them merely answers.
    /// </summary>
    private void AskForOwnShards()
    {
        if (_shuttingDown) return;
        foreach (var (shard, actor) in _shards)
        {
            if (!_handingOff.Contains(actor)) _coordinator!.Tell(new GetShardHome(shard), Self);
        }
    }

    private void AskForHomes()
    {
        foreach (var shard in _buffers.Keys)
        {
            if (!_homes.ContainsKey(shard)) _coordinator!.Tell(new GetShardHome(shard), Self);
        }
    }

    private void StartRegistering()
    {
        _registrationRetry = FirstRegistrationRetry;
        Retry();
    }

    private void Register()
    {
        // While members leave, the coordinator is at the oldest of them until it has handed over to the next.
        foreach (var member in Candidates())
        {
            var selection = Context.ActorSelection(new RootActorPath(member.Address) + _coordinatorPath);
            selection.Tell(IsProxy ? new RegisterProxy(Self) : new Register(Self), Self);
            if (member.Status == MemberStatus.Up) break;
        }
    }

    private void RegisterAt(IActorRef coordinator) => coordinator.Tell(IsProxy ? new RegisterProxy(Self) : new Register(Self), Self);

    /// <summary>Repeats whatever got no answer: quickly at first while there is no coordinator, since one may be just starting.</summary>
    private void Retry()
    {
        _retryTimer?.Cancel();
        var interval = _settings.TuningParameters.RetryInterval;
        var delay = interval;
        if (_coordinator is null)
        {
            Register();
            delay = _registrationRetry < interval ? _registrationRetry : interval;
            _registrationRetry *= 2;
            if (_registrationRetry > interval) _registrationRetry = interval;
            if (_buffered > 0 && delay == interval) _log.Warning("{0}: no coordinator yet, [{1}] messages are waiting", _typeName, _buffered);
        }
        else
        {
            AskForHomes();
            foreach (var shard in _buffers.Keys.ToList()) DeliverBuffered(shard);
            if (_shuttingDown) _coordinator.Tell(new GracefulShutdownReq(Self), Self);
        }
        CompleteShutdown(giveUpBuffers: true);
        _retryTimer = new Cancelable(Context.System.Scheduler.Advanced);
        Context.System.Scheduler.ScheduleTellOnce(delay, Self, Tick.Retry, Self, _retryTimer);
    }

    private void OnGracefulShutdown()
    {
        _shuttingDown = true;
        _coordinator?.Tell(new GracefulShutdownReq(Self), Self);
        CompleteShutdown();
    }

    /// <summary>
    /// Stops once all shards are gone. What is buffered gets until the next retry to find a new home; with the last region of the
    /// cluster there is none, and the process must not wait for it.
    /// </summary>
    private void CompleteShutdown(bool giveUpBuffers = false)
    {
        if (_shuttingDown && _shards.Count == 0 && (_buffered == 0 || giveUpBuffers)) Context.Stop(Self);
    }
}
