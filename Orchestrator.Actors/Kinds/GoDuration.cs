using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds;

/// <summary>Durations as Go writes them: <c>1h30m</c>, <c>1.5s</c>.</summary>
public static class GoDuration
{
    /// <summary>Reads a duration; <paramref name="fault"/> is Go's message when it is none.</summary>
    public static TimeSpan? Parse(string text, out string? fault)
    {
        fault = $"time: invalid duration {GoQuote.Quote(text)}";
        var at = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        var negative = at == 1 && text[0] == '-';
        if (text.AsSpan(at).SequenceEqual("0"))
        {
            fault = null;
            return TimeSpan.Zero;
        }
        if (at == text.Length) return null;
        double seconds = 0;
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
            if (!double.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
            var unit = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.') at++;
            double? factor = text[unit..at] switch
            {
                "ns" => 1e-9,
                "us" or "µs" or "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => null,
            };
            if (factor is null)
            {
                fault = unit == at
                    ? $"time: missing unit in duration {GoQuote.Quote(text)}"
                    : $"time: unknown unit {GoQuote.Quote(text[unit..at])} in duration {GoQuote.Quote(text)}";
                return null;
            }
            seconds += number * factor.Value;
        }
        if (seconds > long.MaxValue / 1e9) return null;
        fault = null;
        return TimeSpan.FromSeconds(negative ? -seconds : seconds);
    }

    /// <summary>As Go's <c>Duration.String</c> prints it: <c>1h2m0.5s</c>, <c>300ms</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero) return $"-{Format(duration.Negate())}";
        var ticks = duration.Ticks;
        if (ticks is > 0 and < TimeSpan.TicksPerMillisecond) return $"{Decimal(ticks, TimeSpan.TicksPerMicrosecond)}µs";
        if (ticks is > 0 and < TimeSpan.TicksPerSecond) return $"{Decimal(ticks, TimeSpan.TicksPerMillisecond)}ms";
        var seconds = Decimal(ticks % TimeSpan.TicksPerMinute, TimeSpan.TicksPerSecond);
        var hours = ticks / TimeSpan.TicksPerHour;
        if (hours > 0) return string.Create(CultureInfo.InvariantCulture, $"{hours}h{duration.Minutes}m{seconds}s");
        return duration.Minutes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{duration.Minutes}m{seconds}s") : $"{seconds}s";
    }

    private static string Decimal(long ticks, long unit) => ((decimal)ticks / unit).ToString("0.#######", CultureInfo.InvariantCulture);
}
