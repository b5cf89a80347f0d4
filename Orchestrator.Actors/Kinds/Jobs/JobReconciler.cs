using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>Runs pods until enough of them have succeeded, or too many have failed.</summary>
/// <remarks>
/// A pod keeps a finalizer until it is counted: its uid goes into the status, then the finalizer goes, then the count rises and
/// the uid goes. Each step is its own write, so that after a failure at any point no pod is counted twice or forgotten.
/// Source: kube-controller-manager, job/job_controller.go; KEP-2307.
/// </remarks>
public static class JobReconciler
{
    /// <summary>Back-off before pods that failed are replaced: 10 s, doubled per failure up to 10 min; source: job controller.</summary>
    public static readonly TimeSpan BackoffBase = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(10);

    /// <summary>What a Job that this controller runs may say in <c>spec.managedBy</c>.</summary>
    private const string ControllerName = "kubernetes.io/job-controller";

    /// <summary>Most pods created in one pass (count); source: MaxPodCreateDeletePerSync = 500.</summary>
    public const int BurstMax = 500;

    public static ReconcileResult Reconcile(JobView job, IReadOnlyCollection<PodView> candidates, ReconcileContext context)
    {
        // Another controller runs it, to the finalizers of its pods.
        if (job.ManagedBy is not ("" or ControllerName)) return ReconcileResult.None;
        var claims = new List<ControllerAction>();
        var owned = JobPodClaims.Claim(job, candidates, claims);
        var pass = new JobPass(job, owned, context);
        foreach (var claim in claims) pass.Do(claim);
        if (job.Meta.Deleting || job.Finished is not null) return End(pass);
        pass.Count();
        if (!job.Suspended && pass.Status["startTime"] is null) pass.Status["startTime"] = KindTime.Format(context.Now);
        if (job.Find("FailureTarget") is { } target) return Fail(pass, target.Reason, target.Message);
        if (job.Find("SuccessCriteriaMet") is { } met) return Succeed(pass, met.Reason, met.Message);
        if (owned.Where(job.IsFailed).Select(p => JobFailurePolicy.Match(job.FailureRules, p)).FirstOrDefault(static m => m is { Action: FailureAction.FailJob }) is { } match)
            return Fail(pass, "PodFailurePolicy", match.Message);
        if (pass.Failed > job.BackoffLimit || (job.RestartOnFailure && pass.Restarts >= Math.Max(1, job.BackoffLimit)))
            return Fail(pass, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (pass.DeadlineLeft is { } left && left <= TimeSpan.Zero) return Fail(pass, "DeadlineExceeded", "Job was active longer than specified deadline");
        if (pass.IndexFailures is { Failed.Count: > 0 and var failed })
        {
            if (failed > job.MaxFailedIndexes)
                return Fail(pass, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
            if (failed + pass.CompletedIndexes.Count >= job.Completions) return Fail(pass, "FailedIndexes", "Job has failed indexes");
        }
        if (job.Indexed && JobSuccessPolicy.Match(job.SuccessRules, job.Completions ?? 0, pass.CompletedIndexes) is { } early)
            return Succeed(pass, "SuccessPolicy", early);
        if (IsDone(pass)) return Succeed(pass, "CompletionsReached", "Reached expected number of succeeded pods");
        if (Suspension(pass)) return pass.Finish(null);
        var wait = Scale(pass);
        return pass.Finish(Earlier(wait, pass.DeadlineLeft));
    }

    /// <summary>Frees the pods of a Job that is no more from the finalizer, for nobody counts them now.</summary>
    public static ReconcileResult Abandon(IEnumerable<PodView> pods) =>
        new([.. pods.Where(static p => p.Meta.Finalizers.Contains(JobView.TrackingFinalizer)).Select(static p => JobPass.Free(p))]);

    private static bool IsDone(JobPass pass)
    {
        if (pass.Job.Completions is { } completions) return pass.Succeeded >= completions;
        // A work queue is done when one pod has said so and the others have ended.
        return pass.Succeeded > 0 && pass.Active.Count == 0;
    }

    private static ReconcileResult End(JobPass pass)
    {
        foreach (var pod in pass.Owned)
        {
            if (pass.Job.Finished is not null && pod.Active) pass.Delete(pod);
            if (pod.Meta.Finalizers.Contains(JobView.TrackingFinalizer)) pass.Do(JobPass.Free(pod));
        }
        if (pass.Job.Finished is not { } finished || pass.Job.TtlSecondsAfterFinished is not { } ttl || pass.Job.Meta.Deleting) return pass.Actions(null);
        var left = (finished.LastTransition ?? pass.Now).Plus(ttl) - pass.Now;
        if (left > TimeSpan.Zero) return pass.Actions(left);
        pass.Do(new DeleteAction(ResourceTypes.Jobs, pass.Job.Key, pass.Job.Uid, "Foreground"));
        return pass.Actions(null);
    }

    private static ReconcileResult Fail(JobPass pass, string reason, string message)
    {
        if (pass.SetCondition("FailureTarget", reason, message)) pass.Event(true, reason, message);
        return Conclude(pass, "Failed", reason, message);
    }

    private static ReconcileResult Succeed(JobPass pass, string reason, string message)
    {
        pass.SetCondition("SuccessCriteriaMet", reason, message);
        return Conclude(pass, "Complete", reason, message);
    }

    // The terminal condition comes when nothing runs and nothing is left to be counted, so that the counts are final.
    private static ReconcileResult Conclude(JobPass pass, string condition, string reason, string message)
    {
        foreach (var pod in pass.Active) pass.Delete(pod);
        if (pass.Active.Count == 0 && pass.Terminating == 0 && pass.AllCounted)
        {
            pass.SetCondition(condition, reason, message);
            if (condition == "Complete")
            {
                pass.Status["completionTime"] = KindTime.Format(pass.Now);
                pass.Event(false, "Completed", "Job completed");
            }
        }
        return pass.Finish(null);
    }

    private static bool Suspension(JobPass pass)
    {
        var was = StatusWrite.Condition(pass.Status, "Suspended");
        if (pass.Job.Suspended)
        {
            foreach (var pod in pass.Active) pass.Discard(pod);
            pass.Status.Remove("startTime");
            if (JsonTree.String(was, "status") != "True") pass.Event(false, "Suspended", "Job suspended");
            pass.SetCondition("Suspended", "JobSuspended", "Job suspended");
            return true;
        }
        if (JsonTree.String(was, "status") == "True")
        {
            StatusWrite.SetCondition(pass.Status, "Suspended", "False", "JobResumed", "Job resumed", pass.Now);
            pass.Event(false, "Resumed", "Job resumed");
        }
        return false;
    }

    private static TimeSpan? Scale(JobPass pass)
    {
        var job = pass.Job;
        var wanted = job.Parallelism;
        if (job.Completions is { } completions) wanted = Math.Min(wanted, completions - pass.Succeeded);
        // A work queue starts no new pods once one of them has succeeded.
        else if (pass.Succeeded > 0) wanted = Math.Min(wanted, pass.Active.Count);
        var excess = pass.Active.Count - Math.Max(0, wanted);
        if (Surplus(pass, excess) is { Count: > 0 } surplus)
        {
            foreach (var pod in surplus.Take(BurstMax)) pass.Discard(pod);
            return null;
        }
        // A pod that is ending still works; with this policy its place is free once it has ended.
        if (job.ReplacesOnlyFailed) excess += pass.Terminating;
        if (excess >= 0) return null;
        if (pass.IndexFailures is null && pass.BackoffLeft is { } left) return left;
        return Create(pass, Math.Min(-excess, BurstMax));
    }

    // Pods of indexes that there are not, and all but one of an index, are too many however few there are; source: activePodsForRemoval.
    private static List<PodView> Surplus(JobPass pass, int excess)
    {
        if (excess <= 0 && !pass.Job.Indexed) return [];
        var ranked = pass.Active.Order(new PodRanking(ImmutableDictionary<string, int>.Empty, pass.Now)).ToList();
        var surplus = new List<PodView>();
        var indexes = new HashSet<int>();
        for (var i = ranked.Count - 1; i >= 0 && pass.Job.Indexed; i--)
        {
            var index = JobIndex.Of(ranked[i]);
            if (index >= 0 && index < pass.Job.Completions && indexes.Add(index)) continue;
            surplus.Add(ranked[i]);
            ranked.RemoveAt(i);
        }
        if (excess > surplus.Count) surplus.AddRange(ranked.Take(excess - surplus.Count));
        return surplus;
    }

    /// <summary>The wait after that many failures in a row.</summary>
    public static TimeSpan Backoff(int failures)
    {
        if (failures <= 0) return TimeSpan.Zero;
        var wait = BackoffBase * Math.Pow(2, Math.Min(failures - 1, 10));
        return wait < BackoffMax ? wait : BackoffMax;
    }

    private static TimeSpan? Create(JobPass pass, int count)
    {
        var job = pass.Job;
        var template = JsonTree.At(job.Source.ToTree(), ["spec", "template"])!.AsObject();
        TimeSpan? wait = null;
        var indexes = job.Indexed ? FreeIndexes(pass, left => wait = Earlier(wait, left)).Take(count).ToList() : [];
        if (job.Indexed) count = indexes.Count;
        for (var i = 0; i < count; i++)
        {
            var prefix = job.Indexed ? string.Create(CultureInfo.InvariantCulture, $"{job.Key.Name}-{indexes[i]}-") : job.Key.Name + "-";
            var name = DecidedNames.Generate(prefix, pass.NameSeed, i);
            var pod = OwnedBody.Pod(template, job.Key.Namespace, name, prefix, job.Identity);
            var metadata = pod["metadata"]!.AsObject();
            if (JsonTree.Array(metadata, "finalizers") is not { } finalizers) metadata["finalizers"] = finalizers = [];
            finalizers.Add(JobView.TrackingFinalizer);
            if (job.Indexed) JobIndex.Give(pod, job.Key.Name, indexes[i]);
            pass.IndexFailures?.Mark(pod, indexes[i]);
            pass.Do(new CreateAction(ResourceTypes.Pods, new ObjectKey(job.Key.Namespace, name), pod)
            {
                News = CreationNews.OfPod(pass.EventOf(false, "SuccessfulCreate", $"Created pod: {name}")),
            });
        }
        return wait;
    }

    private static IEnumerable<int> FreeIndexes(JobPass pass, Action<TimeSpan> waits)
    {
        var taken = pass.Owned.Where(p => p.Active || (pass.Job.ReplacesOnlyFailed && p.Terminating && !p.Finished)).Select(JobIndex.Of).ToHashSet();
        for (var i = Unsettled(pass, 0); i < (pass.Job.Completions ?? 0); i = Unsettled(pass, i + 1))
        {
            if (taken.Contains(i)) continue;
            var left = pass.IndexFailures?.BackoffLeft(i, pass.Now) ?? TimeSpan.Zero;
            if (left > TimeSpan.Zero) waits(left);
            else yield return i;
        }
    }

    // The next index that has neither succeeded nor failed.
    private static int Unsettled(JobPass pass, int index)
    {
        for (var next = index; ; index = next)
        {
            next = pass.CompletedIndexes.NextOutside(index);
            if (pass.IndexFailures is { } failures) next = failures.Failed.NextOutside(next);
            if (next == index) return next;
        }
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null ? a : a < b ? a : b;
}
