namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>How many runs lie between the last one and now.</summary>
public enum MissedRuns
{
    None,
    Few,

    /// <summary>More than a hundred: probably a clock that is wrong, or a controller that was away for long.</summary>
    Many,
}

/// <summary>When a schedule is due, in a time zone.</summary>
/// <remarks>
/// As github.com/robfig/cron v3 has it: what the clock on the wall says decides. A time that a clock skips when it is put forward does not
/// come that day, and one that it shows twice when it is put back comes twice. A schedule that names no day of the next five years never comes.
/// </remarks>
public static class CronTimes
{
    /// <summary>How far ahead a run is looked for (years); source: cron.SpecSchedule.Next.</summary>
    private const int YearsMax = 5;

    /// <summary>From how many missed runs on they are many (count); source: cronjob/utils.go.</summary>
    private const int FewMax = 100;

    /// <summary>The first run after <paramref name="after"/>, or null when there is none.</summary>
    public static DateTimeOffset? Next(this CronSchedule schedule, DateTimeOffset after, TimeZoneInfo zone)
    {
        // There are no days behind it to look through.
        if (after.Year > DateTime.MaxValue.Year - YearsMax - 1) return null;
        if (schedule.Every is { } every) return Floor(after, TimeSpan.FromSeconds(1)) + every;
        var at = Floor(after, TimeSpan.FromMinutes(1)).AddMinutes(1);
        var local = TimeZoneInfo.ConvertTime(at, zone).DateTime;
        for (var last = local.Year + YearsMax; local.Year <= last; local = TimeZoneInfo.ConvertTime(at, zone).DateTime)
        {
            if (!Has(schedule.Months, local.Month)) at = StartOf(new DateTime(local.Year, local.Month, 1).AddMonths(1), zone);
            else if (!DayMatches(schedule, local)) at = StartOf(local.Date.AddDays(1), zone);
            else if (!Has(schedule.Hours, local.Hour)) at = at.AddMinutes(60 - local.Minute);
            else if (!Has(schedule.Minutes, local.Minute)) at = at.AddMinutes(1);
            else return at.ToUniversalTime();
        }
        return null;
    }

    /// <summary>The last run after <paramref name="since"/> and not after <paramref name="now"/>, or null; and how many there are.</summary>
    /// <remarks>The number is a guess from the distance of the first two, as Kubernetes makes it.</remarks>
    public static (DateTimeOffset? Last, MissedRuns Missed) LastRun(this CronSchedule schedule, DateTimeOffset since, DateTimeOffset now, TimeZoneInfo zone)
    {
        if (schedule.Next(since, zone) is not { } first || first > now) return (null, MissedRuns.None);
        if (schedule.Next(first, zone) is not { } second || second > now) return (first, MissedRuns.None);
        var missed = ((long)(now - first).TotalSeconds / (long)(second - first).TotalSeconds) + 1;
        return (Latest(schedule, first, now, zone), missed > FewMax ? MissedRuns.Many : MissedRuns.Few);
    }

    // After years away there may be a million runs, of which the last is near now: it is looked for backwards, in growing steps.
    private static DateTimeOffset Latest(CronSchedule schedule, DateTimeOffset first, DateTimeOffset now, TimeZoneInfo zone)
    {
        if (schedule.Every is { } every) return first + (every * Math.Floor((now - first) / every));
        var latest = first;
        for (var back = TimeSpan.FromHours(1); now - back > first; back *= 4)
        {
            if (schedule.Next(now - back, zone) is not { } near || near > now) continue;
            latest = near;
            break;
        }
        while (schedule.Next(latest, zone) is { } next && next <= now) latest = next;
        return latest;
    }

    // When both days are given, one of them is enough.
    private static bool DayMatches(CronSchedule schedule, DateTime day)
    {
        var ofMonth = Has(schedule.DaysOfMonth, day.Day);
        var ofWeek = Has(schedule.DaysOfWeek, (int)day.DayOfWeek);
        return schedule.AnyDayOfMonth || schedule.AnyDayOfWeek ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private static bool Has(ulong bits, int bit) => (bits & (1UL << bit)) != 0;

    private static DateTimeOffset Floor(DateTimeOffset time, TimeSpan unit) => new(time.UtcTicks - (time.UtcTicks % unit.Ticks), TimeSpan.Zero);

    /// <summary>When the day begins; where midnight is skipped, it begins later, and where it comes twice, with the first.</summary>
    private static DateTimeOffset StartOf(DateTime midnight, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(midnight)) midnight = midnight.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset);
    }
}
