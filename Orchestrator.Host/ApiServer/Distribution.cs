using System.Globalization;
using System.Text;

namespace Orchestrator.Host.ApiServer;

/// <summary>How values are distributed over buckets: a histogram of Prometheus. Added to from many threads.</summary>
/// <param name="bounds">Upper bounds of the buckets, in order; one without a bound follows.</param>
/// <param name="scale">How many parts of a unit the sum is kept in.</param>
internal sealed class Distribution(double[] bounds, double scale)
{
    private readonly long[] _buckets = new long[bounds.Length + 1];
    private long _sum;

    public void Add(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket]) bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Add(ref _sum, (long)(value * scale));
    }

    /// <summary>How many values there are.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            for (var i = 0; i < _buckets.Length; i++) count += Interlocked.Read(ref _buckets[i]);
            return count;
        }
    }

    /// <summary>Writes a histogram in the text form of Prometheus.</summary>
    /// <param name="bounds">Those of each of the parts.</param>
    /// <param name="series">The labels of each series, and what it is the sum of.</param>
    public static void Write(StringBuilder text, string name, string help, double[] bounds, IEnumerable<(string Labels, IEnumerable<Distribution?> Parts)> series)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} histogram\n");
        foreach (var (labels, found) in series)
        {
            var parts = found.OfType<Distribution>().ToList();
            long below = 0;
            for (var i = 0; i <= bounds.Length; i++)
            {
                below += parts.Sum(p => Interlocked.Read(ref p._buckets[i]));
                var bound = i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bound}\"}} {below}\n");
            }
            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {parts.Sum(static p => p.Sum):0.######}\n{name}_count{{{labels}}} {below}\n");
        }
    }

    private double Sum => Interlocked.Read(ref _sum) / scale;
}
