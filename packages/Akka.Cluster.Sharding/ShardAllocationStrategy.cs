using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding;

/// <summary>Decides where a shard goes and which shards move. Runs inside the coordinator.</summary>
public interface IShardAllocationStrategy : INoSerializationVerificationNeeded
{
    /// <summary>The region that gets the shard: one of the keys of the allocations.</summary>
    Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations);

    /// <summary>The shards that are to move.</summary>
    Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress);
}

/// <summary>A strategy that needs to be started.</summary>
public interface IStartableAllocationStrategy : IShardAllocationStrategy
{
    /// <summary>Called before the first use.</summary>
    void Start();
}

/// <summary>A strategy that needs the actor system.</summary>
public interface IActorSystemDependentAllocationStrategy : IShardAllocationStrategy
{
    /// <summary>Called before the first use.</summary>
    void Start(ActorSystem system);
}

/// <summary>Makes allocation strategies.</summary>
public static class ShardAllocationStrategy
{
    /// <summary>New shards go where there are fewest; shards move until all regions have about the same number.</summary>
    /// <param name="absoluteLimit">Most shards that move in one round (count).</param>
    /// <param name="relativeLimit">Most shards that move in one round (share of all); the lower of the two limits counts, but at least one moves.</param>
    public static IShardAllocationStrategy LeastShardAllocationStrategy(int absoluteLimit, double relativeLimit) =>
        new Internal.LimitedLeastShardAllocationStrategy(absoluteLimit, relativeLimit);
}

/// <summary>New shards go to the region with the fewest.</summary>
public abstract class AbstractLeastShardAllocationStrategy : IShardAllocationStrategy
{
    /// <inheritdoc/>
    public virtual Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        IActorRef? best = null;
        var fewest = int.MaxValue;
        foreach (var (region, shards) in currentShardAllocations)
        {
            // Of equals the requester, which spares a hop between processes.
            if (shards.Count < fewest || (shards.Count == fewest && region.Equals(requester))) (best, fewest) = (region, shards.Count);
        }
        return Task.FromResult(best ?? throw new InvalidOperationException("there is no region to allocate to"));
    }

    /// <inheritdoc/>
    public abstract Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress);
}

/// <summary>Moves shards from the fullest region to the emptiest, a few at a time.</summary>
public class LeastShardAllocationStrategy(int rebalanceThreshold, int maxSimultaneousRebalance) : AbstractLeastShardAllocationStrategy
{
    /// <inheritdoc/>
    public override Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        IImmutableSet<string> none = ImmutableHashSet<string>.Empty;
        if (rebalanceInProgress.Count >= maxSimultaneousRebalance || currentShardAllocations.Count == 0) return Task.FromResult(none);
        var fewest = currentShardAllocations.Values.Min(s => s.Count);
        var fullest = currentShardAllocations.Values.Select(s => s.Where(id => !rebalanceInProgress.Contains(id)).ToList()).MaxBy(s => s.Count)!;
        var difference = fullest.Count - fewest;
        if (difference <= rebalanceThreshold) return Task.FromResult(none);
        var count = Math.Min(difference - rebalanceThreshold, maxSimultaneousRebalance - rebalanceInProgress.Count);
        return Task.FromResult<IImmutableSet<string>>(fullest.Take(count).ToImmutableHashSet());
    }
}
