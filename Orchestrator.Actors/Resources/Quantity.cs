using System.Globalization;
using System.Numerics;

namespace Orchestrator.Actors.Resources;

/// <summary>How a quantity was written, which decides its canonical form.</summary>
public enum QuantityFormat : byte
{
    /// <summary>12e6</summary>
    DecimalExponent,

    /// <summary>12Mi</summary>
    BinarySI,

    /// <summary>12M</summary>
    DecimalSI,
}

/// <summary>An exact fixed-point number such as <c>100m</c>, <c>1.5Gi</c> or <c>2e3</c>.</summary>
/// <remarks>Finer than a billionth is rounded up, and beyond 2^63-1 it is capped. Source: k8s.io/apimachinery, api/resource.</remarks>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    public const string FormatFault = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    private const string NumericFault = "unable to parse numeric part of quantity";
    private const string SuffixFault = "unable to parse quantity's suffix";
    private const long NanosPerUnit = 1_000_000_000;
    private static readonly Int128 Cap = (Int128)long.MaxValue * NanosPerUnit;

    private readonly Int128 _nanos;
    private readonly QuantityFormat _format;

    private Quantity(Int128 nanos, QuantityFormat format)
    {
        _nanos = Int128.Clamp(nanos, -Cap, Cap);
        _format = format;
    }

    public static Quantity FromUnits(long units, QuantityFormat format = QuantityFormat.DecimalSI) => new((Int128)units * NanosPerUnit, format);

    public static Quantity FromMilli(long milli) => new((Int128)milli * (NanosPerUnit / 1000), QuantityFormat.DecimalSI);

    public QuantityFormat Format => _format;

    public bool IsZero => _nanos == 0;

    public int Sign => Int128.Sign(_nanos);

    /// <summary>Whole units (bytes, cores, pods), rounded up.</summary>
    public long Units => CeilingDivide(_nanos, NanosPerUnit);

    /// <summary>Thousandths, rounded up; capped at the bounds of a long.</summary>
    public long Milli => CeilingDivide(_nanos, NanosPerUnit / 1000);

    public static bool TryParse(ReadOnlySpan<char> text, out Quantity quantity) => Parse(text, out quantity) is null;

    /// <exception cref="FormatException">The text is no quantity.</exception>
    public static Quantity Parse(string text) =>
        Parse(text, out var quantity) is { } fault ? throw new FormatException(fault) : quantity;

    /// <summary>For what the API server has let in: what is no quantity counts as nothing.</summary>
    public static Quantity ParseOrZero(ReadOnlySpan<char> text) => TryParse(text, out var quantity) ? quantity : default;

    /// <summary>Null, or what is wrong with the text, in upstream's words.</summary>
    public static string? Parse(ReadOnlySpan<char> text, out Quantity quantity)
    {
        quantity = default;
        if (text.IsEmpty) return FormatFault;
        var at = text[0] is '+' or '-' ? 1 : 0;
        var negative = text[0] == '-';
        var numberStart = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
        var number = text[numberStart..at];
        if (number.IsEmpty) return FormatFault;
        var dot = number.IndexOf('.');
        if (dot >= 0 && (number[(dot + 1)..].Contains('.') || number.Length == 1)) return NumericFault;
        if (!TrySuffix(text[at..], out var binaryPower, out var exponent, out var format)) return IsSuffixLike(text[at..]) ? SuffixFault : FormatFault;

        quantity = new Quantity(Scale(number, dot, negative, binaryPower, exponent), format);
        return null;
    }

    private static Int128 Scale(ReadOnlySpan<char> number, int dot, bool negative, int binaryPower, int exponent)
    {
        var fraction = dot < 0 ? 0 : number.Length - dot - 1;
        if (number.Length <= 18 && binaryPower <= 40 && exponent is >= -9 and <= 9)
        {
            // The usual case, without big numbers: at most 1e18 * 2^40 * 1e18 stays below 2^127 after the division.
            Int128 mantissa = 0;
            foreach (var c in number)
                if (c != '.') mantissa = (mantissa * 10) + (c - '0');
            var power = 9 + exponent - fraction;
            if (power >= 0 && (binaryPower == 0 || mantissa < 1_000_000_000))
            {
                var nanos = (mantissa << binaryPower) * Pow10(power);
                return negative ? -nanos : nanos;
            }
        }
        return ScaleBig(number, fraction, negative, binaryPower, exponent);
    }

    private static Int128 ScaleBig(ReadOnlySpan<char> number, int fraction, bool negative, int binaryPower, int exponent)
    {
        BigInteger mantissa = 0;
        foreach (var c in number)
            if (c != '.') mantissa = (mantissa * 10) + (c - '0');
        mantissa <<= binaryPower;
        var power = 9 + exponent - fraction;
        if (mantissa.IsZero) return 0;
        if (power >= 0) mantissa = power > 60 ? (BigInteger)Cap : mantissa * BigInteger.Pow(10, power);
        else
        {
            var divided = BigInteger.DivRem(mantissa, BigInteger.Pow(10, Math.Min(-power, 4000)), out var rest);
            mantissa = rest.IsZero ? divided : divided + 1;
        }
        var capped = mantissa > (BigInteger)Cap ? Cap : (Int128)mantissa;
        return negative ? -capped : capped;
    }

    private static long Pow10(int power)
    {
        long value = 1;
        for (var i = 0; i < power; i++) value *= 10;
        return value;
    }

    private static bool TrySuffix(ReadOnlySpan<char> suffix, out int binaryPower, out int exponent, out QuantityFormat format)
    {
        (binaryPower, exponent, format) = (0, 0, QuantityFormat.DecimalSI);
        if (suffix.IsEmpty) return true;
        if (suffix.Length == 2 && suffix[1] == 'i')
        {
            var power = "KMGTPE".IndexOf(suffix[0], StringComparison.Ordinal);
            binaryPower = (power + 1) * 10;
            format = QuantityFormat.BinarySI;
            return power >= 0;
        }
        if (suffix.Length == 1)
        {
            var at = "num.kMGTPE".IndexOf(suffix[0], StringComparison.Ordinal);
            exponent = (at - 3) * 3;
            return at >= 0 && suffix[0] != '.';
        }
        format = QuantityFormat.DecimalExponent;
        return suffix[0] is 'e' or 'E'
            && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            && exponent is > -100_000 and < 100_000;
    }

    private static bool IsSuffixLike(ReadOnlySpan<char> suffix)
    {
        var at = 0;
        while (at < suffix.Length && "eEinumkKMGTP".Contains(suffix[at], StringComparison.Ordinal)) at++;
        if (at < suffix.Length && suffix[at] is '+' or '-') at++;
        while (at < suffix.Length && char.IsAsciiDigit(suffix[at])) at++;
        return at == suffix.Length;
    }

    public static Quantity operator +(Quantity a, Quantity b) => new(a._nanos + b._nanos, a.IsZero ? b._format : a._format);

    public static Quantity operator -(Quantity a, Quantity b) => new(a._nanos - b._nanos, a.IsZero ? b._format : a._format);

    public static bool operator ==(Quantity a, Quantity b) => a._nanos == b._nanos;

    public static bool operator !=(Quantity a, Quantity b) => a._nanos != b._nanos;

    public static bool operator <(Quantity a, Quantity b) => a._nanos < b._nanos;

    public static bool operator >(Quantity a, Quantity b) => a._nanos > b._nanos;

    public static bool operator <=(Quantity a, Quantity b) => a._nanos <= b._nanos;

    public static bool operator >=(Quantity a, Quantity b) => a._nanos >= b._nanos;

    public int CompareTo(Quantity other) => _nanos.CompareTo(other._nanos);

    public bool Equals(Quantity other) => _nanos == other._nanos;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => _nanos.GetHashCode();

    /// <summary>The canonical form: no fraction, the largest suffix that allows it.</summary>
    public override string ToString()
    {
        if (_nanos == 0) return "0";
        var binary = _format == QuantityFormat.BinarySI && Int128.Abs(_nanos) >= (Int128)1024 * NanosPerUnit;
        return binary ? ToBinary() : ToDecimal();
    }

    private string ToBinary()
    {
        var mantissa = (Int128)CeilingDivide(_nanos, NanosPerUnit);
        var power = 0;
        while (power < 6 && mantissa % 1024 == 0)
        {
            mantissa /= 1024;
            power++;
        }
        var digits = mantissa.ToString(CultureInfo.InvariantCulture);
        return power == 0 ? digits : $"{digits}{"KMGTPE"[power - 1]}i";
    }

    private string ToDecimal()
    {
        var mantissa = _nanos;
        var power = 0;
        while (power < 9 && mantissa % 1000 == 0)
        {
            mantissa /= 1000;
            power++;
        }
        var digits = mantissa.ToString(CultureInfo.InvariantCulture);
        if (power == 3) return digits;
        if (_format == QuantityFormat.DecimalExponent) return $"{digits}e{((power - 3) * 3).ToString(CultureInfo.InvariantCulture)}";
        return $"{digits}{"num.kMGTPE"[power]}";
    }

    private static long CeilingDivide(Int128 value, long divisor)
    {
        // Nearly all that is asked for fits, and dividing 128 bits takes many times as long.
        if (value >= 0 && value <= long.MaxValue)
        {
            var (whole, left) = Math.DivRem((long)value, divisor);
            return left > 0 ? whole + 1 : whole;
        }
        var (quotient, rest) = Int128.DivRem(value, divisor);
        if (rest > 0) quotient++;
        return (long)Int128.Clamp(quotient, long.MinValue, long.MaxValue);
    }
}
