using System.Diagnostics;

namespace Akka.Remote;

/// <summary>A monotonic clock in milliseconds. Only differences of its values mean anything.</summary>
public delegate long Clock();

/// <summary>
/// Judges from the arrival of heartbeats whether one monitored resource is available.
/// Implementations are safe to call from several threads.
/// </summary>
public abstract class FailureDetector
{
    /// <summary>The clock used when none is given: monotonic milliseconds of this machine.</summary>
    public static readonly Clock DefaultClock = () => (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Whether the resource is thought to be up. A resource never heard of is available.</summary>
    public abstract bool IsAvailable { get; }

    /// <summary>Whether a first heartbeat has been received.</summary>
    public abstract bool IsMonitoring { get; }

    /// <summary>Notes that a heartbeat arrived now.</summary>
    public abstract void HeartBeat();
}
