using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Node.Kubelet;

/// <summary>Reads Kubernetes' quantities, such as <c>250m</c>, <c>1.5</c>, <c>64Mi</c> or <c>1e3</c>.</summary>
/// <remarks>The API server has validated them; what is no quantity counts as zero here.</remarks>
public static class ResourceAmount
{
    private static readonly ImmutableArray<(string Suffix, decimal Factor)> Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1024m * 1024), ("Gi", 1024m * 1024 * 1024), ("Ti", 1024m * 1024 * 1024 * 1024),
        ("Pi", 1024m * 1024 * 1024 * 1024 * 1024), ("Ei", 1024m * 1024 * 1024 * 1024 * 1024 * 1024),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The amount in the resource's unit: cores, bytes or pieces.</summary>
    public static decimal Parse(string text)
    {
        var factor = 1m;
        foreach (var (suffix, value) in Suffixes)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            text = text[..^suffix.Length];
            factor = value;
            break;
        }
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * factor : 0;
    }

    /// <summary>Thousandths of a core, rounded up.</summary>
    public static long Milli(string text) => (long)Math.Ceiling(Parse(text) * 1000);

    /// <summary>Whole bytes (or pieces), rounded up.</summary>
    public static long Whole(string text) => (long)Math.Ceiling(Parse(text));
}
