using Akka.MultiNode.TestAdapter;
using Akka.Remote.TestKit;
using Orchestrator.Actors.Resources;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>The process that hosts the registry, the shard coordinator and all singletons is killed while the others write.</summary>
public class HostCrashSpec : ControlPlaneSpec
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(10);

    public HostCrashSpec() : this(new ThreeControlPlanes()) { }

    protected HostCrashSpec(ThreeControlPlanes config) : base(config, typeof(HostCrashSpec)) { }

    [MultiNodeFact]
    public async Task HostIsKilled_NothingAcknowledgedIsLostOrDoubled_AndWritingAndSchedulingGoOn()
    {
        await StartAllAsync(Second, StartControllersAsync);
        await RunOnAsync(async () =>
        {
            Assert.Null((await WriteAsync(Objects.Node("n1"), ResourceTypes.Nodes)).Error);
            await ScheduleAsync("before");
        }, First);
        EnterBarrier("scheduled-before");

        using var stop = new CancellationTokenSource();
        var writer = new Writer(Registries, Type, Myself.Name);
        var writing = IsNode(Second) ? Task.CompletedTask : writer.RunAsync(stop.Token);
        RunOn(() => AwaitWriting(writing, () => writer.Acknowledged.Count >= 20), First, Third);
        EnterBarrier("writing");

        await RunOnAsync(() => TestConductor.Exit(Second, 1), First);
        // The second node waits here for its end.
        EnterBarrier("killed");
        var before = writer.Acknowledged.Count;
        AwaitWriting(writing, () => writer.Acknowledged.Count >= before + 20);
        await stop.CancelAsync();
        await writing;
        Console.WriteLine($"Longest pause between acknowledged writes: {writer.LongestPause}.");
        Assert.True(writer.LongestPause < PauseMax, $"no write was acknowledged for {writer.LongestPause}");
        Publish(writer);
        EnterBarrier("written");

        await VerifyLogAsync(First, Third);
        await RunOnAsync(() => ScheduleAsync("after"), First);
        AwaitMembersUp(2, [GetAddress(Second)], Patience);
        EnterBarrier("done");
    }

    private async Task ScheduleAsync(string pod)
    {
        Assert.Null((await WriteAsync(Objects.Pod(pod), ResourceTypes.Pods)).Error);
        var informer = await Registries.InformerAsync(ResourceTypes.Pods);
        await AwaitAssertAsync(
            () => Assert.Equal("n1", (string?)informer.Get(Objects.Key(pod))?.ToTree()["spec"]?["nodeName"]), Patience);
    }
}
