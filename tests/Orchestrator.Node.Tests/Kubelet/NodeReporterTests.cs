using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class NodeReporterTests
{
    [Fact]
    public async Task ControlPlaneThatFails_IsAskedAgainOnlyAfterAWait()
    {
        using var end = new CancellationTokenSource();
        var clock = new StillClock();
        var registries = new FailingRegistries(end);
        var running = new NodeReporter(registries, new HollowContainerRuntime(clock), clock).RunAsync([], "/", static () => { }, end.Token);
        Assert.Equal(1, registries.Asked);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task EngineThatHangs_DoesNotKeepTheNodesLeaseFromBeingRenewed()
    {
        var clock = new HastyClock();
        var registries = new CapturingRegistries();
        var runtime = new ScriptedRuntime(clock) { OnListImages = token => Task.Delay(Timeout.Infinite, token) };

        var done = await new NodeReporter(registries, runtime, clock).TurnAsync([KubeletBench.Facts], "/", default).WaitAsync(KubeletBench.Patience);

        Assert.True(done);
        List<string> written = [];
        while (registries.Writes.Reader.TryRead(out var write)) written.Add(write.Key.Namespace);
        Assert.Equal(["", "kube-node-lease"], written);
    }

    /// <summary>Every wait is over at once.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }

    /// <summary>No wait ends.</summary>
    private sealed class StillClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }

    /// <summary>Fails at once, and ends the test rather than being asked for ever.</summary>
    private sealed class FailingRegistries(CancellationTokenSource end) : IRegistries
    {
        public int Asked { get; private set; }

        public IChangeHistory History => throw new NotSupportedException();

        public IEnumerable<Informer> Informers => [];

        public Task<ImmutableArray<WriteResult>> WriteAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default)
        {
            if (++Asked == 100) end.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException("no answer");
        }
    }
}
