using System.Globalization;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Values;

public sealed class CelInt : CelValue
{
    private static readonly CelInt[] Small = [.. Enumerable.Range(-16, 272).Select(static i => new CelInt(i))];

    private CelInt(long value) => Value = value;

    public long Value { get; }

    public override CelType Type => CelType.Int;

    public static CelInt Of(long value) => value is >= -16 and < 256 ? Small[value + 16] : new CelInt(value);

    public override bool SameAs(CelValue other) => CelNumbers.Compare(this, other) == 0;

    public override JsonNode? ToJson() => Value;
}

public sealed class CelUint(ulong value) : CelValue
{
    public ulong Value { get; } = value;

    public override CelType Type => CelType.Uint;

    public override bool SameAs(CelValue other) => CelNumbers.Compare(this, other) == 0;

    public override JsonNode? ToJson() => Value;
}

public sealed class CelDouble(double value) : CelValue
{
    public double Value { get; } = value;

    public override CelType Type => CelType.Double;

    public override bool SameAs(CelValue other) => CelNumbers.Compare(this, other) == 0;

    public override JsonNode? ToJson() => double.IsFinite(Value) ? Value : CelNumbers.Show(Value);
}

/// <summary>Order and text of numbers across their types.</summary>
public static class CelNumbers
{
    // Beyond these a double is no long, whatever it is rounded to.
    private const double IntEnd = 9223372036854775808.0;
    private const double UintEnd = 18446744073709551616.0;

    /// <returns>Below, at or above 0; null when one is no number or is NaN.</returns>
    public static int? Compare(CelValue a, CelValue b) => (a, b) switch
    {
        (CelInt x, CelInt y) => x.Value.CompareTo(y.Value),
        (CelInt x, CelUint y) => Compare(x.Value, y.Value),
        (CelInt x, CelDouble y) => -Compare(y.Value, x.Value),
        (CelUint x, CelInt y) => -Compare(y.Value, x.Value),
        (CelUint x, CelUint y) => x.Value.CompareTo(y.Value),
        (CelUint x, CelDouble y) => -Compare(y.Value, x.Value),
        (CelDouble x, CelInt y) => Compare(x.Value, y.Value),
        (CelDouble x, CelUint y) => Compare(x.Value, y.Value),
        (CelDouble x, CelDouble y) => double.IsNaN(x.Value) || double.IsNaN(y.Value) ? null : x.Value.CompareTo(y.Value),
        _ => null,
    };

    /// <summary>As Go's %g with the fewest digits that tell the number apart.</summary>
    public static string Show(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "+Inf" : "-Inf";
        if (value == 0) return double.IsNegative(value) ? "-0" : "0";
        var exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 21 && !text.Contains('E', StringComparison.Ordinal)) return text;
        if (exponent is >= -4 and < 21) return value.ToString("0.#########################", CultureInfo.InvariantCulture);
        var scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        for (var digits = 0; digits < 17; digits++)
        {
            var shorter = value.ToString($"E{digits.ToString(CultureInfo.InvariantCulture)}", CultureInfo.InvariantCulture);
            if (double.Parse(shorter, CultureInfo.InvariantCulture) != value) continue;
            scientific = shorter;
            break;
        }
        var at = scientific.IndexOf('E', StringComparison.Ordinal);
        var power = int.Parse(scientific.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return $"{scientific[..at]}e{(power < 0 ? '-' : '+')}{Math.Abs(power).ToString("00", CultureInfo.InvariantCulture)}";
    }

    private static int Compare(long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b);

    private static int? Compare(double a, long b)
    {
        if (double.IsNaN(a)) return null;
        if (a < -IntEnd) return -1;
        if (a >= IntEnd) return 1;
        var whole = (long)Math.Truncate(a);
        return whole != b ? whole.CompareTo(b) : a.CompareTo(Math.Truncate(a));
    }

    private static int? Compare(double a, ulong b)
    {
        if (double.IsNaN(a)) return null;
        if (a < 0) return -1;
        if (a >= UintEnd) return 1;
        var whole = (ulong)Math.Truncate(a);
        return whole != b ? whole.CompareTo(b) : a.CompareTo(Math.Truncate(a));
    }
}
