using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.Internal;
using Akka.Serialization;
using Packages.Conformance.PersistenceSql;

namespace Packages.Conformance.Sharding;

[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit disposes through IAsyncLifetime")]
public sealed class ShardingSerializerTests : IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private ShardingNode _node = null!;

    public Task InitializeAsync()
    {
        _node = new ShardingNode(_scratch.File("journal.db"));
        ClusterSharding.Get(_node.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public void Messages_ComeBackAsTheyWere()
    {
        var actor = _node.System.DeadLetters;
        foreach (var message in new object[]
        {
            new Register(actor), new RegisterProxy(actor), new RegisterAck(actor), new CoordinatorActive(actor), new GetShardHome("a b/ü"),
            new ShardHome("a", actor), new HostShard("a"), new ShardStarted("a"), new BeginHandOff("a"), new BeginHandOffAck("a"),
            new HandOff("a"), new ShardStopped("a"), new GracefulShutdownReq(actor), new ShardRegionRegistered(actor),
            new ShardRegionTerminated(actor), new ShardHomeAllocated("a", actor), new ShardHomeDeallocated("a"),
            new ShardState("a", ImmutableHashSet.Create("x", "y")), new ShardingEnvelope("e", "text"),
        })
        {
            Assert.Equal(message, RoundTrip(message));
        }
        // An ImmutableArray equals only itself: its elements are what is compared.
        Assert.Equal(new[] { "x", "y" }, ((EntitiesStarted)RoundTrip(new EntitiesStarted(["x", "y"]))).EntityIds.ToArray());
        Assert.Equal(["x"], ((RememberedEntities)RoundTrip(new RememberedEntities(["x"]))).EntityIds);
        Assert.Same(GetShardRegionStats.Instance, RoundTrip(GetShardRegionStats.Instance));
        var stats = new ClusterShardingStats(ImmutableDictionary<Address, ShardRegionStats>.Empty.Add(
            _node.Cluster.SelfAddress, new ShardRegionStats(ImmutableDictionary<string, int>.Empty.Add("a", 7))));
        Assert.Equal(7, ((ClusterShardingStats)RoundTrip(stats)).Regions[_node.Cluster.SelfAddress].Stats["a"]);
        var snapshot = (CoordinatorSnapshot)RoundTrip(new CoordinatorSnapshot(
            ImmutableDictionary<string, IActorRef>.Empty.Add("a", actor), [actor], ["b"]));
        Assert.Equal(("a", "b"), (snapshot.Shards.Keys.Single(), snapshot.Unallocated.Single()));
    }

    [Fact]
    public void Envelope_IsWrittenWithItsOwnSerializer()
    {
        var serializer = _node.System.Serialization.FindSerializerFor(new ShardingEnvelope("e", "text"));
        Assert.Equal(13, serializer.Identifier);
        Assert.IsAssignableFrom<SerializerWithStringManifest>(serializer);
        Assert.Throws<ArgumentException>(() => ((SerializerWithStringManifest)serializer).FromBinary([], "??"));
    }

    private object RoundTrip(object message)
    {
        var serialization = _node.System.Serialization;
        var serializer = (SerializerWithStringManifest)serialization.FindSerializerFor(message);
        return serialization.Deserialize(serializer.ToBinary(message), serializer.Identifier, serializer.Manifest(message));
    }
}
