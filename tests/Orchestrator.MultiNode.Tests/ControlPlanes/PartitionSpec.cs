using Akka.Remote.TestKit;
using Akka.Remote.Transport;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>One of three members, the one with the registry, is cut off from both others while all of them write.</summary>
public abstract class PartitionSpec : ControlPlaneSpec
{
    protected PartitionSpec(ThreeControlPlanes config, Type type) : base(config, type) { }

    /// <summary>What becomes of the member that is cut off, before its writer stops.</summary>
    protected abstract void AwaitFateOfMinority();

    /// <summary>Who can still read in the end, and must then find everything that anyone got acknowledged.</summary>
    protected abstract IEnumerable<RoleName> Readers { get; }

    protected async Task CutOffTheHostAsync()
    {
        await StartAllAsync(Third);
        using var stop = new CancellationTokenSource();
        var writer = new Writer(Registries, Type, Myself.Name);
        var writing = writer.RunAsync(stop.Token);
        AwaitWriting(writing, () => writer.Acknowledged.Count >= 20);
        EnterBarrier("writing");

        await RunOnAsync(async () =>
        {
            await TestConductor.Blackhole(Third, First, ThrottleTransportAdapter.Direction.Both);
            await TestConductor.Blackhole(Third, Second, ThrottleTransportAdapter.Direction.Both);
        }, First);
        EnterBarrier("cut");

        RunOn(() =>
        {
            var before = writer.Acknowledged.Count;
            AwaitMembersUp(2, [GetAddress(Third)], Patience);
            AwaitWriting(writing, () => writer.Acknowledged.Count >= before + 20);
        }, First, Second);
        EnterBarrier("majority-writes");
        var attempts = writer.Attempts;
        RunOn(AwaitFateOfMinority, Third);
        // Its registry still takes writes, or nobody answers them: either way it had the chance to spoil the log.
        RunOn(() => AwaitWriting(writing, () => writer.Attempts >= attempts + 5), Third);
        EnterBarrier("minority-has-tried");
        await stop.CancelAsync();
        await writing;
        Publish(writer);
        EnterBarrier("written");

        await RunOnAsync(() => VerifyLogAsync(First, Second, Third), [.. Readers]);
        EnterBarrier("done");
    }
}
