using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// The phi accrual failure detector of Hayashibara et al.: instead of a yes or no it computes
/// phi = -log10(probability that a heartbeat is merely late), from the mean and deviation of the intervals seen,
/// and calls the resource unavailable when phi reaches the threshold.
/// </summary>
public class PhiAccrualFailureDetector : FailureDetector
{
    private readonly object _gate = new();
    private readonly Clock _clock;
    private readonly double _threshold;
    private readonly double _minStdDeviationMillis;
    private readonly double _acceptablePauseMillis;
    private readonly HeartbeatHistory _history;
    private readonly double _firstEstimateMillis;
    private long? _latest;

    /// <param name="threshold">Phi from which on the resource counts as unavailable; 8 to 12 are usual.</param>
    /// <param name="maxSampleSize">Number of intervals that are remembered.</param>
    /// <param name="minStdDeviation">Lower bound of the deviation, so that very regular heartbeats do not make the detector jumpy.</param>
    /// <param name="acceptableHeartbeatPause">A pause (garbage collection, network hiccup) that is tolerated.</param>
    /// <param name="firstHeartbeatEstimate">Interval assumed before there are two heartbeats.</param>
    /// <param name="clock">Monotonic milliseconds; the machine's clock when left out.</param>
    public PhiAccrualFailureDetector(double threshold, int maxSampleSize, TimeSpan minStdDeviation,
        TimeSpan acceptableHeartbeatPause, TimeSpan firstHeartbeatEstimate, Clock? clock = null)
    {
        if (threshold <= 0)
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "The threshold must be positive.");
        if (minStdDeviation <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(minStdDeviation), minStdDeviation, "The deviation must be positive.");
        if (acceptableHeartbeatPause < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(acceptableHeartbeatPause), acceptableHeartbeatPause, "The pause must not be negative.");
        if (firstHeartbeatEstimate <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(firstHeartbeatEstimate), firstHeartbeatEstimate, "The estimate must be positive.");

        _clock = clock ?? DefaultClock;
        _threshold = threshold;
        _minStdDeviationMillis = minStdDeviation.TotalMilliseconds;
        _acceptablePauseMillis = acceptableHeartbeatPause.TotalMilliseconds;
        _firstEstimateMillis = firstHeartbeatEstimate.TotalMilliseconds;
        _history = new HeartbeatHistory(maxSampleSize);
    }

    /// <summary>Reads <c>threshold, max-sample-size, min-std-deviation, acceptable-heartbeat-pause</c> and
    /// <c>expected-response-after</c> (or <c>heartbeat-interval</c>).</summary>
    public PhiAccrualFailureDetector(Config config, EventStream ev)
        : this(
            config.GetDouble("threshold", 8.0),
            config.GetInt("max-sample-size", 1000),
            config.GetTimeSpan("min-std-deviation", TimeSpan.FromMilliseconds(100)),
            config.GetTimeSpan("acceptable-heartbeat-pause", TimeSpan.FromSeconds(3)),
            config.HasPath("expected-response-after")
                ? config.GetTimeSpan("expected-response-after", TimeSpan.FromSeconds(1))
                : config.GetTimeSpan("heartbeat-interval", TimeSpan.FromSeconds(1)))
    {
    }

    /// <summary>For detectors that override every member and only share the clock.</summary>
    protected PhiAccrualFailureDetector(Clock clock)
        : this(8.0, 1, TimeSpan.FromMilliseconds(100), TimeSpan.Zero, TimeSpan.FromSeconds(1), clock)
    {
    }

    /// <inheritdoc />
    public override bool IsAvailable
    {
        get
        {
            lock (_gate)
                return PhiAt(_clock()) < _threshold;
        }
    }

    /// <inheritdoc />
    public override bool IsMonitoring
    {
        get
        {
            lock (_gate)
                return _latest.HasValue;
        }
    }

    /// <summary>The present level of suspicion; 0 before the first heartbeat.</summary>
    internal double CurrentPhi
    {
        get
        {
            lock (_gate)
                return PhiAt(_clock());
        }
    }

    /// <inheritdoc />
    public override void HeartBeat()
    {
        lock (_gate)
        {
            var now = _clock();
            if (_latest is not { } latest)
            {
                // Two made-up intervals around the estimate give the first real judgement a usable deviation.
                var spread = _firstEstimateMillis / 4;
                _history.Add((long)(_firstEstimateMillis - spread));
                _history.Add((long)(_firstEstimateMillis + spread));
            }
            else if (PhiAt(now) < _threshold)
            {
                // An interval that ended an outage says nothing about the normal rhythm, so it is not learned.
                _history.Add(now - latest);
            }

            _latest = now;
        }
    }

    /// <summary>Phi for a time since the last heartbeat; pure, so that it can be tested against a table.</summary>
    internal static double Phi(double elapsedMillis, double meanMillis, double stdDeviationMillis)
    {
        // Logistic approximation of the cumulative normal distribution, accurate to about 1e-4 for |y| < 3 and monotonic beyond.
        var y = (elapsedMillis - meanMillis) / stdDeviationMillis;
        var e = Math.Exp(-y * (1.5976 + 0.070566 * y * y));
        return elapsedMillis > meanMillis
            ? -Math.Log10(e / (1.0 + e))
            : -Math.Log10(1.0 - 1.0 / (1.0 + e));
    }

    private double PhiAt(long now) => _latest is { } latest
        ? Phi(now - latest, _history.Mean + _acceptablePauseMillis, Math.Max(_history.StdDeviation, _minStdDeviationMillis))
        : 0.0;
}
