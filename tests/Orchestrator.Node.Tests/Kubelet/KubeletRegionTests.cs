using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Node.Kubelet;
using static Orchestrator.Node.Tests.Kubelet.KubeletBench;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class KubeletRegionTests
{
    [Fact]
    public async Task Region_StartsTheKubeletOfItsProcess_AndStartsItAgainWhenItEnded()
    {
        await using var bench = new KubeletBench();
        var region = await StartAsync(bench, bench);
        Assert.Equal(1, (await region.Ask<KubeletPods>(new GetKubeletPods(Id), Patience)).Epoch);

        bench.System.ActorSelection("/system/sharding/kubelet/node-1/node-1").Tell(PoisonPill.Instance);
        await UntilAsync(region, p => p.Epoch == 2);
    }

    [Fact]
    public async Task Region_AskedForANodeThatTheProcessDoesNotHost_SaysSo()
    {
        await using var bench = new KubeletBench();
        var region = await StartAsync(bench, bench);
        var other = new KubeletId(NodeName, "other");
        Assert.Equal(0, (await region.Ask<KubeletPods>(new GetKubeletPods(other), Patience)).Epoch);
        Assert.Equal("node other is not hosted by this process", (await region.Ask<ContainerFound>(new FindContainer(other, Key, ""), Patience)).Why);
    }

    [Fact]
    public async Task Process_ThatLeaves_StopsItsKubelet_AndItsContainersRunOn()
    {
        await using var bench = new KubeletBench();
        var region = await StartAsync(bench, bench);
        bench.System.ActorSelection("/system/sharding/kubelet/node-1/node-1").Tell(new NodePodsListed([Pod(1)], 1));
        var before = await UntilRunningAsync(region);
        await bench.LeaveAsync();
        Assert.Single(await bench.Runtime.ListContainersAsync(NodeName, null, default));

        await bench.RestartAsync();
        var after = await UntilRunningAsync(await StartAsync(bench, bench));
        Assert.Equal(2, after.Epoch);
        Assert.Equal(before.Pods[0].Containers[0], after.Pods[0].Containers[0]);
    }

    [Fact]
    public async Task Process_OfANameThatIsTaken_DoesNotStart()
    {
        await using var first = new KubeletBench();
        await using var second = new KubeletBench();
        await StartAsync(first, first);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(second, first));
        Assert.StartsWith("The node node-1 is run by another process, at akka.tcp://kubelet@127.0.0.1:", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Joins the cluster of a member and waits until the kubelet of the joining process runs.</summary>
    private static async Task<IActorRef> StartAsync(KubeletBench bench, KubeletBench joined)
    {
        using var timeout = new CancellationTokenSource(Patience);
        await Cluster.Get(bench.System).JoinAsync(Cluster.Get(joined.System).SelfAddress, timeout.Token);
        var (region, started) = await bench.Agent.StartAsync(bench.System, NodeName, [Facts], () => { });
        await started.WaitAsync(Patience);
        return region;
    }
}
