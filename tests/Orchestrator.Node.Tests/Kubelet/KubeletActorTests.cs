using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using static Orchestrator.Node.Tests.Kubelet.KubeletBench;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class KubeletActorTests
{
    [Fact]
    public async Task Kubelet_RunsWhatIsBoundToItsNode_AndRemovesWhatIsDeleted()
    {
        await using var bench = new KubeletBench();
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        while (!(await bench.NextAsync<ReplaceStatus>()).Contains("\"phase\":\"Running\"", StringComparison.Ordinal))
        {
        }
        var found = await kubelet.Ask<ContainerFound>(new FindContainer(Id, Key, ""), Patience);
        Assert.NotNull(found.Id);

        kubelet.Tell(new NodePodChanged(Deleted(2), Deleted: false));
        await bench.NextAsync<RemoveObject>();
        Assert.Empty(await bench.Runtime.ListContainersAsync(NodeName, null, default));
        await UntilAsync(kubelet, p => p.Pods.IsEmpty);
    }

    [Fact]
    public async Task Kubelet_AfterItsProcessEnded_AdoptsWhatRuns_WithoutTheControlPlane()
    {
        await using var bench = new KubeletBench();
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        var before = await UntilRunningAsync(kubelet);
        Assert.Equal(1, before.Epoch);

        await bench.RestartAsync();
        kubelet = bench.StartKubelet();
        var after = await UntilRunningAsync(kubelet);
        Assert.Equal(2, after.Epoch);
        Assert.Equal(before.Pods[0].Containers[0], after.Pods[0].Containers[0]);
        Assert.Equal(0, after.Pods[0].Containers[0].RestartCount);
        Assert.Single(await bench.Runtime.ListContainersAsync(NodeName, null, default));
    }

    [Fact]
    public async Task Kubelet_WhosePodWentWhileItWasAway_RemovesItOnceTheControlPlaneHasSpoken()
    {
        await using var bench = new KubeletBench();
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        await UntilRunningAsync(kubelet);

        await bench.RestartAsync();
        kubelet = bench.StartKubelet();
        await UntilRunningAsync(kubelet);
        kubelet.Tell(new NodePodsListed([], 2));
        await UntilAsync(kubelet, p => p.Pods.IsEmpty);
        Assert.Empty(await bench.Runtime.ListContainersAsync(NodeName, null, default));

        await bench.RestartAsync();
        Assert.Empty((await bench.StartKubelet().Ask<KubeletPods>(new GetKubeletPods(Id), Patience)).Pods);
    }

    [Fact]
    public async Task Kubelet_ChangeThatTheListKnew_IsNotTakenForNews()
    {
        await using var bench = new KubeletBench();
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([], 5));
        // The pod had gone again when the list was made.
        kubelet.Tell(new NodePodChanged(Pod(3), Deleted: false));
        Assert.Empty((await kubelet.Ask<KubeletPods>(new GetKubeletPods(Id), Patience)).Pods);
        kubelet.Tell(new NodePodChanged(Pod(6), Deleted: false));
        await UntilRunningAsync(kubelet);
    }

    [Fact]
    public async Task ContainerThatEnds_WhenItHasJustBeenListed_IsStartedAgain()
    {
        var runtime = new ScriptedRuntime(TimeProvider.System);
        await using var bench = new KubeletBench(runtime: runtime);
        var kubelet = bench.StartKubelet();
        kubelet.Tell(new NodePodsListed([Pod(1)], 1));
        await UntilRunningAsync(kubelet);
        await bench.RestartAsync();
        runtime.OnListed = async listed =>
        {
            runtime.OnListed = _ => Task.CompletedTask;
            await runtime.EndAsync(listed[0].Id);
        };

        kubelet = bench.StartKubelet();

        await UntilAsync(kubelet, p => p.Pods is [{ Containers: [{ RestartCount: 1 }] }]);
    }

    [Fact]
    public async Task WhatIsLeftOfPodsThatAreGone_IsRemoved_EvenIfThatFailsAtFirst()
    {
        var runtime = new ScriptedRuntime(TimeProvider.System);
        for (var i = 0; i < 2; i++)
        {
            var pod = new PodIdentity(NodeName, "default", "gone", $"u-{i}", 1);
            var sandbox = await runtime.StartSandboxAsync(new SandboxSpec { Pod = pod, Hostname = "gone" }, default);
            await runtime.StartContainerAsync(await runtime.CreateContainerAsync(sandbox, new ContainerSpec { Pod = pod, Name = "main", Image = "any" }, default), default);
        }
        var failures = 0;
        runtime.OnRemove = _ =>
        {
            if (failures++ == 0) throw new IOException("the engine does not answer");
        };
        await using var bench = new KubeletBench(runtime: runtime);

        bench.StartKubelet().Tell(new NodePodsListed([], 1));

        using var timeout = new CancellationTokenSource(Patience);
        while (!(await runtime.ListContainersAsync(NodeName, null, timeout.Token)).IsEmpty || !(await runtime.ListSandboxesAsync(NodeName, null, timeout.Token)).IsEmpty)
            await Task.Delay(20, timeout.Token);
    }
}
