using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>Starts a job when it is due, keeps book of those that run, and clears away those that have ended.</summary>
/// <remarks>
/// Of several missed runs only the last is made up for. The name of a job says its time, so that a time which was run is known from the job
/// itself, should the status not have been written. Source: kube-controller-manager, cronjob/cronjob_controllerv2.go.
/// </remarks>
public sealed class CronJobReconciler
{
    /// <summary>How long after the due time to wake up, so that a timer which is a bit early is not too early; source: nextScheduleDelta.</summary>
    private static readonly TimeSpan WakeAfter = TimeSpan.FromMilliseconds(100);

    private readonly ImmutableArray<ControllerAction>.Builder _actions = ImmutableArray.CreateBuilder<ControllerAction>();
    private readonly CronJobView _cron;
    private readonly List<JobView> _jobs;
    private readonly Func<string, StoredObject?> _findJob;
    private readonly ReconcileContext _context;
    private readonly JsonObject _status;
    private readonly List<JobView> _active = [];
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);
    private DateTimeOffset? _lastSchedule;
    private bool _starts;

    private CronJobReconciler(CronJobView cron, IEnumerable<JobView> jobs, Func<string, StoredObject?> findJob, ReconcileContext context)
    {
        (_cron, _findJob, _context) = (cron, findJob, context);
        _jobs = [.. jobs.Where(j => j.Meta.Controller?.Uid == cron.Uid)];
        _status = StatusWrite.Current(cron.Source);
        _lastSchedule = cron.LastScheduleTime;
    }

    /// <param name="jobs">The jobs that the cron job controls.</param>
    /// <param name="findJob">Any job of the namespace, by name.</param>
    public static ReconcileResult Reconcile(CronJobView cron, IEnumerable<JobView> jobs, Func<string, StoredObject?> findJob, ReconcileContext context)
    {
        var pass = new CronJobReconciler(cron, jobs, findJob, context);
        pass.Account();
        var wake = cron.Meta.Deleting ? null : pass.Start();
        if (!cron.Meta.Deleting) pass.Clear();
        pass.WriteStatus();
        return new ReconcileResult(pass._actions.ToImmutable(), wake);
    }

    /// <summary>Which jobs run, and when the last one succeeded.</summary>
    private void Account()
    {
        var listed = _cron.Active.Select(static a => a.Uid).ToHashSet(StringComparer.Ordinal);
        var succeeded = _cron.LastSuccessfulTime;
        foreach (var job in _jobs.OrderBy(static j => j.Meta.CreationTimestamp).ThenBy(static j => j.Key))
        {
            var time = CronJobRuns.TimeOf(_cron, job);
            if (time > _lastSchedule || (_lastSchedule is null && time is not null)) _lastSchedule = time;
            var known = listed.Remove(job.Uid);
            if (job.Finished is { } end)
            {
                if (known) Tell(false, "SawCompletedJob", $"Saw completed job: {job.Key.Name}, condition: {end.Type}");
                if (end.Type == "Complete" && job.CompletionTime is { } at && (succeeded is null || at > succeeded)) succeeded = at;
            }
            else if (known || time is not null) _active.Add(job);
            else Tell(true, "UnexpectedJob", $"Saw a job that the controller did not create or forgot: {job.Key.Name}");
        }
        foreach (var gone in _cron.Active.Where(a => listed.Contains(a.Uid))) Tell(false, "MissingJob", $"Active job went missing: {gone.Name}");
        if (succeeded is { } success) _status["lastSuccessfulTime"] = KindTime.Format(success);
    }

    private TimeSpan? Start()
    {
        var zone = TimeZoneInfo.Utc;
        if (_cron.TimeZone is { } name && (!TimeZoneNames.Exists(name) || !TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone)))
        {
            Tell(true, "UnknownTimeZone", $"invalid timeZone: {GoQuote.Quote(name)}: unknown time zone {name}");
            return null;
        }
        if (_cron.Suspended) return null;
        if (CronSchedule.Parse(_cron.Schedule, out var fault) is not { } schedule)
        {
            Tell(true, "UnparseableSchedule", $"unparseable schedule: {GoQuote.Quote(_cron.Schedule)} : {fault}");
            return null;
        }
        var since = _lastSchedule ?? _cron.Meta.CreationTimestamp;
        var deadline = _cron.StartingDeadlineSeconds is { } seconds ? _context.Now.Plus(-seconds) : DateTimeOffset.MinValue;
        var earliest = deadline > since ? deadline : since;
        if (schedule.Next(earliest, zone) is null)
        {
            // A day that no month has is found out so upstream: it comes twice at the same time, namely never.
            Tell(true, "InvalidSchedule", $"invalid schedule: {_cron.Schedule} : time difference between two schedules is less than 1 second");
            return null;
        }
        var (due, missed) = schedule.LastRun(earliest, _context.Now, zone);
        if (missed == MissedRuns.Many)
            Tell(true, "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        if (due is { } time) Run(time, deadline, zone);
        return WakeFor(schedule, zone, since);
    }

    private void Run(DateTimeOffset due, DateTimeOffset deadline, TimeZoneInfo zone)
    {
        if (due < deadline)
        {
            Tell(true, "MissSchedule", $"Missed scheduled time to start a job: {due.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
            return;
        }
        var name = CronJobRuns.NameOf(_cron, due);
        // Of somebody else's job of the name it is not ours to keep book; ours is in the book already.
        if (due == _lastSchedule || _findJob(name) is not null) return;
        if (_cron.Concurrency == "Forbid" && _active.Count > 0)
        {
            Tell(false, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
            return;
        }
        if (_cron.Concurrency == "Replace")
        {
            foreach (var job in _active) Delete(job);
            _active.Clear();
        }
        _actions.Add(CronJobRuns.Create(_cron, due, zone) with { News = new CreationNews(Event(false, "SuccessfulCreate", $"Created job {name}"), "Error creating job: ") });
        // What keeps the job from being made now may last, and the rest of the status should not wait for it.
        if (_context.Failure is not null) return;
        _starts = true;
        _lastSchedule = due;
    }

    private TimeSpan? WakeFor(CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset since)
    {
        // A clock that was put back leaves the last run in the future: the next one comes after that.
        var from = _lastSchedule ?? since;
        if (schedule.Next(from > _context.Now ? from : _context.Now, zone) is not { } next) return null;
        return next + WakeAfter - _context.Now;
    }

    private void Clear()
    {
        Clear("Complete", _cron.SuccessfulKept);
        Clear("Failed", _cron.FailedKept);
    }

    private void Clear(string end, long? kept)
    {
        if (kept is not { } most) return;
        var ended = _jobs.Where(j => j.Finished?.Type == end && !j.Meta.Deleting)
            .OrderBy(static j => j.StartTime ?? DateTimeOffset.MaxValue).ThenBy(static j => j.Key).ToList();
        foreach (var job in ended.Take((int)Math.Max(0, ended.Count - most))) Delete(job);
    }

    private void WriteStatus()
    {
        var references = JsonTree.Array(_status, "active") ?? [];
        // Who writes to the status may say anything there, also the same twice.
        var old = references.OfType<JsonObject>().DistinctBy(static r => JsonTree.String(r, "uid") ?? "").ToDictionary(static r => JsonTree.String(r, "uid") ?? "", StringComparer.Ordinal);
        if (_active.Count == 0) _status.Remove("active");
        else _status["active"] = new JsonArray([.. _active.Select(j => old.GetValueOrDefault(j.Uid)?.DeepClone() ?? CronJobRuns.Reference(j))]);
        if (_lastSchedule is { } last) _status["lastScheduleTime"] = KindTime.Format(last);
        if (StatusWrite.IfChanged(ResourceTypes.CronJobs, _cron.Source, _status) is { } write) _actions.Add(write with { IfCreated = _starts });
    }

    private void Delete(JobView job)
    {
        if (job.Meta.Deleting || !_deleted.Add(job.Uid)) return;
        _actions.Add(new DeleteAction(ResourceTypes.Jobs, job.Key, job.Uid, "Background"));
        Tell(false, "SuccessfulDelete", $"Deleted job {job.Key.Name}");
    }

    private void Tell(bool warning, string reason, string message) => _actions.Add(Event(warning, reason, message));

    private EventAction Event(bool warning, string reason, string message) =>
        new(ResourceTypes.CronJobs, _cron.Key, "batch/v1", "CronJob", _cron.Uid, warning, reason, message);
}
