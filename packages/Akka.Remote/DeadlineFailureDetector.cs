using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Calls the resource unavailable when no heartbeat came for the interval plus the acceptable pause.</summary>
public class DeadlineFailureDetector : FailureDetector
{
    private readonly Clock _clock;
    private readonly long _deadlineMillis;
    private long _latest;
    private volatile bool _active;

    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, Clock? clock = null)
        : this(acceptableHeartbeatPause, TimeSpan.Zero, clock)
    {
    }

    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, TimeSpan heartbeatInterval, Clock? clock = null)
    {
        var total = acceptableHeartbeatPause + heartbeatInterval;
        if (total <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(acceptableHeartbeatPause), total, "Interval and pause together must be positive.");
        _clock = clock ?? DefaultClock;
        _deadlineMillis = (long)total.TotalMilliseconds;
    }

    /// <summary>Reads <c>acceptable-heartbeat-pause</c> and <c>heartbeat-interval</c>.</summary>
    public DeadlineFailureDetector(Config config, EventStream eventStream)
        : this(config.GetTimeSpan("acceptable-heartbeat-pause", TimeSpan.FromSeconds(120)),
            config.GetTimeSpan("heartbeat-interval", TimeSpan.FromSeconds(4)))
    {
    }

    /// <inheritdoc />
    public override bool IsAvailable => !_active || _clock() - Volatile.Read(ref _latest) < _deadlineMillis;

    /// <inheritdoc />
    public override bool IsMonitoring => _active;

    /// <inheritdoc />
    public override void HeartBeat()
    {
        Volatile.Write(ref _latest, _clock());
        _active = true;
    }
}
