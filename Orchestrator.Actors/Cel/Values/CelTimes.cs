using System.Globalization;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Values;

/// <summary>A moment between the years 1 and 9999, to the nanosecond.</summary>
public sealed class CelTimestamp : CelValue
{
    public const long SecondsMin = -62135596800;
    public const long SecondsMax = 253402300799;

    private CelTimestamp(long seconds, int nanos) => (Seconds, Nanos) = (seconds, nanos);

    /// <summary>Since 1970 in UTC.</summary>
    public long Seconds { get; }

    /// <summary>Of the second (0 to 999999999).</summary>
    public int Nanos { get; }

    public override CelType Type => CelType.Timestamp;

    /// <summary>Cut to 100 ns.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanos / 100);

    private Int128 TotalNanos => ((Int128)Seconds * 1_000_000_000) + Nanos;

    public static CelValue Of(Int128 nanos)
    {
        var (seconds, rest) = Int128.DivRem(nanos, 1_000_000_000);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + 1_000_000_000);
        return seconds < SecondsMin || seconds > SecondsMax ? CelError.TimestampOverflow : new CelTimestamp((long)seconds, (int)rest);
    }

    public static CelValue Of(DateTimeOffset time) => Of(((Int128)time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100);

    /// <summary>Null when the text is no RFC 3339 time.</summary>
    public static CelValue? Parse(string text)
    {
        if (!Rfc3339.TryParse(text, out var time)) return null;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var extra = 0;
        // .NET keeps seven digits of the fraction; the last two are read here.
        if (dot >= 0)
        {
            for (var i = 0; i < 2; i++)
            {
                var at = dot + 8 + i;
                var present = at < text.Length && text.AsSpan(dot + 1, at - dot).IndexOfAnyExceptInRange('0', '9') < 0;
                extra = (extra * 10) + (present ? text[at] - '0' : 0);
            }
        }
        return Of((((Int128)time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100) + extra);
    }

    public CelValue Add(CelDuration span) => Of(TotalNanos + span.Nanos);

    public CelValue Subtract(CelDuration span) => Of(TotalNanos - span.Nanos);

    public CelValue Subtract(CelTimestamp other) => CelDuration.Of(TotalNanos - other.TotalNanos);

    public int CompareTo(CelTimestamp other) => TotalNanos.CompareTo(other.TotalNanos);

    public override bool SameAs(CelValue other) => other is CelTimestamp t && t.Seconds == Seconds && t.Nanos == Nanos;

    public override JsonNode? ToJson() => ToString();

    public override string ToString()
    {
        var text = DateTimeOffset.FromUnixTimeSeconds(Seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return Nanos == 0 ? text + "Z" : $"{text}.{Nanos.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }
}

/// <summary>A span of time in nanoseconds, as Go's.</summary>
public sealed class CelDuration : CelValue
{
    private static readonly (string Unit, double Nanos)[] Units =
        [("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

    private CelDuration(long nanos) => Nanos = nanos;

    public long Nanos { get; }

    public override CelType Type => CelType.Duration;

    public static CelValue Of(Int128 nanos) =>
        nanos < long.MinValue || nanos > long.MaxValue ? CelError.DurationOverflow : new CelDuration((long)nanos);

    /// <summary>Null when the text is no duration of Go such as <c>1h30m</c>.</summary>
    public static CelDuration? Parse(string text)
    {
        var at = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        var negative = text.Length > 0 && text[0] == '-';
        if (text.AsSpan(at) is "0") return new CelDuration(0);
        if (at == text.Length) return null;
        Int128 total = 0;
        while (at < text.Length)
        {
            var start = at;
            Int128 whole = 0;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                whole = (whole * 10) + (text[at++] - '0');
                if (whole > long.MaxValue) return null;
            }
            var digits = at - start;
            Int128 fraction = 0, scale = 1;
            if (at < text.Length && text[at] == '.')
            {
                for (at++; at < text.Length && char.IsAsciiDigit(text[at]); at++)
                {
                    digits++;
                    if (scale > 100_000_000_000_000) continue;
                    fraction = (fraction * 10) + (text[at] - '0');
                    scale *= 10;
                }
            }
            var unitStart = at;
            while (at < text.Length && text[at] != '.' && !char.IsAsciiDigit(text[at])) at++;
            var name = text[unitStart..at];
            var unit = (Int128)Array.Find(Units, u => u.Unit == name).Nanos;
            if (unit == 0 || digits == 0) return null;
            total += (whole * unit) + (fraction * unit / scale);
            if (total > (Int128)long.MaxValue + 1) return null;
        }
        return Of(negative ? -total : total) as CelDuration;
    }

    public int CompareTo(CelDuration other) => Nanos.CompareTo(other.Nanos);

    public override bool SameAs(CelValue other) => other is CelDuration d && d.Nanos == Nanos;

    public override JsonNode? ToJson() => ToString();

    /// <summary>As the conversion to string gives it: seconds with a fraction.</summary>
    public override string ToString() => ((decimal)Nanos / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture) + "s";
}
