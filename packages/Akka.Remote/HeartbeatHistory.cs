namespace Akka.Remote;

/// <summary>
/// A bounded window of intervals between heartbeats (milliseconds) whose mean and deviation are kept
/// up to date in constant time. Not safe for use from several threads.
/// </summary>
internal sealed class HeartbeatHistory
{
    private readonly long[] _window;
    private int _next;
    private int _count;
    private long _sum;
    private double _squaredSum;

    public HeartbeatHistory(int maxSampleSize)
    {
        if (maxSampleSize < 1)
            throw new ArgumentOutOfRangeException(nameof(maxSampleSize), maxSampleSize, "The sample size must be at least 1.");
        _window = new long[maxSampleSize];
    }

    /// <summary>Number of intervals in the window.</summary>
    public int Count => _count;

    /// <summary>Mean interval in milliseconds; 0 of an empty window.</summary>
    public double Mean => _count == 0 ? 0 : (double)_sum / _count;

    /// <summary>Population variance of the intervals.</summary>
    public double Variance => _count == 0 ? 0 : Math.Max(0, _squaredSum / _count - Mean * Mean);

    /// <summary>Standard deviation of the intervals in milliseconds.</summary>
    public double StdDeviation => Math.Sqrt(Variance);

    /// <summary>Adds an interval, forgetting the oldest one when the window is full.</summary>
    public void Add(long interval)
    {
        if (_count == _window.Length)
        {
            var oldest = _window[_next];
            _sum -= oldest;
            _squaredSum -= (double)oldest * oldest;
        }
        else
        {
            _count++;
        }

        _window[_next] = interval;
        _next = (_next + 1) % _window.Length;
        _sum += interval;
        _squaredSum += (double)interval * interval;
    }
}
