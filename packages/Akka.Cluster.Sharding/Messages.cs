using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster.Sharding;

/// <summary>Marks what sharding sends between processes or journals; see the serializer of that name.</summary>
public interface IClusterShardingSerializable;

/// <summary>Marks a command to a shard region.</summary>
public interface IShardRegionCommand;

/// <summary>Marks a question to a shard region.</summary>
public interface IShardRegionQuery;

/// <summary>A message with the id of the entity that it is for.</summary>
public sealed class ShardingEnvelope(string entityId, object message) : IWrappedMessage, IClusterShardingSerializable, IEquatable<ShardingEnvelope>
{
    /// <summary>For whom.</summary>
    public string EntityId { get; } = entityId;

    /// <summary>The message itself.</summary>
    public object Message { get; } = message;

    /// <inheritdoc/>
    public bool Equals(ShardingEnvelope? other) => other is not null && other.EntityId == EntityId && Equals(other.Message, Message);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ShardingEnvelope);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(EntityId, Message);
}

/// <summary>
/// An entity sends this to its parent, the shard, when it wants to stop: it gets the stop message back, and what arrives for it
/// meanwhile is kept and starts it again.
/// </summary>
public sealed class Passivate(object stopMessage) : IShardRegionCommand
{
    /// <summary>What the entity wants to be stopped with.</summary>
    public object StopMessage { get; } = stopMessage;
}

/// <summary>A region hands over all its shards and then stops.</summary>
public sealed class GracefulShutdown : IShardRegionCommand
{
    /// <summary>The only instance.</summary>
    public static readonly GracefulShutdown Instance = new();

    private GracefulShutdown()
    {
    }
}

/// <summary>Asks a region for its shards and their entities; the answer is <see cref="CurrentShardRegionState"/>.</summary>
public sealed class GetShardRegionState : IShardRegionQuery, IClusterShardingSerializable
{
    /// <summary>The only instance.</summary>
    public static readonly GetShardRegionState Instance = new();

    private GetShardRegionState()
    {
    }
}

/// <summary>The shards of a region and their entities.</summary>
public sealed class CurrentShardRegionState(IImmutableSet<ShardState> shards, IImmutableSet<string> failed) : IClusterShardingSerializable
{
    /// <summary>The shards that answered.</summary>
    public readonly IImmutableSet<ShardState> Shards = shards;

    /// <summary>Ids of the shards that did not answer in time.</summary>
    public readonly IImmutableSet<string> Failed = failed;

    /// <summary>Every shard answered.</summary>
    public CurrentShardRegionState(IImmutableSet<ShardState> shards) : this(shards, ImmutableHashSet<string>.Empty)
    {
    }
}

/// <summary>A shard and its entities.</summary>
public sealed class ShardState(string shardId, IImmutableSet<string> entityIds) : IClusterShardingSerializable, IEquatable<ShardState>
{
    /// <summary>The shard.</summary>
    public readonly string ShardId = shardId;

    /// <summary>Its entities.</summary>
    public readonly IImmutableSet<string> EntityIds = entityIds;

    /// <inheritdoc/>
    public bool Equals(ShardState? other) => other is not null && other.ShardId == ShardId && other.EntityIds.SetEquals(EntityIds);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ShardState);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ShardId, EntityIds.Count);
}

/// <summary>Asks a region how many entities its shards have; the answer is <see cref="ShardRegionStats"/>.</summary>
public sealed class GetShardRegionStats : IShardRegionQuery, IClusterShardingSerializable
{
    /// <summary>The only instance.</summary>
    public static readonly GetShardRegionStats Instance = new();

    private GetShardRegionStats()
    {
    }
}

/// <summary>Number of entities by shard.</summary>
public sealed class ShardRegionStats(IImmutableDictionary<string, int> stats, IImmutableSet<string> failed) : IClusterShardingSerializable
{
    /// <summary>Number of entities by shard.</summary>
    public readonly IImmutableDictionary<string, int> Stats = stats;

    /// <summary>Ids of the shards that did not answer in time.</summary>
    public readonly IImmutableSet<string> Failed = failed;

    /// <summary>Every shard answered.</summary>
    public ShardRegionStats(IImmutableDictionary<string, int> stats) : this(stats, ImmutableHashSet<string>.Empty)
    {
    }
}

/// <summary>Asks for the addresses of all regions of the type; the answer is <see cref="CurrentRegions"/>.</summary>
public sealed class GetCurrentRegions : IShardRegionQuery, IClusterShardingSerializable
{
    /// <summary>The only instance.</summary>
    public static readonly GetCurrentRegions Instance = new();

    private GetCurrentRegions()
    {
    }
}

/// <summary>The addresses of all regions of a type.</summary>
public sealed class CurrentRegions(IImmutableSet<Address> regions) : IClusterShardingSerializable
{
    /// <summary>The addresses.</summary>
    public readonly IImmutableSet<Address> Regions = regions;
}

/// <summary>Asks for the numbers of entities in the whole cluster; the answer is <see cref="ClusterShardingStats"/>.</summary>
/// <param name="timeout">How long a region may take.</param>
public sealed class GetClusterShardingStats(TimeSpan timeout) : IShardRegionQuery, IClusterShardingSerializable
{
    /// <summary>How long a region may take.</summary>
    public readonly TimeSpan Timeout = timeout;
}

/// <summary>The numbers of entities in the whole cluster.</summary>
public sealed class ClusterShardingStats(IImmutableDictionary<Address, ShardRegionStats> regions) : IClusterShardingSerializable
{
    /// <summary>By the address of the region.</summary>
    public readonly IImmutableDictionary<Address, ShardRegionStats> Regions = regions;
}

/// <summary>Asks a region where an entity is; the answer is <see cref="EntityLocation"/>. The entity is not started by it.</summary>
public sealed class GetEntityLocation(string entityId, TimeSpan timeout) : IShardRegionQuery
{
    /// <summary>Which entity.</summary>
    public string EntityId { get; } = entityId;

    /// <summary>How long the search may take.</summary>
    public TimeSpan Timeout { get; } = timeout;
}

/// <summary>Where an entity is.</summary>
public sealed class EntityLocation(string entityId, string shardId, Address shardRegion, Option<IActorRef> entityRef)
{
    /// <summary>Which entity.</summary>
    public string EntityId { get; } = entityId;

    /// <summary>Its shard; empty where the extractor knows none.</summary>
    public string ShardId { get; } = shardId;

    /// <summary>The region of that shard; <see cref="Address.AllSystems"/> where that is not known.</summary>
    public Address ShardRegion { get; } = shardRegion;

    /// <summary>The entity, if it is running.</summary>
    public Option<IActorRef> EntityRef { get; } = entityRef;
}
