using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.Internal;

namespace Packages.Conformance.Sharding;

public sealed class AllocationTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("allocation");
    private readonly List<IActorRef> _regions;

    public AllocationTests() =>
        _regions = [.. Enumerable.Range(0, 3).Select(i => _system.ActorOf(Props.Create(() => new Idle()), "region" + i))];

    public void Dispose() => _system.Terminate().Wait(TimeSpan.FromSeconds(20));

    [Fact]
    public async Task LeastShards_AllocatesWhereThereAreFewest()
    {
        var strategy = new LeastShardAllocationStrategy(1, 3);
        Assert.Equal(_regions[1], await strategy.AllocateShard(_regions[0], "x", Of(2, 1, 2)));
        Assert.Equal(_regions[2], await strategy.AllocateShard(_regions[2], "x", Of(1, 1, 1)));
    }

    [Theory]
    [InlineData(5, 1, 0, 3)]
    [InlineData(2, 1, 1, 0)]
    [InlineData(3, 1, 1, 1)]
    public async Task LeastShards_RebalancesAboveTheThreshold(int first, int second, int third, int moved)
    {
        var chosen = await new LeastShardAllocationStrategy(1, 3).Rebalance(Of(first, second, third), ImmutableHashSet<string>.Empty);
        Assert.Equal(moved, chosen.Count);
        Assert.All(chosen, s => Assert.StartsWith("0-", s, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(100, 1.0, 9, 0, 0, 6)]
    [InlineData(2, 1.0, 9, 0, 0, 2)]
    [InlineData(100, 0.1, 20, 0, 10, 3)]
    [InlineData(100, 1.0, 3, 3, 3, 0)]
    [InlineData(100, 1.0, 3, 3, 1, 1)]
    public async Task LimitedLeastShards_MovesWhatIsAboveTheMean(int absolute, double relative, int first, int second, int third, int moved)
    {
        var strategy = ShardAllocationStrategy.LeastShardAllocationStrategy(absolute, relative);
        Assert.Equal(moved, (await strategy.Rebalance(Of(first, second, third), ImmutableHashSet<string>.Empty)).Count);
    }

    [Fact]
    public void CoordinatorState_OddEvents_AreToldAndWorkedAround()
    {
        var state = new CoordinatorState(rememberEntities: true);
        Assert.Null(state.Apply(new ShardRegionRegistered(_regions[0])));
        Assert.Null(state.Apply(new ShardHomeAllocated("a", _regions[0])));
        Assert.Contains("already", state.Apply(new ShardHomeAllocated("a", _regions[1])), StringComparison.Ordinal);
        Assert.Equal(_regions[1], state.Homes["a"]);
        Assert.Empty(state.ShardsOf(_regions[0]));
        Assert.Contains("not registered", state.Apply(new ShardHomeAllocated("b", _regions[2])), StringComparison.Ordinal);
        Assert.Equal(["b"], state.ShardsOf(_regions[2]));
        Assert.NotNull(state.Apply(new ShardRegionRegistered(_regions[2])));
        Assert.NotNull(state.Apply(new ShardHomeDeallocated("unknown")));
        Assert.Null(state.Apply(new ShardRegionTerminated(_regions[1])));
        Assert.NotNull(state.Apply(new ShardRegionTerminated(_regions[1])));
        Assert.Equal(["a"], state.Unallocated);

        var restored = new CoordinatorState(rememberEntities: true);
        restored.Restore(state.ToSnapshot());
        Assert.Equal(state.Homes.OrderBy(h => h.Key), restored.Homes.OrderBy(h => h.Key));
        Assert.Equal(state.Unallocated, restored.Unallocated);
        Assert.Equal(2, restored.Regions.Count);
    }

    [Fact]
    public void HashCodeExtractor_GivesAStableShard()
    {
        var extractor = HashCodeMessageExtractor.Create(10, m => (string)m);
        var shards = Enumerable.Range(0, 1000).Select(i => extractor.ShardId("entity" + i)).ToList();
        Assert.Equal(10, shards.Distinct().Count());
        Assert.Equal(shards, Enumerable.Range(0, 1000).Select(i => extractor.ShardId("entity" + i, "a hint")));
    }

    private ImmutableDictionary<IActorRef, IImmutableList<string>> Of(params int[] counts) => counts
        .Select((count, region) => (Region: region, Shards: Enumerable.Range(0, count).Select(i => $"{region}-{i}").ToImmutableList()))
        .ToImmutableDictionary(r => _regions[r.Region], r => (IImmutableList<string>)r.Shards);

    private sealed class Idle : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }
}
