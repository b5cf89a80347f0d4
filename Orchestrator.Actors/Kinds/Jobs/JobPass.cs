using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The working state of one pass over a Job: the counts, the status in the making, the actions so far.</summary>
internal sealed class JobPass
{
    private readonly ImmutableArray<ControllerAction>.Builder _actions = ImmutableArray.CreateBuilder<ControllerAction>();
    private readonly ReconcileContext _context;
    private readonly HashSet<string> _deleted = [];

    public JobPass(JobView job, List<PodView> owned, ReconcileContext context)
    {
        Job = job;
        Owned = owned;
        _context = context;
        Status = StatusWrite.Current(job.Source);
        Active = [.. owned.Where(static p => p.Active)];
        Terminating = owned.Count(static p => p.Terminating && !p.Finished);
        Restarts = owned.Where(static p => p.Phase is "Running" or "Pending").Sum(static p => p.Containers.Sum(static c => (long)c.RestartCount));
        CompletedIndexes = job.CompletedIndexes;
        if (job.Indexed && job.BackoffLimitPerIndex is not null) IndexFailures = new JobIndexFailures(job, owned);
    }

    public JobView Job { get; }
    public List<PodView> Owned { get; }
    public List<PodView> Active { get; }
    public int Terminating { get; }
    /// <summary>How often containers of pods that are not over were started again.</summary>
    public long Restarts { get; }
    public JsonObject Status { get; }
    public DateTimeOffset Now => _context.Now;
    public string NameSeed => _context.NameSeed;

    /// <summary>All that succeeded, counted or about to be.</summary>
    public int Succeeded { get; private set; }

    public int Failed { get; private set; }
    public bool AllCounted { get; private set; } = true;
    public IndexSet CompletedIndexes { get; private set; }

    /// <summary>Null when the failures of single indexes are not limited.</summary>
    public JobIndexFailures? IndexFailures { get; }

    public TimeSpan? DeadlineLeft =>
        Job.ActiveDeadlineSeconds is { } seconds && Job.StartTime is { } start && !Job.Suspended ? start.Plus(seconds) - Now : null;

    /// <summary>How long to wait before failed pods are replaced, or null.</summary>
    public TimeSpan? BackoffLeft
    {
        get
        {
            var ends = Owned.Where(static p => p.Phase == "Failed").Select(static p => EndOf(p)).ToList();
            if (ends.Max() is not { } at) return null;
            var success = Owned.Where(static p => p.Phase == "Succeeded").Select(static p => EndOf(p)).Max();
            var since = ends.Count(e => success is null || e >= success);
            var wait = JobReconciler.Backoff(since);
            return at + wait > Now && since > 0 ? at + wait - Now : null;
        }
    }

    /// <summary>Moves finished pods one step on their way into the counts.</summary>
    public void Count()
    {
        var held = Owned.Where(static p => p.Meta.Finalizers.Contains(JobView.TrackingFinalizer)).ToDictionary(static p => p.Uid, StringComparer.Ordinal);
        int succeeded = Job.Succeeded, failed = Job.Failed;
        var waitSucceeded = new SortedSet<string>(StringComparer.Ordinal);
        var waitFailed = new SortedSet<string>(StringComparer.Ordinal);
        Settle(Job.UncountedSucceeded, held, waitSucceeded, ref succeeded);
        Settle(Job.UncountedFailed, held, waitFailed, ref failed);
        var completed = new List<int>();
        foreach (var pod in held.Values)
        {
            if (waitSucceeded.Contains(pod.Uid) || waitFailed.Contains(pod.Uid)) continue;
            if (pod.Phase == "Succeeded") Add(pod, waitSucceeded, completed);
            else if (Job.IsFailed(pod)) AddFailed(pod, waitFailed);
        }
        CompletedIndexes = CompletedIndexes.With(completed);
        Succeeded = Job.Indexed ? CompletedIndexes.Count : succeeded + waitSucceeded.Count;
        Failed = failed + waitFailed.Count;
        AllCounted &= waitSucceeded.Count == 0 && waitFailed.Count == 0;
        StatusWrite.SetCount(Status, "succeeded", Job.Indexed ? CompletedIndexes.Count : succeeded);
        StatusWrite.SetCount(Status, "failed", failed);
        if (Job.Indexed && (CompletedIndexes.Count > 0 || Status["completedIndexes"] is not null)) Status["completedIndexes"] = CompletedIndexes.ToString();
        if (IndexFailures is { } failures) Status["failedIndexes"] = failures.Failed.ToString();
        var uncounted = new JsonObject();
        if (waitSucceeded.Count > 0) uncounted["succeeded"] = new JsonArray([.. waitSucceeded.Select(static u => (JsonNode)u)]);
        if (waitFailed.Count > 0) uncounted["failed"] = new JsonArray([.. waitFailed.Select(static u => (JsonNode)u)]);
        Status["uncountedTerminatedPods"] = uncounted;
    }

    public void Do(ControllerAction action) => _actions.Add(action);

    public void Delete(PodView pod)
    {
        if (_deleted.Add(pod.Uid)) Do(new DeleteAction(ResourceTypes.Pods, pod.Key, pod.Uid));
    }

    /// <summary>Deletes a pod that the Job has too many of; it counts for nothing.</summary>
    public void Discard(PodView pod)
    {
        if (pod.Meta.Finalizers.Contains(JobView.TrackingFinalizer)) Do(Free(pod));
        Delete(pod);
    }

    public void Event(bool warning, string reason, string message) => Do(EventOf(warning, reason, message));

    public EventAction EventOf(bool warning, string reason, string message) =>
        new(ResourceTypes.Jobs, Job.Key, "batch/v1", "Job", Job.Uid, warning, reason, message);

    /// <summary>Sets a condition to true; returns whether it was not.</summary>
    public bool SetCondition(string type, string reason, string message)
    {
        if (!StatusWrite.SetCondition(Status, type, "True", reason, message, Now)) return false;
        StatusWrite.Condition(Status, type)!["lastProbeTime"] = KindTime.Format(Now);
        return true;
    }

    /// <summary>Ends the pass with the counts of what runs.</summary>
    public ReconcileResult Finish(TimeSpan? requeueAfter)
    {
        StatusWrite.SetCount(Status, "active", Active.Count);
        Status["ready"] = Active.Count(static p => p.Ready);
        Status["terminating"] = Terminating;
        if (StatusWrite.IfChanged(ResourceTypes.Jobs, Job.Source, Status) is { } write) Do(write);
        return Actions(requeueAfter);
    }

    public ReconcileResult Actions(TimeSpan? requeueAfter) => new(_actions.ToImmutable(), requeueAfter);

    public static PatchAction Free(PodView pod)
    {
        var left = new JsonArray([.. pod.Meta.Finalizers.Where(static f => f != JobView.TrackingFinalizer).Select(static f => (JsonNode)f)]);
        return new PatchAction(ResourceTypes.Pods, pod.Key, pod.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = left.Count > 0 ? left : null } });
    }

    // A uid in the stored status is safe to let go of; once it holds no finalizer any more it is counted.
    private void Settle(ImmutableHashSet<string> uncounted, Dictionary<string, PodView> held, SortedSet<string> waiting, ref int count)
    {
        foreach (var uid in uncounted)
        {
            if (!held.TryGetValue(uid, out var pod))
            {
                count++;
                continue;
            }
            waiting.Add(uid);
            Do(Free(pod));
        }
    }

    private void Add(PodView pod, SortedSet<string> waiting, List<int> completed)
    {
        if (Job.Indexed)
        {
            var index = JobIndex.Of(pod);
            if (index < 0 || index >= Job.Completions)
            {
                Do(Free(pod));
                return;
            }
            completed.Add(index);
        }
        waiting.Add(pod.Uid);
    }

    private void AddFailed(PodView pod, SortedSet<string> waiting)
    {
        var ending = Job.Find("FailureTarget") is not null || Job.Find("SuccessCriteriaMet") is not null;
        if (!ending && IndexFailures is { } failures && failures.IsNeeded(pod))
        {
            AllCounted = false;
            return;
        }
        var outside = Job.Indexed && (JobIndex.Of(pod) is var index && (index < 0 || index >= Job.Completions));
        if (outside || Job.IsIgnored(pod)) Do(Free(pod));
        else waiting.Add(pod.Uid);
    }

    internal static DateTimeOffset? EndOf(PodView pod) =>
        pod.Containers.Select(static c => c.FinishedAt).DefaultIfEmpty().Max() ?? pod.Condition("Ready")?.LastTransition ?? pod.Meta.CreationTimestamp;
}
