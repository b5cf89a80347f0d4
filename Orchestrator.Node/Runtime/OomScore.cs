using System.Globalization;

namespace Orchestrator.Node.Runtime;

/// <summary>How readily the kernel kills a process when memory runs out.</summary>
internal static class OomScore
{
    private const int CapSysResource = 24;

    private static readonly Lazy<bool> MayLower = new(ReadCapability);

    /// <summary>The score, or the nearest one that this machine lets us set.</summary>
    /// <remarks>
    /// A score below the current one takes CAP_SYS_RESOURCE, which nested and restricted machines withhold; a container
    /// that asks for it there does not start at all.
    /// </remarks>
    public static int Allowed(int score) => score >= 0 || MayLower.Value ? score : 0;

    private static bool ReadCapability()
    {
        try
        {
            var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
            return line is not null
                && ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask)
                && (mask >> CapSysResource & 1) != 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
