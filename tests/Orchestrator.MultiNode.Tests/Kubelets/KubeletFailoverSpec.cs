using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.TestKit;
using Akka.MultiNode.TestAdapter;
using Akka.Remote.TestKit;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.MultiNode.Tests.ControlPlanes;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.MultiNode.Tests.Kubelets;

/// <summary>The node whose process hosts the coordinator of the kubelets' region is killed.</summary>
public class KubeletFailoverSpec : MultiNodeClusterSpec
{
    /// <summary>For what should take seconds and may take longer on a loaded machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly RegistrySettings RegistrySettings = new() { SnapshotAfterMin = 1000, Retention = null, WaitingMax = 10_000 };

    private static readonly KubeletSettings KubeletSettings = new()
    {
        JournalPluginId = "akka.persistence.journal.kubelet",
        SnapshotPluginId = "akka.persistence.snapshot-store.kubelet",
        SimulatedJournalPluginId = "akka.persistence.journal.kubelet",
        SimulatedSnapshotPluginId = "akka.persistence.snapshot-store.kubelet",
        SnapshotAfterMin = 500,
        SnapshotAfterPerPod = 10,
    };

    private readonly ControlPlaneAndTwoNodes _roles;

    public KubeletFailoverSpec() : this(new ControlPlaneAndTwoNodes()) { }

    protected KubeletFailoverSpec(ControlPlaneAndTwoNodes config) : base(config, typeof(KubeletFailoverSpec)) => _roles = config;

    [MultiNodeFact]
    public async Task NodeWithTheCoordinatorIsKilled_TheOtherKubeletGoesOn_AndIsFoundWhereItIs()
    {
        // The older node hosts the coordinator.
        AwaitClusterUp(_roles.ControlPlane, _roles.First);
        RunOn(() => JoinWithin(_roles.ControlPlane), _roles.Second);
        AwaitMembersUp(3);
        EnterBarrier("members-up");

        var local = new LocalRegistries();
        var isNode = !IsNode(_roles.ControlPlane);
        var region = isNode
            ? await RegistryRegion.StartProxyAsync(Sys)
            : await RegistryRegion.StartAsync(Sys, RegistrySettings, local, TimeProvider.System);
        var registries = new RegistryClient(Sys, region, local, RegistrySettings);
        await using var agent = new NodeAgent(
            new HollowContainerRuntime(TimeProvider.System), registries, KubeletSettings, Path.Combine(Path.GetTempPath(), Myself.Name), TimeProvider.System);
        var kubelets = isNode ? await StartKubeletAsync(agent) : await KubeletRegion.StartProxyAsync(Sys);
        EnterBarrier("kubelets-run");

        await RunOnAsync(async () =>
        {
            Assert.Equal(1, (await AskAsync(kubelets, _roles.First)).Epoch);
            await RunPodAsync(registries, "before", _roles.Second);
        }, _roles.ControlPlane);
        EnterBarrier("pod-runs");
        var before = IsNode(_roles.Second) ? await AskAsync(kubelets, _roles.Second) : null;

        await RunOnAsync(() => TestConductor.Exit(_roles.First, 1), _roles.ControlPlane);
        // The first node waits here for its end.
        EnterBarrier("killed");
        AwaitMembersUp(2, [GetAddress(_roles.First)], Patience);

        // This member has not asked for the second node before, so the new coordinator, which remembers nothing, has to know.
        await RunOnAsync(async () =>
        {
            Assert.Equal(1, (await AskAsync(kubelets, _roles.Second)).Epoch);
            await RunPodAsync(registries, "after", _roles.Second);
        }, _roles.ControlPlane);
        await RunOnAsync(async () =>
        {
            var after = await AskAsync(kubelets, _roles.Second);
            Assert.Equal(1, after.Epoch);
            Assert.Contains(after.Pods, p => p.Name == "before" && p.Containers[0] == before!.Pods[0].Containers[0]);
        }, _roles.Second);
        EnterBarrier("done");
    }

    private async Task<IActorRef> StartKubeletAsync(NodeAgent agent)
    {
        var facts = new NodeFacts
        {
            Name = Myself.Name,
            Address = "192.0.2.1",
            CpuMilli = 4000,
            MemoryBytes = 8L << 30,
            StorageBytes = 8L << 30,
            RuntimeVersion = "hollow://1",
            KubeletVersion = "v1",
        };
        var (kubelets, started) = await agent.StartAsync(Sys, Myself.Name, [facts], () => { });
        await started.WaitAsync(Patience);
        var here = await kubelets.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Patience);
        Assert.Equal(Myself.Name, Assert.Single(here.Shards).ShardId);
        return kubelets;
    }

    private static Task<KubeletPods> AskAsync(IActorRef kubelets, RoleName node) =>
        kubelets.Ask<KubeletPods>(new GetKubeletPods(new KubeletId(node.Name, node.Name)), Patience);

    private async Task RunPodAsync(RegistryClient registries, string name, RoleName node)
    {
        Assert.Null((await registries.WriteAsync(ResourceTypes.Pods, Objects.Pod(name, node.Name))).Error);
        var informer = await registries.InformerAsync(ResourceTypes.Pods);
        await AwaitAssertAsync(
            () => Assert.Equal("Running", (string?)informer.Get(Objects.Key(name))?.ToTree()["status"]?["phase"]), Patience);
    }
}
