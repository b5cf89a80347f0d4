using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Internal;
using Akka.Event;
using Akka.Util;

namespace Akka.Cluster.Sharding;

public sealed partial class ShardRegion
{
    private void OnQuery(IShardRegionQuery query)
    {
        var (sender, self) = (Sender, Self);
        switch (query)
        {
            case GetShardRegionState:
                AskShards(
                    answers => new CurrentShardRegionState(
                        answers.Where(a => a.State is not null).Select(a => a.State!).ToImmutableHashSet(), Failed(answers)))
                    .PipeTo(sender, self);
                break;
            case GetShardRegionStats:
                AskShards(
                    answers => new ShardRegionStats(
                        answers.Where(a => a.State is not null).ToImmutableDictionary(a => a.Shard, a => a.State!.EntityIds.Count), Failed(answers)))
                    .PipeTo(sender, self);
                break;
            case GetCurrentRegions or GetClusterShardingStats:
                if (_coordinator is not null) _coordinator.Forward(query);
                else _log.Warning("{0}: no coordinator yet, so a [{1}] is not answered", _typeName, query.GetType().Name);
                break;
            case GetEntityLocation location:
                Locate(location, sender, self);
                break;
            default:
                Unhandled(query);
                break;
        }
    }

    private static ImmutableHashSet<string> Failed(IEnumerable<(string Shard, ShardState? State)> answers) =>
        answers.Where(a => a.State is null).Select(a => a.Shard).ToImmutableHashSet();

    private async Task<T> AskShards<T>(Func<IReadOnlyList<(string Shard, ShardState? State)>, T> combine)
    {
        var timeout = _settings.ShardRegionQueryTimeout;
        var answers = await Task.WhenAll(_shards.ToList().Select(async s =>
        {
            try
            {
                return (s.Key, (ShardState?)await s.Value.Ask<ShardState>(GetCurrentShardState.Instance, timeout).ConfigureAwait(false));
            }
            catch (Exception)
            {
                return (s.Key, null);
            }
        })).ConfigureAwait(false);
        return combine(answers);
    }

    private void Locate(GetEntityLocation query, IActorRef sender, IActorRef self)
    {
        var unknown = new EntityLocation(query.EntityId, "", Address.AllSystems, Option<IActorRef>.None);
        string shard;
        try
        {
            shard = _extractor.ShardId(query.EntityId);
        }
        catch (Exception e)
        {
            _log.Warning("{0}: no shard for entity [{1}]: {2}", _typeName, query.EntityId, e.Message);
            sender.Tell(unknown, self);
            return;
        }
        if (string.IsNullOrEmpty(shard))
        {
            sender.Tell(unknown, self);
            return;
        }
        if (!_homes.TryGetValue(shard, out var region))
        {
            sender.Tell(new EntityLocation(query.EntityId, shard, Address.AllSystems, Option<IActorRef>.None), self);
            return;
        }
        var address = region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address;
        var entity = Context.ActorSelection(region.Path / ClusterSharding.Encode(shard) / ClusterSharding.Encode(query.EntityId));
        async Task<EntityLocation> Find()
        {
            try
            {
                var found = await entity.ResolveOne(query.Timeout).ConfigureAwait(false);
                return new EntityLocation(query.EntityId, shard, address, new Option<IActorRef>(found));
            }
            catch (ActorNotFoundException)
            {
                return new EntityLocation(query.EntityId, shard, address, Option<IActorRef>.None);
            }
        }
        Find().PipeTo(sender, self);
    }
}
