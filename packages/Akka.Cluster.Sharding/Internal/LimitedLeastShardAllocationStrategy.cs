using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>Reaches the even distribution in at most two kinds of steps, moving no more in a round than the limits allow.</summary>
internal sealed class LimitedLeastShardAllocationStrategy(int absoluteLimit, double relativeLimit) : AbstractLeastShardAllocationStrategy
{
    public override Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
        Task.FromResult<IImmutableSet<string>>(Choose(currentShardAllocations, rebalanceInProgress));

    private ImmutableHashSet<string> Choose(
        IImmutableDictionary<IActorRef, IImmutableList<string>> allocations, IImmutableSet<string> inProgress)
    {
        // One round at a time: the counts are only right when nothing is moving.
        if (inProgress.Count > 0 || allocations.Count < 2) return [];
        var total = allocations.Values.Sum(s => s.Count);
        var limit = Math.Max(1, Math.Min((int)(relativeLimit * total), absoluteLimit > 0 ? absoluteLimit : int.MaxValue));
        var optimum = (total + allocations.Count - 1) / allocations.Count;

        // First what lies above the optimum; then, where some region is short by two or more, one from each full region.
        var above = allocations.Values.SelectMany(s => s.Skip(optimum)).Take(limit).ToImmutableHashSet();
        if (above.Count > 0) return above;
        var missing = allocations.Values.Where(s => s.Count < optimum - 1).Sum(s => optimum - 1 - s.Count);
        if (missing == 0) return [];
        return allocations.Values.Where(s => s.Count >= optimum).Select(s => s[0]).Take(Math.Min(limit, missing)).ToImmutableHashSet();
    }
}
