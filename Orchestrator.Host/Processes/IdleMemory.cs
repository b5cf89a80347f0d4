namespace Orchestrator.Host.Processes;

/// <summary>What the collector has, at one moment.</summary>
/// <param name="Collections">How many there were since the start.</param>
/// <param name="Committed">What the machine gave to the heap (bytes), as of the last collection.</param>
/// <param name="Used">How much of it had objects (bytes), as of the last collection.</param>
public readonly record struct HeapLook(int Collections, long Committed, long Used);

/// <summary>Gives back to the machine what a burst took, once the process is quiet.</summary>
/// <remarks>The collector lets go of what it has freed little by little, with each later collection. A process that has become quiet collects
/// no more, and would keep the height of its last burst for as long as it stays quiet.</remarks>
public sealed class IdleMemory : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>Less than this is not worth a collection (bytes).</summary>
    private const long ReturnedMin = 16L << 20;

    /// <summary>Up to this much a collection takes some tens of milliseconds, and a third more than is used is worth it; beyond, half (bytes).</summary>
    private const long SmallMax = 128L << 20;

    /// <summary>With more objects than this the process would stand still for most of a second; the others of its cluster wait for two (bytes).</summary>
    private const long UsedMax = 512L << 20;

    /// <summary>Most collections between two looks of a process that is quiet: heartbeats and leases make garbage too.</summary>
    private const int QuietMax = 1;

    private readonly ITimer _timer;
    private HeapLook _before;
    private int _returnedAt = int.MinValue;

    public IdleMemory(TimeProvider clock)
    {
        _before = Look();
        _timer = clock.CreateTimer(static self => ((IdleMemory)self!).ReturnIfDue(), this, LookEvery, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Whether there is enough to return, and nobody who would wait for it.</summary>
    public static bool IsDue(HeapLook before, HeapLook now) =>
        now.Collections - before.Collections <= QuietMax
        && now.Used < UsedMax
        && now.Committed - now.Used > Math.Max(ReturnedMin, now.Used / (now.Used < SmallMax ? 3 : 2));

    private static HeapLook Look()
    {
        var info = GC.GetGCMemoryInfo();
        return new HeapLook(GC.CollectionCount(0), info.TotalCommittedBytes, info.HeapSizeBytes - info.FragmentedBytes);
    }

    private void ReturnIfDue()
    {
        var now = Look();
        // What the last time left is all that can be had until something new was collected.
        if (now.Collections != _returnedAt && IsDue(_before, now))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            now = Look();
            _returnedAt = now.Collections;
        }
        _before = now;
        _timer.Change(LookEvery, Timeout.InfiniteTimeSpan);
    }
}
