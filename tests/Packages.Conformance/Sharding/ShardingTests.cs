using Akka.Actor;
using Akka.Cluster.Sharding;
using Packages.Conformance.Persistence;
using Packages.Conformance.PersistenceSql;

namespace Packages.Conformance.Sharding;

public sealed class ShardingTests : IDisposable
{
    private static readonly TimeSpan Patience = ShardingNode.Patience;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private string Journal => _scratch.File("journal.db");

    [Fact]
    public async Task Message_ReachesItsEntity_ByReference()
    {
        await using var node = new ShardingNode(Journal);
        using var observer = new Observer(node.System);
        var region = node.Start("thing", observer.Ref);
        await node.Join(node);
        var message = new object();
        Assert.Same(message, await region.Ask<object>(new To("a-1", message), Patience));
        Assert.Equal("started a-1", observer.Next());
        var identity = await region.Ask<Identity>(new To("a-1", new WhoAreYou()), Patience);
        Assert.Equal("/system/sharding/thing/a/a-1", identity.Path);
        Assert.Equal("b-7", (await region.Ask<Identity>(new ShardingEnvelope("b-7", new WhoAreYou()), Patience)).Entity);
    }

    [Fact]
    public async Task Queries_TellShardsAndEntities()
    {
        await using var node = new ShardingNode(Journal);
        using var observer = new Observer(node.System);
        var region = node.Start("thing", observer.Ref);
        await node.Join(node);
        foreach (var id in new[] { "a-1", "a-2", "b-1" }) await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience);

        var state = await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Patience);
        Assert.Equal(["a", "b"], state.Shards.Select(s => s.ShardId).Order());
        Assert.Equal(["a-1", "a-2"], state.Shards.Single(s => s.ShardId == "a").EntityIds.Order());
        var stats = await region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, Patience);
        Assert.Equal(2, stats.Stats["a"]);
        var regions = await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, Patience);
        Assert.Equal([node.Cluster.SelfAddress], regions.Regions);
        var all = await region.Ask<ClusterShardingStats>(new GetClusterShardingStats(Patience), Patience);
        Assert.Equal(1, all.Regions[node.Cluster.SelfAddress].Stats["b"]);
        var location = await region.Ask<EntityLocation>(new GetEntityLocation("a-2", Patience), Patience);
        Assert.Equal("a", location.ShardId);
        Assert.True(location.EntityRef.HasValue);
        Assert.False((await region.Ask<EntityLocation>(new GetEntityLocation("a-9", Patience), Patience)).EntityRef.HasValue);
        var ack = await region.Ask<ShardRegion.StartEntityAck>(new ShardRegion.StartEntity("c-1"), Patience);
        Assert.Equal(("c-1", "c"), (ack.EntityId, ack.ShardId));
    }

    [Fact]
    public async Task Passivated_EntityStops_AndComesBackForTheNextMessage()
    {
        await using var node = new ShardingNode(Journal);
        using var observer = new Observer(node.System);
        var region = node.Start("thing", observer.Ref);
        await node.Join(node);
        region.Tell(new To("a-1", new PassivateNow()));
        Assert.Equal("started a-1", observer.Next());
        Assert.Equal("stopped a-1", observer.Next());
        Assert.Equal("hello", await region.Ask<string>(new To("a-1", "hello"), Patience));
        Assert.Equal("started a-1", observer.Next());
    }

    [Fact]
    public async Task IdleEntity_IsPassivated()
    {
        await using var node = new ShardingNode(Journal);
        using var observer = new Observer(node.System);
        var region = node.Start("thing", observer.Ref, s => s.WithPassivateIdleAfter(TimeSpan.FromMilliseconds(200)));
        await node.Join(node);
        region.Tell(new To("a-1", "hello"));
        Assert.Equal("started a-1", observer.Next());
        Assert.Equal("stopped a-1", observer.Next());
    }

    [Fact]
    public async Task RestartedProcess_RecoversItsAllocations()
    {
        for (var run = 0; run < 3; run++)
        {
            await using var node = new ShardingNode(Journal);
            using var observer = new Observer(node.System);
            var region = node.Start("thing", observer.Ref);
            await node.Join(node);
            foreach (var id in new[] { "a-1", "b-1", "c-1" })
            {
                Assert.Equal(node.Cluster.SelfAddress, (await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience)).System);
            }
        }
    }

    [Fact]
    public async Task RememberedEntities_StartByThemselves()
    {
        static ClusterShardingSettings Remembering(ClusterShardingSettings s) => s.WithRememberEntities(true);
        await using (var node = new ShardingNode(Journal))
        {
            using var observer = new Observer(node.System);
            var region = node.Start("thing", observer.Ref, Remembering);
            await node.Join(node);
            foreach (var id in new[] { "a-1", "a-2", "b-1" }) await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience);
            region.Tell(new To("a-2", new PassivateNow()));
            Assert.Equal("stopped a-2", Until(observer, "stopped a-2"));
            // Answered after the stop was written, since updates of a shard are written in order.
            await region.Ask<Identity>(new To("a-3", new WhoAreYou()), Patience);
        }
        await using (var node = new ShardingNode(Journal))
        {
            using var observer = new Observer(node.System);
            node.Start("thing", observer.Ref, Remembering);
            await node.Join(node);
            Assert.Equal(["started a-1", "started a-3", "started b-1"], observer.Next(3).Cast<string>().Order());
        }
    }

    [Fact]
    public async Task GracefulShutdown_HandsShardsOver()
    {
        await using var first = new ShardingNode(Journal);
        await using var second = new ShardingNode(Journal);
        using var observer = new Observer(first.System);
        using var other = new Observer(second.System);
        var region = first.Start("thing", observer.Ref);
        await first.Join(first);
        var ids = Enumerable.Range(0, 6).Select(i => $"{(char)('a' + i)}-1").ToList();
        foreach (var id in ids) await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience);

        var secondRegion = second.Start("thing", other.Ref);
        await second.Join(first);
        // It takes part once it has been told where a shard is.
        await secondRegion.Ask<Identity>(new To("a-1", new WhoAreYou()), Patience);
        var stopped = region.WatchAsync();
        region.Tell(GracefulShutdown.Instance);
        Assert.True(await stopped.WaitAsync(Patience));
        foreach (var id in ids)
        {
            Assert.Equal(second.Cluster.SelfAddress, (await secondRegion.Ask<Identity>(new To(id, new WhoAreYou()), Patience)).System);
        }
    }

    [Fact]
    public async Task CoordinatorThatRemembersNothing_LearnsWhatRuns_AndHandsItOver()
    {
        static ClusterShardingSettings InMemory(ClusterShardingSettings settings) => settings
            .WithJournalPluginId("akka.persistence.journal.inmem").WithSnapshotPluginId("akka.persistence.snapshot-store.inmem");

        var first = new ShardingNode(Journal);
        await using var second = new ShardingNode(Journal);
        using var observer = new Observer(first.System);
        using var other = new Observer(second.System);
        var firstRegion = first.Start("thing", observer.Ref, InMemory);
        await first.Join(first);
        await firstRegion.Ask<Identity>(new To("a-1", new WhoAreYou()), Patience);
        var region = second.Start("thing", other.Ref, InMemory);
        await second.Join(first);
        Assert.Equal(second.Cluster.SelfAddress, (await region.Ask<Identity>(new To("b-1", new WhoAreYou()), Patience)).System);
        // With this member goes the coordinator that knew of the shard; asking for another one shows that there is a new one.
        await first.DisposeAsync();
        await AskAgainAsync(region, "c-1");

        var stopped = region.WatchAsync();
        region.Tell(GracefulShutdown.Instance);
        Assert.True(await stopped.WaitAsync(Patience));
        Assert.Equal(["started b-1", "started c-1", "stopped b-1", "stopped c-1"], other.Next(4).Cast<string>().Order());
    }

    private static async Task<Identity> AskAgainAsync(IActorRef region, string entity)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await region.Ask<Identity>(new To(entity, new WhoAreYou()), TimeSpan.FromSeconds(2));
            }
            catch (AskTimeoutException)
            {
                // It was on its way to a member that left.
                timeout.Token.ThrowIfCancellationRequested();
            }
        }
    }

    [Fact]
    public async Task Rebalance_MovesShardsToTheNewMember()
    {
        await using var first = new ShardingNode(Journal);
        await using var second = new ShardingNode(Journal);
        using var observer = new Observer(first.System);
        using var other = new Observer(second.System);
        var region = first.Start("thing", observer.Ref);
        await first.Join(first);
        var ids = Enumerable.Range(0, 8).Select(i => $"{(char)('a' + i)}-1").ToList();
        foreach (var id in ids) await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience);

        second.Start("thing", other.Ref);
        await second.Join(first);
        var moved = 0;
        var deadline = DateTime.UtcNow + Patience;
        while (moved < 3 && DateTime.UtcNow < deadline)
        {
            var identities = await Task.WhenAll(ids.Select(id => region.Ask<Identity>(new To(id, new WhoAreYou()), Patience)));
            moved = identities.Count(i => i.System == second.Cluster.SelfAddress);
        }
        Assert.InRange(moved, 3, 5);
    }

    [Fact]
    public async Task DownedMember_LosesItsShardsAtOnce()
    {
        await using var first = new ShardingNode(Journal);
        await using var second = new ShardingNode(Journal);
        using var observer = new Observer(first.System);
        using var other = new Observer(second.System);
        var region = first.Start("thing", observer.Ref);
        await first.Join(first);
        second.Start("thing", other.Ref);
        await second.Join(first);
        var ids = Enumerable.Range(0, 8).Select(i => $"{(char)('a' + i)}-1").ToList();
        foreach (var id in ids) await region.Ask<Identity>(new To(id, new WhoAreYou()), Patience);

        first.Cluster.Down(second.Cluster.SelfAddress);
        foreach (var id in ids)
        {
            var here = false;
            // Until the downing has worked, the lost member goes on answering, and fast: time is what limits this, not a number of attempts.
            var asked = System.Diagnostics.Stopwatch.StartNew();
            while (!here && asked.Elapsed < Patience)
            {
                try
                {
                    here = (await region.Ask<Identity>(new To(id, new WhoAreYou()), TimeSpan.FromSeconds(2))).System == first.Cluster.SelfAddress;
                }
                catch (AskTimeoutException)
                {
                    // What was under way to the lost member is lost; who asked asks again.
                }
            }
            Assert.True(here, $"{id} did not come back");
        }
    }

    [Fact]
    public async Task Proxy_SendsToTheMembersOfTheRole()
    {
        await using var worker = new ShardingNode(Journal, "akka.cluster.roles = [worker]");
        await using var client = new ShardingNode(Journal, "akka.cluster.roles = [client]");
        using var observer = new Observer(worker.System);
        using var other = new Observer(client.System);
        worker.Start("thing", observer.Ref, s => s.WithRole("worker"));
        await worker.Join(worker);
        await client.Join(worker);
        var proxy = ClusterSharding.Get(client.System).StartProxy("thing", "worker", new ByPrefix());
        Assert.Equal(worker.Cluster.SelfAddress, (await proxy.Ask<Identity>(new To("a-1", new WhoAreYou()), Patience)).System);
        // A member without the role starts a proxy when it asks for a region.
        var region = client.Start("thing", other.Ref, s => s.WithRole("worker"));
        Assert.Equal(proxy, region);
    }

    [Fact]
    public async Task ReplicatedStateStore_IsRefusedByName()
    {
        await using var node = new ShardingNode(Journal, "akka.cluster.sharding.state-store-mode = ddata");
        var error = Assert.Throws<NotSupportedException>(() => node.Start("thing", ActorRefs.Nobody));
        Assert.Contains("akka.cluster.sharding.state-store-mode", error.Message, StringComparison.Ordinal);
    }

    private static string Until(Observer observer, string text)
    {
        while (true)
        {
            if (observer.Next<string>() == text) return text;
        }
    }
}
