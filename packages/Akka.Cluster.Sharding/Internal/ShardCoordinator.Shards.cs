using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

internal sealed partial class ShardCoordinator
{
    /// <summary>An allocation under way: who waits for it and, once it is decided, where to.</summary>
    private sealed class Allocation
    {
        public HashSet<IActorRef> Waiting { get; } = [];

        public IActorRef? Region { get; set; }
    }

    /// <summary>A shard on the move.</summary>
    private sealed record Move(IActorRef Worker, HashSet<IActorRef> Waiting);

    /// <summary>The strategy's answer; without a region it has failed.</summary>
    private sealed record StrategyDecided(string Shard, IActorRef? Region, Exception? Failure);

    private sealed record RebalanceDecided(IImmutableSet<string> Shards);

    private sealed record ShardUnstarted(string Shard);

    private void OnGetShardHome(string shard, IActorRef sender)
    {
        if (_moving.TryGetValue(shard, out var move))
        {
            move.Waiting.Add(sender);
            return;
        }
        if (_state.Homes.TryGetValue(shard, out var home))
        {
            // A region that has just died has its shards for a moment longer, until its end is written.
            if (_terminating.Contains(home)) Defer(shard, sender);
            else sender.Tell(new ShardHome(shard, home), Self);
            return;
        }
        if (_allocating.TryGetValue(shard, out var allocation))
        {
            allocation.Waiting.Add(sender);
            return;
        }
        Allocate(shard, sender);
    }

    private void Defer(string shard, IActorRef requester) => _deferred.Add((shard, requester));

    /// <summary>Regions have come or gone: what could not be decided before is looked at again.</summary>
    private void RetryDeferred()
    {
        var deferred = _deferred.ToList();
        _deferred.Clear();
        foreach (var (shard, requester) in deferred) OnGetShardHome(shard, requester);
    }

    private void Allocate(string shard, IActorRef requester)
    {
        var candidates = Candidates();
        if (candidates.IsEmpty)
        {
            Defer(shard, requester);
            return;
        }
        var allocation = new Allocation();
        allocation.Waiting.Add(requester);
        _allocating.Add(shard, allocation);
        Task<IActorRef> decision;
        try
        {
            decision = _strategy.AllocateShard(requester, shard, candidates);
        }
        catch (Exception e)
        {
            decision = Task.FromException<IActorRef>(e);
        }
        if (decision.IsCompletedSuccessfully)
        {
            OnStrategyDecided(new StrategyDecided(shard, decision.Result, null));
            return;
        }
        decision.PipeTo(Self, Self, region => new StrategyDecided(shard, region, null), e => new StrategyDecided(shard, null, e));
    }

    /// <summary>The regions that may get a shard, with those on their way counted in.</summary>
    private ImmutableDictionary<IActorRef, IImmutableList<string>> Candidates()
    {
        var candidates = _state.Allocations;
        foreach (var region in _leaving.Concat(_terminating)) candidates = candidates.Remove(region);
        foreach (var (shard, allocation) in _allocating)
        {
            if (allocation.Region is { } region && candidates.TryGetValue(region, out var shards))
            {
                candidates = candidates.SetItem(region, shards.Add(shard));
            }
        }
        return candidates;
    }

    private void OnStrategyDecided(StrategyDecided message)
    {
        if (!_allocating.TryGetValue(message.Shard, out var allocation)) return;
        var region = message.Region;
        if (region is null || !_state.Knows(region) || _terminating.Contains(region) || _leaving.Contains(region))
        {
            if (message.Failure is not null) _log.Error(message.Failure, "{0}: the allocation of shard [{1}] failed", _typeName, message.Shard);
            else _log.Debug("{0}: shard [{1}] cannot be allocated to [{2}]; it is asked for again", _typeName, message.Shard, region);
            _allocating.Remove(message.Shard);
            return;
        }
        allocation.Region = region;
        PersistAsync(new ShardHomeAllocated(message.Shard, region), e =>
        {
            // The region may have gone while this was being written: then its end is next in the log and frees the shard.
            Update(e);
            _allocating.Remove(e.Shard);
            if (_terminating.Contains(e.Region))
            {
                foreach (var waiting in allocation.Waiting) Defer(e.Shard, waiting);
                return;
            }
            Host(e.Shard, e.Region);
            foreach (var waiting in allocation.Waiting.Where(w => !w.Equals(Self))) waiting.Tell(new ShardHome(e.Shard, e.Region), Self);
        });
    }

    private void Host(string shard, IActorRef region)
    {
        region.Tell(new HostShard(shard), Self);
        Started(shard);
        var timer = new Cancelable(Context.System.Scheduler.Advanced);
        Context.System.Scheduler.ScheduleTellOnce(_settings.TuningParameters.ShardStartTimeout, Self, new ShardUnstarted(shard), Self, timer);
        _unstarted[shard] = timer;
    }

    private void OnShardStarted(string shard) => Started(shard);

    private void Started(string shard)
    {
        if (_unstarted.Remove(shard, out var timer)) timer.Cancel();
    }

    private void ResendHostShard(string shard)
    {
        if (_unstarted.ContainsKey(shard) && _state.Homes.TryGetValue(shard, out var region)) Host(shard, region);
    }

    /// <summary>Shards with remembered entities run without being asked for.</summary>
    private void AllocateRemembered()
    {
        if (!_settings.RememberEntities) return;
        foreach (var shard in _state.Unallocated.ToList()) OnGetShardHome(shard, Self);
    }

    private void Rebalance()
    {
        AllocateRemembered();
        if (_askingStrategy || _state.Regions.Count == 0) return;
        Task<IImmutableSet<string>> decision;
        try
        {
            decision = _strategy.Rebalance(Candidates(), _moving.Keys.ToImmutableHashSet(StringComparer.Ordinal));
        }
        catch (Exception e)
        {
            decision = Task.FromException<IImmutableSet<string>>(e);
        }
        _askingStrategy = true;
        var (log, type) = (_log, _typeName);
        decision.PipeTo(
            Self, Self, shards => new RebalanceDecided(shards),
            e =>
            {
                log.Error(e, "{0}: the rebalance strategy failed", type);
                return new RebalanceDecided(ImmutableHashSet<string>.Empty);
            });
    }

    private void OnRebalanceDecided(IImmutableSet<string> shards)
    {
        _askingStrategy = false;
        foreach (var shard in shards) MoveAway(shard);
    }

    private void MoveAway(string shard)
    {
        if (_moving.ContainsKey(shard) || !_state.Homes.TryGetValue(shard, out var from) || _terminating.Contains(from)) return;
        var informed = new HashSet<IActorRef>(_state.Regions.Where(r => !_terminating.Contains(r)));
        informed.UnionWith(_proxies);
        var timeout = _settings.TuningParameters.HandOffTimeout;
        var worker = Context.ActorOf(Props.Create(() => new HandOffWorker(shard, from, timeout, informed)));
        _moving.Add(shard, new Move(worker, []));
        _log.Debug("{0}: shard [{1}] moves away from [{2}]", _typeName, shard, from);
    }

    private void OnHandOffDone(HandOffDone done)
    {
        if (!_moving.TryGetValue(done.Shard, out var move)) return;
        if (!done.Stopped || !_state.Homes.TryGetValue(done.Shard, out var from))
        {
            // It stays where it is, or has already lost its home together with its region.
            Moved(done.Shard, move);
            if (!done.Stopped && _state.Homes.TryGetValue(done.Shard, out var home) && _leaving.Contains(home)) MoveAway(done.Shard);
            return;
        }
        if (_terminating.Contains(from))
        {
            Moved(done.Shard, move);
            return;
        }
        PersistAsync(new ShardHomeDeallocated(done.Shard), e =>
        {
            Started(e.Shard);
            if (_state.Homes.ContainsKey(e.Shard)) Update(e);
            Moved(e.Shard, move);
            AllocateRemembered();
        });
    }

    private void Moved(string shard, Move move)
    {
        _moving.Remove(shard);
        foreach (var waiting in move.Waiting) OnGetShardHome(shard, waiting);
    }

    private void OnGracefulShutdown(IActorRef region)
    {
        if (!_state.Knows(region)) return;
        if (_leaving.Add(region)) _log.Info("{0}: region [{1}] is leaving and hands over [{2}] shards", _typeName, region, _state.ShardsOf(region).Count);
        foreach (var shard in _state.ShardsOf(region).ToList()) MoveAway(shard);
    }
}
