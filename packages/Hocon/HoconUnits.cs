using System.Globalization;

namespace Hocon;

/// <summary>Durations and sizes as HOCON writes them: a number and a unit.</summary>
internal static class HoconUnits
{
    public static TimeSpan ParseTimeSpan(string text, bool allowInfinite)
    {
        if (text is null) throw new HoconException("Expected a duration, found nothing");
        text = text.Trim();
        if (text is "infinite")
            return allowInfinite ? Timeout.InfiniteTimeSpan : throw new HoconException("An infinite duration is not allowed here");
        var (number, unit) = Split(text, "duration");
        var ticks = unit switch
        {
            "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => number / 100,
            "us" or "micro" or "micros" or "microsecond" or "microseconds" => number * TimeSpan.TicksPerMicrosecond,
            "" or "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => number * TimeSpan.TicksPerMillisecond,
            "s" or "second" or "seconds" => number * TimeSpan.TicksPerSecond,
            "m" or "minute" or "minutes" => number * TimeSpan.TicksPerMinute,
            "h" or "hour" or "hours" => number * TimeSpan.TicksPerHour,
            "d" or "day" or "days" => number * TimeSpan.TicksPerDay,
            _ => throw new HoconException($"Not a duration: [{text}]"),
        };
        if (ticks < 0 && unit.Length == 0 && allowInfinite) return Timeout.InfiniteTimeSpan;
        if (ticks < 0) throw new HoconException($"A duration must not be negative: [{text}]");
        return ticks > long.MaxValue ? throw new HoconException($"Too long: [{text}]") : TimeSpan.FromTicks((long)ticks);
    }

    public static long? ParseByteSize(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var (number, unit) = Split(text.Trim(), "size");
        var factor = unit switch
        {
            "" or "b" or "B" or "byte" or "bytes" => 1m,
            "kB" or "kilobyte" or "kilobytes" => 1000m,
            "K" or "k" or "Ki" or "KiB" or "kibibyte" or "kibibytes" => 1024m,
            "MB" or "megabyte" or "megabytes" => 1000m * 1000,
            "M" or "m" or "Mi" or "MiB" or "mebibyte" or "mebibytes" => 1024m * 1024,
            "GB" or "gigabyte" or "gigabytes" => 1000m * 1000 * 1000,
            "G" or "g" or "Gi" or "GiB" or "gibibyte" or "gibibytes" => 1024m * 1024 * 1024,
            "TB" or "terabyte" or "terabytes" => 1000m * 1000 * 1000 * 1000,
            "T" or "t" or "Ti" or "TiB" or "tebibyte" or "tebibytes" => 1024m * 1024 * 1024 * 1024,
            "PB" or "petabyte" or "petabytes" => 1000m * 1000 * 1000 * 1000 * 1000,
            "P" or "p" or "Pi" or "PiB" or "pebibyte" or "pebibytes" => 1024m * 1024 * 1024 * 1024 * 1024,
            _ => throw new HoconException($"Not a size: [{text}]"),
        };
        var bytes = number * factor;
        return bytes > long.MaxValue ? throw new HoconException($"Too large: [{text}]") : (long)bytes;
    }

    private static (decimal Number, string Unit) Split(string text, string what)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.' or '-' or '+')) end++;
        return decimal.TryParse(text.AsSpan(0, end), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? (number, text[end..].Trim())
            : throw new HoconException($"Not a {what}: [{text}]");
    }
}
