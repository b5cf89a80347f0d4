using System.Globalization;
using Orchestrator.Actors.Kinds.CronJobs;

namespace Orchestrator.Actors.Tests.Kinds.CronJobs;

public sealed class CronTimesTests
{
    [Theory]
    [InlineData("* * * * *"), InlineData("@every 1h")]
    public void Next_AtTheEndOfTime_IsNever(string text) =>
        Assert.Null(CronSchedule.Parse(text, out _)!.Next(DateTimeOffset.MaxValue, TimeZoneInfo.Utc));

    private const string NewYork = "America/New_York";

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static CronSchedule Parse(string schedule)
    {
        var parsed = CronSchedule.Parse(schedule, out var fault);
        Assert.Null(fault);
        return parsed!;
    }

    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")]
    [InlineData("* * * * *", "2026-01-01T00:00:59.9Z", "2026-01-01T00:01:00Z")]
    [InlineData("*/15 * * * *", "2026-01-01T00:46:00Z", "2026-01-01T01:00:00Z")]
    [InlineData("7/20 * * * *", "2026-01-01T00:07:00Z", "2026-01-01T00:27:00Z")]
    [InlineData("0 9-17/4 * * mon-fri", "2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("0 0 1,15 * mon", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("0 0 13 * fri", "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z")]
    [InlineData("0 0 */1 * mon", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("0 0 */2 * mon", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z")]
    [InlineData("59 23 31 dec ?", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z")]
    [InlineData("0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2096-03-01T00:00:00Z", null)]
    [InlineData("59 23 31 2 *", "2026-01-01T00:00:00Z", null)]
    [InlineData("@hourly", "2026-01-01T00:00:01Z", "2026-01-01T01:00:00Z")]
    [InlineData("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@every 1h30m", "2026-01-01T00:00:10.7Z", "2026-01-01T01:30:10Z")]
    public void Next_Utc_IsTheFirstTimeAfter(string schedule, string after, string? expected) =>
        Assert.Equal(expected is null ? null : At(expected), Parse(schedule).Next(At(after), TimeZoneInfo.Utc));

    [Theory]
    // New York puts its clocks from 02:00 to 03:00 on 2026-03-08: half past two does not come that day.
    [InlineData("30 2 * * *", NewYork, "2026-03-07T12:00:00Z", "2026-03-09T06:30:00Z")]
    [InlineData("0 3 * * *", NewYork, "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z")]
    [InlineData("0 * * * *", NewYork, "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z")]
    // They go back from 02:00 to 01:00 on 2026-11-01: half past one comes twice.
    [InlineData("30 1 * * *", NewYork, "2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z")]
    [InlineData("30 1 * * *", NewYork, "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z")]
    [InlineData("30 1 * * *", NewYork, "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z")]
    // A midnight that is skipped does not come; the day does (Cairo, 2026-04-24).
    [InlineData("0 0 24 4 *", "Africa/Cairo", "2026-04-01T00:00:00Z", "2027-04-23T22:00:00Z")]
    [InlineData("0 1 24 4 *", "Africa/Cairo", "2026-04-01T00:00:00Z", "2026-04-23T22:00:00Z")]
    // Half an hour of daylight saving (Lord Howe Island, back on 2026-04-05 from 02:00 to 01:30).
    [InlineData("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z")]
    [InlineData("0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T03:30:00Z")]
    // The leap day begins a day earlier in Tokyo.
    [InlineData("0 0 29 2 *", "Asia/Tokyo", "2027-06-01T00:00:00Z", "2028-02-28T15:00:00Z")]
    public void Next_InAZone_IsWhatTheClockOnTheWallSays(string schedule, string zone, string after, string expected) =>
        Assert.Equal(At(expected), Parse(schedule).Next(At(after), TimeZoneInfo.FindSystemTimeZoneById(zone)));

    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z", null, MissedRuns.None)]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:00Z", MissedRuns.None)]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:03:30Z", "2026-01-01T00:03:00Z", MissedRuns.Few)]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:40:30Z", "2026-01-01T01:40:00Z", MissedRuns.Few)]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:41:00Z", "2026-01-01T01:41:00Z", MissedRuns.Many)]
    [InlineData("* * * * *", "2006-01-01T00:00:00Z", "2026-07-01T12:34:56Z", "2026-07-01T12:34:00Z", MissedRuns.Many)]
    [InlineData("0 0 29 2 *", "2006-01-01T00:00:00Z", "2026-07-01T12:34:56Z", "2024-02-29T00:00:00Z", MissedRuns.Few)]
    [InlineData("*/10 8 * * mon", "2026-01-05T08:00:00Z", "2026-01-11T00:00:00Z", "2026-01-05T08:50:00Z", MissedRuns.Many)]
    [InlineData("@every 7s", "2006-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2025-12-31T23:59:57Z", MissedRuns.Many)]
    [InlineData("* * * * *", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", null, MissedRuns.None)]
    [InlineData("59 23 31 2 *", "2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", null, MissedRuns.None)]
    public void LastRun_IsTheLatestThatIsDue(string schedule, string since, string now, string? expected, MissedRuns missed)
    {
        var run = Parse(schedule).LastRun(At(since), At(now), TimeZoneInfo.Utc);
        Assert.Equal((expected is null ? (DateTimeOffset?)null : At(expected), missed), run);
    }

    [Fact]
    public void LastRun_AnySchedule_IsTheLastOfAllNextOnes()
    {
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var schedule = Parse($"{random.Next(60)}/{random.Next(1, 40)} {random.Next(12)}-{random.Next(12, 24)} {random.Next(1, 15)}-{random.Next(15, 32)}/3 * {(random.Next(2) == 0 ? "*" : "tue-thu")}");
            var zone = TimeZoneInfo.FindSystemTimeZoneById(random.Next(2) == 0 ? NewYork : "Europe/Berlin");
            var since = At("2026-01-01T00:00:00Z").AddMinutes(random.Next(500_000));
            var now = since.AddMinutes(random.Next(30_000));
            DateTimeOffset? last = null;
            for (var next = schedule.Next(since, zone); next <= now; next = schedule.Next(next!.Value, zone)) last = next;
            Assert.Equal(last, schedule.LastRun(since, now, zone).Last);
        }
    }
}
