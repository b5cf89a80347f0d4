using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.CronJobs;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.CronJobs;

public sealed class CronJobReconcilerTests
{
    private static readonly ObjectKey Key = new("d", "tick");
    private readonly SimulatedCluster _cluster = new();
    private string? _failure;

    // 2026-01-01T00:00:00Z in minutes since the epoch.
    private const int Midnight = 29_453_760;

    private void Deploy(string more = "", string schedule = "*/5 * * * *") => _cluster.Put(ResourceTypes.CronJobs, $$$"""
        {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"tick","namespace":"d"},"spec":{"schedule":"{{{schedule}}}","concurrencyPolicy":"Allow",
         "successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1{{{more}}},
         "jobTemplate":{"metadata":{"labels":{"l":"1"},"annotations":{"a":"2"}},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"v1"}]} } } } } }
        """);

    private ReconcileResult Reconcile() => CronJobReconciler.Reconcile(
        CronJobView.Of(_cluster.Get(ResourceTypes.CronJobs, Key)!),
        [.. _cluster.All(ResourceTypes.Jobs).Where(static j => j.Meta.Controller?.Kind == "CronJob").Select(JobView.Of)],
        name => _cluster.Get(ResourceTypes.Jobs, new ObjectKey("d", name)), _cluster.Context() with { Failure = _failure });

    private ReconcileResult Pass()
    {
        var result = Reconcile();
        _cluster.Apply(result.Actions);
        return result;
    }

    private void PassAt(string time)
    {
        _cluster.Now = DateTimeOffset.Parse($"2026-01-01T{time}Z", CultureInfo.InvariantCulture);
        Pass();
        Pass();
    }

    private string[] Jobs => [.. _cluster.All(ResourceTypes.Jobs).Select(static j => j.Key.Name)];

    private JsonObject Status => StatusWrite.Current(_cluster.Get(ResourceTypes.CronJobs, Key)!);

    private string[] Active => [.. (Status["active"] as JsonArray ?? []).Select(static a => (string)a!["name"]!)];

    private static string Name(int minute) => string.Create(CultureInfo.InvariantCulture, $"tick-{Midnight + minute}");

    private void Finish(string job, string condition = "Complete") => _cluster.Change(ResourceTypes.Jobs, new ObjectKey("d", job), tree =>
        tree["status"] = new JsonObject
        {
            ["startTime"] = KindTime.Format(_cluster.Now),
            ["completionTime"] = condition == "Complete" ? KindTime.Format(_cluster.Now) : null,
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = condition, ["status"] = "True" }),
        });

    private bool Told(string reason) => _cluster.Events.Exists(e => e.Reason == reason);

    [Fact]
    public void Reconcile_NotDue_SleepsUntilItIs()
    {
        Deploy();
        _cluster.Now += TimeSpan.FromSeconds(30);
        var result = Reconcile();
        Assert.Empty(result.Actions);
        Assert.Equal(TimeSpan.FromSeconds(270.1), result.RequeueAfter);
    }

    [Fact]
    public void Reconcile_ADayThatNoMonthHas_IsTold_AndNothingIsWaitedFor()
    {
        Deploy(schedule: "59 23 31 2 *");
        Assert.Null(Pass().RequeueAfter);
        var told = Assert.Single(_cluster.Events);
        Assert.Equal((true, "InvalidSchedule"), (told.Warning, told.Reason));
        Assert.Equal("invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second", told.Message);
    }

    [Fact]
    public void Reconcile_Due_MakesOneJobNamedAfterItsTime()
    {
        Deploy(""", "timeZone":"Asia/Kolkata" """);
        PassAt("00:05:00");
        var job = Assert.Single(_cluster.All(ResourceTypes.Jobs));
        Assert.Equal(Name(5), job.Key.Name);
        Assert.Equal(("1", "2", "2026-01-01T05:35:00+05:30"), (job.Meta.Labels["l"], job.Meta.Annotations["a"], job.Meta.Annotations[CronJobRuns.TimeAnnotation]));
        Assert.Equal(("CronJob", "tick"), (job.Meta.Controller!.Kind, job.Meta.Controller.Name));
        Assert.Equal([Name(5)], Active);
        Assert.Equal("2026-01-01T00:05:00Z", (string)Status["lastScheduleTime"]!);
        Assert.Empty(Reconcile().Actions);
        Assert.Equal(TimeSpan.FromSeconds(300.1), Reconcile().RequeueAfter);
    }

    [Fact]
    public void Reconcile_JobEnds_LeavesTheListAndGivesTheTime()
    {
        Deploy();
        PassAt("00:05:00");
        _cluster.Now += TimeSpan.FromSeconds(20);
        Finish(Name(5));
        Pass();
        Assert.Empty(Active);
        Assert.Equal("2026-01-01T00:05:20Z", (string)Status["lastSuccessfulTime"]!);
        Assert.Contains(_cluster.Events, static e => e.Message == $"Saw completed job: {Name(5)}, condition: Complete");
    }

    [Theory]
    [InlineData("Allow", new[] { 5, 10 }, new[] { 5, 10 })]
    [InlineData("Forbid", new[] { 5 }, new[] { 5 })]
    [InlineData("Replace", new[] { 10 }, new[] { 10 })]
    public void Reconcile_DueWhileTheLastOneRuns_FollowsThePolicy(string policy, int[] jobs, int[] active)
    {
        Deploy();
        _cluster.Change(ResourceTypes.CronJobs, Key, cron => cron["spec"]!["concurrencyPolicy"] = policy);
        PassAt("00:05:00");
        PassAt("00:10:00");
        Assert.Equal(jobs.Select(Name), Jobs);
        Assert.Equal(active.Select(Name), Active);
        Assert.Equal(policy == "Forbid", Told("JobAlreadyActive"));
    }

    [Fact]
    public void Reconcile_ForbidAndTheLastOneEndsLate_MakesUpForTheLastTime()
    {
        Deploy();
        _cluster.Change(ResourceTypes.CronJobs, Key, static cron => cron["spec"]!["concurrencyPolicy"] = "Forbid");
        PassAt("00:05:00");
        PassAt("00:10:00");
        PassAt("00:15:00");
        _cluster.Now += TimeSpan.FromSeconds(40);
        Finish(Name(5));
        Pass();
        Assert.Equal([Name(5), Name(15)], Jobs);
    }

    [Fact]
    public void Reconcile_AwayForLong_RunsTheLastMissedTimeAndWarns()
    {
        Deploy();
        PassAt("00:05:00");
        PassAt("20:02:00");
        Assert.Equal([Name(5), Name(1200)], Jobs);
        Assert.True(Told("TooManyMissedTimes"));
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(200, true)]
    public void Reconcile_StartingDeadline_IsHeldAgainstALateStart(int seconds, bool runs)
    {
        Deploy($""", "startingDeadlineSeconds":{seconds}""");
        PassAt("00:07:00");
        Assert.Equal(runs, Jobs.Length == 1);
    }

    [Fact]
    public void Reconcile_StartingDeadline_KeepsTheMissedFew()
    {
        Deploy(""", "startingDeadlineSeconds":600""");
        PassAt("20:02:00");
        Assert.False(Told("TooManyMissedTimes"));
        Assert.Equal([Name(1200)], Jobs);
    }

    [Fact]
    public void Reconcile_ClockIsPutBack_RunsNothingTwice()
    {
        Deploy();
        PassAt("00:10:00");
        PassAt("00:04:00");
        PassAt("00:06:00");
        Assert.Equal([Name(10)], Jobs);
        // The next run is the one after the last, which is still to come.
        Assert.Equal(TimeSpan.FromMinutes(9).Add(TimeSpan.FromMilliseconds(100)), Reconcile().RequeueAfter);
    }

    [Fact]
    public void Reconcile_Suspended_SleepsAndStillKeepsBook()
    {
        Deploy();
        PassAt("00:05:00");
        _cluster.Change(ResourceTypes.CronJobs, Key, static cron => cron["spec"]!["suspend"] = true);
        Finish(Name(5));
        PassAt("00:10:00");
        Assert.Equal([Name(5)], Jobs);
        Assert.Empty(Active);
        Assert.Null(Reconcile().RequeueAfter);
    }

    [Fact]
    public void Reconcile_History_KeepsTheYoungest()
    {
        Deploy();
        for (var minute = 5; minute <= 30; minute += 5)
        {
            PassAt($"00:{minute:00}:00");
            Finish(Name(minute), minute % 10 == 0 ? "Failed" : "Complete");
        }
        Pass();
        Assert.Equal([Name(5), Name(15), Name(25), Name(30)], Jobs);
    }

    [Fact]
    public void Reconcile_NoLimits_KeepAll()
    {
        Deploy();
        _cluster.Change(ResourceTypes.CronJobs, Key, static cron => cron["spec"]!.AsObject().Remove("successfulJobsHistoryLimit"));
        for (var minute = 5; minute <= 30; minute += 5)
        {
            PassAt($"00:{minute:00}:00");
            Finish(Name(minute));
        }
        Pass();
        Assert.Equal(6, Jobs.Length);
    }

    [Fact]
    public void Reconcile_StatusWasNotWritten_IsMadeUpFromTheJob()
    {
        Deploy();
        PassAt("00:05:00");
        _cluster.Change(ResourceTypes.CronJobs, Key, static cron => cron["status"] = new JsonObject());
        Pass();
        Assert.Equal([Name(5)], Active);
        Assert.Equal("2026-01-01T00:05:00Z", (string)Status["lastScheduleTime"]!);
        Assert.False(Told("UnexpectedJob"));
    }

    [Fact]
    public void Reconcile_JobMadeByHand_IsSeenButNotCounted()
    {
        Deploy();
        var uid = _cluster.Get(ResourceTypes.CronJobs, Key)!.Meta.Uid;
        _cluster.Put(ResourceTypes.Jobs, $$$"""
            {"metadata":{"name":"byhand","namespace":"d","ownerReferences":[{"apiVersion":"batch/v1","kind":"CronJob","name":"tick","uid":"{{{uid}}}","controller":true}]},"spec":{}}
            """);
        Pass();
        Assert.Empty(Active);
        Assert.True(Told("UnexpectedJob"));
    }

    [Fact]
    public void Reconcile_ActiveJobIsGone_LeavesTheList()
    {
        Deploy();
        PassAt("00:05:00");
        _cluster.Apply([new DeleteAction(ResourceTypes.Jobs, new ObjectKey("d", Name(5)), _cluster.Get(ResourceTypes.Jobs, new ObjectKey("d", Name(5)))!.Meta.Uid)]);
        Pass();
        Assert.Empty(Active);
        Assert.True(Told("MissingJob"));
        Assert.Empty(Jobs);
    }

    [Fact]
    public void Reconcile_SomebodyElsesJobHasTheName_LeavesItAlone()
    {
        Deploy();
        _cluster.Put(ResourceTypes.Jobs, $$$"""{"metadata":{"name":"{{{Name(5)}}}","namespace":"d"},"spec":{}}""");
        PassAt("00:05:00");
        Assert.Single(Jobs);
        Assert.Empty(Active);
    }

    [Fact]
    public void Reconcile_CreationIsRefused_TheTimeIsNotTakenAsRun()
    {
        Deploy();
        _cluster.Now += TimeSpan.FromMinutes(5);
        var status = Assert.Single(Reconcile().Actions.OfType<StatusAction>());
        Assert.True(status.IfCreated);
        _failure = "exceeded quota";
        Assert.Empty(Reconcile().Actions.OfType<StatusAction>());
        Assert.Single(Reconcile().Actions.OfType<CreateAction>());
    }

    [Fact]
    public void Reconcile_UnknownZone_SaysSoAndSleeps()
    {
        Deploy(""", "timeZone":"Mars/Olympus" """);
        PassAt("00:05:00");
        Assert.Empty(Jobs);
        Assert.True(Told("UnknownTimeZone"));
    }

    [Fact]
    public void Reconcile_FarAway_WakesWhenItIsDue()
    {
        Deploy(schedule: "@yearly");
        Assert.InRange(Reconcile().RequeueAfter!.Value, TimeSpan.FromDays(30), TimeSpan.FromDays(366));
    }

    [Fact]
    public void Reconcile_DeadlineOfTheLargestNumber_IsNone()
    {
        Deploy(""", "startingDeadlineSeconds": 9223372036854775807 """);
        PassAt("00:05:00");
        Assert.Single(Jobs);
    }
}
