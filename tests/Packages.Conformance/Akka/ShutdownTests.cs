using System.Collections.Concurrent;
using Akka;
using Akka.Actor;
using Akka.Configuration;

namespace Packages.Conformance.AkkaCore;

public sealed class ShutdownTests
{
    private static ActorSystem System(string phases = "") =>
        ActorSystem.Create("down", ConfigurationFactory.ParseString($"akka {{ stdout-loglevel = OFF, loglevel = OFF, coordinated-shutdown {{ run-by-clr-shutdown-hook = off, {phases} }} }}"));

    [Fact]
    public async Task Run_RunsEveryPhaseInOrderAndTerminates()
    {
        using var system = System();
        var seen = new ConcurrentQueue<string>();
        var shutdown = CoordinatedShutdown.Get(system);
        string[] phases =
        [
            CoordinatedShutdown.PhaseBeforeServiceUnbind, CoordinatedShutdown.PhaseServiceUnbind, CoordinatedShutdown.PhaseServiceRequestsDone,
            CoordinatedShutdown.PhaseServiceStop, CoordinatedShutdown.PhaseBeforeClusterShutdown, CoordinatedShutdown.PhaseClusterShardingShutdownRegion,
            CoordinatedShutdown.PhaseClusterLeave, CoordinatedShutdown.PhaseClusterExiting, CoordinatedShutdown.PhaseClusterExitingDone,
            CoordinatedShutdown.PhaseClusterShutdown, CoordinatedShutdown.PhaseBeforeActorSystemTerminate, CoordinatedShutdown.PhaseActorSystemTerminate,
        ];
        foreach (var phase in phases.Reverse())
            shutdown.AddTask(phase, "note", () =>
            {
                seen.Enqueue(phase);
                return Task.FromResult(Done.Instance);
            });
        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(phases, seen);
        Assert.Same(CoordinatedShutdown.UnknownReason.Instance, shutdown.ShutdownReason);
        Assert.True(system.WhenTerminated.IsCompleted);
        await shutdown.Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        Assert.Same(CoordinatedShutdown.UnknownReason.Instance, shutdown.ShutdownReason);
        Assert.Equal(phases.Length, seen.Count);
    }

    [Fact]
    public async Task Run_FromAPhase_LeavesOutEarlierOnes()
    {
        using var system = System();
        var seen = new ConcurrentQueue<string>();
        var shutdown = CoordinatedShutdown.Get(system);
        foreach (var phase in new[] { CoordinatedShutdown.PhaseServiceUnbind, CoordinatedShutdown.PhaseServiceStop })
            shutdown.AddTask(phase, "note", () =>
            {
                seen.Enqueue(phase);
                return Task.FromResult(Done.Instance);
            });
        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance, CoordinatedShutdown.PhaseServiceStop).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([CoordinatedShutdown.PhaseServiceStop], seen);
    }

    [Fact]
    public async Task Terminate_RunsTheTasks_AndFailuresAndTimeoutsArePassedOver()
    {
        using var system = System("phases.service-stop.timeout = 100ms");
        var reached = false;
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", () => throw new InvalidOperationException("x"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "hangs", () => new TaskCompletionSource<Done>().Task);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "last", () =>
        {
            reached = true;
            return Task.FromResult(Done.Instance);
        });
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(reached);
    }

    [Fact]
    public async Task Run_PhaseThatMayNotRecover_EndsWithItsError()
    {
        using var system = System("phases.service-stop.recover = off");
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "fails", () => Task.FromException<Done>(new InvalidOperationException("x")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(system.WhenTerminated.IsCompleted);
        await CoordinatedShutdownEnd(system);
    }

    // The one run is used up, so only the process could end this system; its actors are stopped one by one instead.
    private static Task CoordinatedShutdownEnd(ActorSystem system)
    {
        ((ExtendedActorSystem)system).Abort();
        return system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Phases_InACircle_AreRefused()
    {
        var system = System("phases.before-service-unbind.depends-on = [service-stop]");
        var error = Assert.ThrowsAny<ArgumentException>(() => CoordinatedShutdown.Get(system));
        Assert.Contains("service-stop", error.Message, StringComparison.Ordinal);
        ((ExtendedActorSystem)system).Abort();
    }

    [Fact]
    public async Task AddTask_UnknownPhase_IsRefused()
    {
        using var system = System();
        Assert.Throws<ArgumentException>(() => CoordinatedShutdown.Get(system).AddTask("nonsense", "x", () => Task.FromResult(Done.Instance)));
        await system.Terminate();
    }
}
