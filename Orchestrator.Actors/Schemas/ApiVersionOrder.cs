using System.Globalization;

namespace Orchestrator.Actors.Schemas;

/// <summary>Orders versions as discovery does: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else by its text.</summary>
/// <remarks>Source: k8s.io/apimachinery, CompareKubeAwareVersionStrings.</remarks>
public sealed class ApiVersionOrder : IComparer<string>
{
    public static readonly ApiVersionOrder Newest = new();

    public int Compare(string? x, string? y)
    {
        var (left, right) = (Parse(x!), Parse(y!));
        if (left.Stability != right.Stability) return right.Stability.CompareTo(left.Stability);
        if (left.Stability == 0) return string.CompareOrdinal(x, y);
        return left.Major != right.Major ? right.Major.CompareTo(left.Major) : right.Minor.CompareTo(left.Minor);
    }

    /// <summary>Stability: 3 stable, 2 beta, 1 alpha, 0 not a version of the usual form.</summary>
    private static (int Stability, int Major, int Minor) Parse(string version)
    {
        if (version.Length < 2 || version[0] != 'v') return default;
        var end = 1;
        while (end < version.Length && char.IsAsciiDigit(version[end])) end++;
        if (end == 1 || !int.TryParse(version.AsSpan(1, end - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var major)) return default;
        if (end == version.Length) return (3, major, 0);
        var rest = version[end..];
        var stability = rest.StartsWith("beta", StringComparison.Ordinal) ? 2 : rest.StartsWith("alpha", StringComparison.Ordinal) ? 1 : 0;
        if (stability == 0) return default;
        return int.TryParse(rest.AsSpan(stability == 2 ? 4 : 5), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? (stability, major, minor)
            : default;
    }
}
