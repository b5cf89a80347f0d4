using Orchestrator.Actors.Scheduling;
using static Orchestrator.Actors.Tests.Scheduling.SchedulingFixture;

namespace Orchestrator.Actors.Tests.Scheduling;

public sealed class SchedulingQueueTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SchedulingQueue _queue = new();

    [Fact]
    public void Take_PriorityThenOrder_DecidesWhoIsNext()
    {
        _queue.Set(Pod("a"));
        _queue.Set(Pod("b"));
        _queue.Set(Pod("c", spec: ",\"priority\":5"));
        Assert.Equal(["c", "a", "b"], [_queue.Take()!.Key.Name, _queue.Take()!.Key.Name, _queue.Take()!.Key.Name]);
        Assert.Null(_queue.Take());
    }

    [Fact]
    public void Reject_WaitsForAnEventThatHelpsAndForItsBackoff()
    {
        _queue.Set(Pod("a"));
        _queue.Take();
        _queue.Reject(Pod("a").Key, ClusterEvents.PodRemoved, Start);
        _queue.Move(ClusterEvents.NodeChanged, Start.AddSeconds(2));
        Assert.Equal(0, _queue.ActiveCount);
        _queue.Move(ClusterEvents.PodRemoved, Start.AddSeconds(0.5));
        Assert.Equal(0, _queue.ActiveCount);
        Assert.Equal(Start.AddSeconds(1), _queue.NextWake());
        _queue.Wake(Start.AddSeconds(1));
        Assert.Equal("a", _queue.Take()!.Key.Name);
    }

    [Fact]
    public void Reject_EventHappenedDuringTheTry_IsNotMissed()
    {
        _queue.Set(Pod("a"));
        _queue.Take();
        _queue.Move(ClusterEvents.NodeAdded, Start);
        _queue.Reject(Pod("a").Key, ClusterEvents.NodeAdded, Start);
        _queue.Wake(Start.AddSeconds(1));
        Assert.NotNull(_queue.Take());
    }

    [Fact]
    public void Remove_QueuedPod_IsNeverTaken()
    {
        _queue.Set(Pod("a"));
        _queue.Remove(Pod("a").Key);
        Assert.Equal((0, 0), (_queue.Count, _queue.ActiveCount));
        Assert.Null(_queue.Take());
    }

    [Fact]
    public void Reject_NothingHappensForFiveMinutes_IsTriedAgain()
    {
        _queue.Set(Pod("a"));
        _queue.Take();
        _queue.Reject(Pod("a").Key, ClusterEvents.NodeAdded, Start);
        _queue.Wake(Start + SchedulingQueue.MaxUnschedulable);
        Assert.NotNull(_queue.Take());
    }

    [Theory]
    [InlineData(1, 1), InlineData(2, 2), InlineData(3, 4), InlineData(4, 8), InlineData(5, 10), InlineData(50, 10)]
    public void Backoff_DoublesUpToTenSeconds(int attempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), SchedulingQueue.BackoffOf(attempts));
}
