using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The failures of each index of a Job that limits them per index.</summary>
/// <remarks>
/// How often an index has failed stands on its pods: each carries the number of failures before it. So the last failed pod of an index
/// keeps its finalizer until its replacement is there. Source: kube-controller-manager, job/backoff_utils.go and indexed_job_utils.go; KEP-3850.
/// </remarks>
internal sealed class JobIndexFailures
{
    private const string CountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    private const string IgnoredAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    private readonly JobView _job;
    private readonly Dictionary<int, PodView> _last = [];
    private readonly HashSet<int> _replaced = [];

    public JobIndexFailures(JobView job, IEnumerable<PodView> owned)
    {
        _job = job;
        var failed = new List<int>();
        foreach (var pod in owned)
        {
            var index = JobIndex.Of(pod);
            if (index < 0 || index >= job.Completions) continue;
            if (!job.IsFailed(pod))
            {
                _replaced.Add(index);
                continue;
            }
            if (!_last.TryGetValue(index, out var last) || Tries(pod) > Tries(last)) _last[index] = pod;
            if (IsLast(pod)) failed.Add(index);
        }
        Failed = job.FailedIndexes.With(failed);
    }

    /// <summary>The indexes that are not tried again.</summary>
    public IndexSet Failed { get; }

    /// <summary>Whether a failed pod is still needed, to tell its replacement how often its index has failed.</summary>
    public bool IsNeeded(PodView pod)
    {
        var index = JobIndex.Of(pod);
        return !Failed.Contains(index) && !_replaced.Contains(index) && _last.TryGetValue(index, out var last) && last.Uid == pod.Uid;
    }

    /// <summary>How long an index waits for its next pod.</summary>
    public TimeSpan BackoffLeft(int index, DateTimeOffset now)
    {
        if (!_last.TryGetValue(index, out var last)) return TimeSpan.Zero;
        var left = (JobPass.EndOf(last) ?? now) + JobReconciler.Backoff(Tries(last) + 1) - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Writes on a new pod of an index how often the index has failed before it.</summary>
    public void Mark(JsonObject pod, int index)
    {
        var annotations = JsonTree.Ensure(pod["metadata"]!.AsObject(), "annotations");
        var (count, ignored) = (0, 0);
        if (_last.TryGetValue(index, out var last))
        {
            (count, ignored) = (Number(last, CountAnnotation), Number(last, IgnoredAnnotation));
            if (_job.IsIgnored(last)) ignored++;
            else count++;
        }
        annotations[CountAnnotation] = count.ToString(CultureInfo.InvariantCulture);
        if (ignored > 0) annotations[IgnoredAnnotation] = ignored.ToString(CultureInfo.InvariantCulture);
    }

    private bool IsLast(PodView pod)
    {
        var match = JobFailurePolicy.Match(_job.FailureRules, pod);
        if (match is { Action: FailureAction.FailIndex }) return true;
        return match is not { Action: FailureAction.Ignore } && Number(pod, CountAnnotation) >= _job.BackoffLimitPerIndex;
    }

    private static int Tries(PodView pod) => Number(pod, CountAnnotation) + Number(pod, IgnoredAnnotation);

    private static int Number(PodView pod, string annotation) =>
        pod.Meta.Annotations.TryGetValue(annotation, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
