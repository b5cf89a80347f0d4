using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
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

    /// <summary>Most pods created in one pass (count); source: MaxPodCreateDeletePerSync = 500.</summary>
    public const int BurstMax = 500;

    public static ReconcileResult Reconcile(JobView job, IReadOnlyCollection<PodView> candidates, ReconcileContext context)
    {
        var owned = candidates.Where(p => p.Meta.Controller?.Uid == job.Uid).ToList();
        var pass = new JobPass(job, owned, context);
        if (job.Meta.Deleting || job.Finished is not null) return End(pass);
        pass.Count();
        if (job.Find("FailureTarget") is { } target) return Fail(pass, target.Reason, target.Message);
        if (job.Find("SuccessCriteriaMet") is { } met) return Succeed(pass, met.Reason, met.Message);
        if (pass.Failed > job.BackoffLimit || (job.RestartOnFailure && pass.Restarts > job.BackoffLimit))
            return Fail(pass, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (pass.DeadlineLeft is { } left && left <= TimeSpan.Zero) return Fail(pass, "DeadlineExceeded", "Job was active longer than specified deadline");
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
        var left = (finished.LastTransition ?? pass.Now).AddSeconds(ttl) - pass.Now;
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
            foreach (var pod in pass.Active) pass.Delete(pod);
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
        if (pass.Status["startTime"] is null) pass.Status["startTime"] = KindTime.Format(pass.Now);
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
        if (excess > 0)
        {
            foreach (var pod in pass.Active.OrderBy(static p => p.NodeName.Length > 0).ThenBy(static p => p.Ready)
                .ThenByDescending(static p => p.Meta.CreationTimestamp).ThenBy(static p => p.Uid, StringComparer.Ordinal).Take(excess))
                pass.Delete(pod);
            return null;
        }
        if (excess == 0) return null;
        if (pass.BackoffLeft is { } left) return left;
        Create(pass, Math.Min(-excess, BurstMax));
        return null;
    }

    private static void Create(JobPass pass, int count)
    {
        var job = pass.Job;
        var template = JsonTree.At(job.Source.ToTree(), ["spec", "template"])!.AsObject();
        var indexes = job.Indexed ? FreeIndexes(pass, count).ToList() : [];
        if (job.Indexed) count = indexes.Count;
        for (var i = 0; i < count; i++)
        {
            var prefix = job.Indexed ? string.Create(CultureInfo.InvariantCulture, $"{job.Key.Name}-{indexes[i]}-") : job.Key.Name + "-";
            var name = DecidedNames.Generate(prefix, pass.NameSeed, i);
            var pod = OwnedBody.Pod(template, job.Key.Namespace, name, prefix, job.Identity);
            var metadata = pod["metadata"]!.AsObject();
            var finalizers = JsonTree.Array(metadata, "finalizers") ?? [];
            finalizers.Add(JobView.TrackingFinalizer);
            if (finalizers.Parent is null) metadata["finalizers"] = finalizers;
            if (job.Indexed) JobIndex.Give(pod, job.Key.Name, indexes[i]);
            pass.Do(new CreateAction(ResourceTypes.Pods, new ObjectKey(job.Key.Namespace, name), pod));
            pass.Event(false, "SuccessfulCreate", $"Created pod: {name}");
        }
    }

    private static IEnumerable<int> FreeIndexes(JobPass pass, int count)
    {
        var taken = pass.Active.Select(JobIndex.Of).ToHashSet();
        return Enumerable.Range(0, pass.Job.Completions ?? 0).Where(i => !taken.Contains(i) && !pass.CompletedIndexes.Contains(i)).Take(count);
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null ? a : a < b ? a : b;
}
