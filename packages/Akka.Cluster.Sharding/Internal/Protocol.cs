using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

// Between regions and the coordinator.

/// <summary>A region presents itself.</summary>
internal sealed record Register(IActorRef Region) : IClusterShardingSerializable, IDeadLetterSuppression;

/// <summary>A proxy presents itself.</summary>
internal sealed record RegisterProxy(IActorRef Proxy) : IClusterShardingSerializable, IDeadLetterSuppression;

/// <summary>The coordinator knows the region now.</summary>
internal sealed record RegisterAck(IActorRef Coordinator) : IClusterShardingSerializable;

/// <summary>A coordinator has just become active: regions that look for one need not wait for their next try.</summary>
internal sealed record CoordinatorActive(IActorRef Coordinator) : IClusterShardingSerializable, IDeadLetterSuppression;

/// <summary>Where is the shard? It is allocated if it is nowhere.</summary>
internal sealed record GetShardHome(string Shard) : IClusterShardingSerializable, IDeadLetterSuppression;

/// <summary>The shard is in that region.</summary>
internal sealed record ShardHome(string Shard, IActorRef Region) : IClusterShardingSerializable;

/// <summary>The region is to run the shard.</summary>
internal sealed record HostShard(string Shard) : IClusterShardingSerializable;

/// <summary>The region runs the shard.</summary>
internal sealed record ShardStarted(string Shard) : IClusterShardingSerializable;

/// <summary>The shard is going to move: forget where it is.</summary>
internal sealed record BeginHandOff(string Shard) : IClusterShardingSerializable;

/// <summary>The region has forgotten where the shard is.</summary>
internal sealed record BeginHandOffAck(string Shard) : IClusterShardingSerializable;

/// <summary>The region that runs the shard is to stop it.</summary>
internal sealed record HandOff(string Shard) : IClusterShardingSerializable;

/// <summary>All entities of the shard have stopped.</summary>
internal sealed record ShardStopped(string Shard) : IClusterShardingSerializable;

/// <summary>The region wants to be rid of its shards.</summary>
internal sealed record GracefulShutdownReq(IActorRef Region) : IClusterShardingSerializable, IDeadLetterSuppression;

// What the coordinator journals.

/// <summary>Something that the coordinator decided.</summary>
internal interface IDomainEvent : IClusterShardingSerializable;

internal sealed record ShardRegionRegistered(IActorRef Region) : IDomainEvent;

internal sealed record ShardRegionTerminated(IActorRef Region) : IDomainEvent;

internal sealed record ShardHomeAllocated(string Shard, IActorRef Region) : IDomainEvent;

internal sealed record ShardHomeDeallocated(string Shard) : IDomainEvent;

/// <summary>The coordinator's snapshot.</summary>
internal sealed record CoordinatorSnapshot(
    ImmutableDictionary<string, IActorRef> Shards, ImmutableHashSet<IActorRef> Regions, ImmutableHashSet<string> Unallocated)
    : IClusterShardingSerializable;

// What the store of remembered entities journals.

internal sealed record EntitiesStarted(ImmutableArray<string> EntityIds) : IClusterShardingSerializable;

internal sealed record EntitiesStopped(ImmutableArray<string> EntityIds) : IClusterShardingSerializable;

internal sealed record RememberedEntities(ImmutableHashSet<string> EntityIds) : IClusterShardingSerializable;

// Within a region.

/// <summary>Which entities does the shard have?</summary>
internal sealed record GetCurrentShardState : IClusterShardingSerializable
{
    public static readonly GetCurrentShardState Instance = new();
}

/// <summary>A time to look at something again.</summary>
internal enum Tick
{
    Retry,
    Rebalance,
    Passivate,
    Recovery,
}
