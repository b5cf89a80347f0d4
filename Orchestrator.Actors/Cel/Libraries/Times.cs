using System.Globalization;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>Parts of timestamps, in UTC or a named zone, and of durations.</summary>
internal static class Times
{
    public static void AddTo(CelLibrary library)
    {
        foreach (var (name, part) in ((string, Func<DateTime, long>)[])
        [
            ("getFullYear", static t => t.Year), ("getMonth", static t => t.Month - 1), ("getDayOfYear", static t => t.DayOfYear - 1),
            ("getDate", static t => t.Day), ("getDayOfMonth", static t => t.Day - 1), ("getDayOfWeek", static t => (long)t.DayOfWeek),
            ("getHours", static t => t.Hour), ("getMinutes", static t => t.Minute), ("getSeconds", static t => t.Second),
            ("getMilliseconds", static t => t.Millisecond),
        ])
        {
            library.Add($"timestamp.{name}() int", a => CelInt.Of(part(((CelTimestamp)a[0]).Time.UtcDateTime)))
                .Add($"timestamp.{name}(string) int", a => InZone((CelTimestamp)a[0], StandardLibrary.Text(a[1]), part));
        }
        foreach (var (name, nanos) in ((string, long)[])[("getHours", 3_600_000_000_000), ("getMinutes", 60_000_000_000), ("getSeconds", 1_000_000_000), ("getMilliseconds", 1_000_000)])
            library.Add($"duration.{name}() int", a => CelInt.Of(((CelDuration)a[0]).Nanos / nanos));
    }

    private static CelValue InZone(CelTimestamp time, string zone, Func<DateTime, long> part)
    {
        try
        {
            return CelInt.Of(part(Offset(zone) is { } offset ? time.Time.UtcDateTime + offset : TimeZoneInfo.ConvertTime(time.Time, TimeZoneInfo.FindSystemTimeZoneById(zone)).DateTime));
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException or ArgumentOutOfRangeException)
        {
            return new CelError($"unknown time zone {zone}");
        }
    }

    /// <summary><c>+02:00</c>, <c>-5:30</c> or the empty name of UTC; null for the name of a zone.</summary>
    private static TimeSpan? Offset(string zone)
    {
        if (zone is "" or "UTC") return TimeSpan.Zero;
        var colon = zone.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return null;
        var negative = zone[0] == '-';
        var hours = zone.AsSpan(0, colon).TrimStart("+-");
        if (!int.TryParse(hours, NumberStyles.None, CultureInfo.InvariantCulture, out var h) || !int.TryParse(zone.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var m))
            return null;
        var offset = new TimeSpan(h, m, 0);
        return negative ? -offset : offset;
    }
}
