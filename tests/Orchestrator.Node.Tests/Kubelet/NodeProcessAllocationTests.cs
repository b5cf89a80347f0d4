using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class NodeProcessAllocationTests
{
    private static readonly Address One = new("akka.tcp", "orchestrator", "192.0.2.1", 1);
    private static readonly Address Two = new("akka.tcp", "orchestrator", "192.0.2.2", 2);
    private static readonly Address Three = new("akka.tcp", "orchestrator", "192.0.2.3", 3);

    [Fact]
    public void Choose_TakesTheMemberThatBearsTheName()
    {
        (Address, ImmutableHashSet<string>)[] members = [(One, ["control-plane"]), (Two, ["node", "node-name-a"]), (Three, ["node", "node-name-b"])];
        Assert.Equal(Two, NodeProcessAllocation.Choose("a", members));
        Assert.Equal(Three, NodeProcessAllocation.Choose("b", members));
        Assert.Null(NodeProcessAllocation.Choose("c", members));
        Assert.Null(NodeProcessAllocation.Choose("", members));
    }

    [Fact]
    public void Choose_OfTwoLivesOfAProcess_TakesTheYounger()
    {
        (Address, ImmutableHashSet<string>)[] oldestFirst = [(One, ["node", "node-name-a"]), (Two, ["node", "node-name-a"])];
        Assert.Equal(Two, NodeProcessAllocation.Choose("a", oldestFirst));
    }

    [Fact]
    public async Task AllocateShard_WithoutItsProcess_GivesItToNobody_AndNothingIsEverBalanced()
    {
        await using var bench = new KubeletBench();
        var cluster = Cluster.Get(bench.System);
        using var timeout = new CancellationTokenSource(KubeletBench.Patience);
        await cluster.JoinAsync(cluster.SelfAddress, timeout.Token);
        var region = bench.System.ActorOf(Props.Empty);
        var elsewhere = new RootActorPath(One) / "system" / "sharding" / "kubelet";
        var remote = ((ExtendedActorSystem)bench.System).Provider.ResolveActorRef(elsewhere.ToString());
        var regions = ImmutableDictionary<IActorRef, IImmutableList<string>>.Empty
            .Add(remote, ImmutableList<string>.Empty)
            .Add(region, ImmutableList.Create("x", "y", "z"));
        var strategy = new NodeProcessAllocation(cluster);

        Assert.Equal(region, await strategy.AllocateShard(remote, KubeletBench.NodeName, regions));
        Assert.Equal(ActorRefs.Nobody, await strategy.AllocateShard(region, "not-there", regions));
        Assert.Empty(await strategy.Rebalance(regions, ImmutableHashSet<string>.Empty));
    }
}
