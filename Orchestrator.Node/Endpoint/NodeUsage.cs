using System.Globalization;

namespace Orchestrator.Node.Endpoint;

/// <summary>What the machine uses now, from /proc.</summary>
/// <param name="CpuSeconds">Time that processors have worked since the start, summed over them.</param>
/// <param name="MemoryBytes">In use and not to be taken back at once: the working set.</param>
/// <param name="AvailableBytes">What could be given to new processes.</param>
internal readonly record struct NodeUsage(double CpuSeconds, long MemoryBytes, long AvailableBytes)
{
    /// <summary>Length of a tick of /proc/stat. Source: Linux, USER_HZ, 100 on every architecture that we run on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Null where the machine does not tell.</summary>
    public static NodeUsage? Read()
    {
        try
        {
            return Parse(File.ReadLines("/proc/stat").First(), File.ReadLines("/proc/meminfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <param name="stat">The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.</param>
    internal static NodeUsage? Parse(string stat, IEnumerable<string> memory)
    {
        var ticks = stat.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        if (ticks.Length < 5) return null;
        var busy = ticks[0] + ticks[1] + ticks[2] + ticks.Skip(5).Take(3).Sum();
        long total = 0, available = 0;
        foreach (var line in memory)
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal)) total = Kibibytes(line);
            else if (line.StartsWith("MemAvailable:", StringComparison.Ordinal)) available = Kibibytes(line);
            if (total > 0 && available > 0) break;
        }
        return new NodeUsage(busy / TicksPerSecond, total - available, available);
    }

    private static long Kibibytes(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
}
