using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The parts of a Job that its controller reads; parsed once per version.</summary>
public sealed class JobView
{
    /// <summary>Keeps a finished pod until it has been counted.</summary>
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";

    public const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";

    private JobView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        var status = root.Get("status");
        Completions = spec.Get("completions").Exists() ? (int)spec.Number("completions") : null;
        Parallelism = (int)spec.Number("parallelism", 1);
        BackoffLimit = (int)spec.Number("backoffLimit", 6);
        ActiveDeadlineSeconds = Optional(spec, "activeDeadlineSeconds");
        TtlSecondsAfterFinished = Optional(spec, "ttlSecondsAfterFinished");
        BackoffLimitPerIndex = (int?)Optional(spec, "backoffLimitPerIndex");
        MaxFailedIndexes = (int?)Optional(spec, "maxFailedIndexes");
        ManagedBy = spec.Text("managedBy");
        FailureRules = JobFailurePolicy.Read(spec);
        SuccessRules = JobSuccessPolicy.Read(spec);
        ReplacesOnlyFailed = spec.Get("podFailurePolicy").Exists() || spec.Text("podReplacementPolicy") == "Failed";
        Suspended = spec.Flag("suspend");
        Indexed = spec.Text("completionMode") == "Indexed";
        RestartOnFailure = spec.Get("template", "spec").Text("restartPolicy") == "OnFailure";
        Selector = LabelSelectorJson.Read(spec.Get("selector"));
        Succeeded = (int)status.Number("succeeded");
        Failed = (int)status.Number("failed");
        StartTime = KindTime.Read(status, "startTime");
        CompletionTime = KindTime.Read(status, "completionTime");
        UncountedSucceeded = [.. status.Get("uncountedTerminatedPods").Items("succeeded").Select(static u => u.Text())];
        UncountedFailed = [.. status.Get("uncountedTerminatedPods").Items("failed").Select(static u => u.Text())];
        // A Job that was made smaller has lost the indexes beyond.
        CompletedIndexes = IndexSet.Parse(status.Text("completedIndexes")).Below(Completions ?? 0);
        FailedIndexes = IndexSet.Parse(status.Text("failedIndexes")).Below(Completions ?? 0);
        Conditions = Pods.ConditionView.ReadAll(status);
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;

    /// <summary>How many pods must succeed; null when one success ends the Job (a work queue).</summary>
    public int? Completions { get; }
    public int Parallelism { get; }
    public int BackoffLimit { get; }
    public long? ActiveDeadlineSeconds { get; }
    public long? TtlSecondsAfterFinished { get; }

    /// <summary>How often one index may fail; null when only the failures of all together count.</summary>
    public int? BackoffLimitPerIndex { get; }

    public int? MaxFailedIndexes { get; }

    /// <summary>Who runs the Job; empty for the built-in controller.</summary>
    public string ManagedBy { get; }

    public ImmutableArray<FailureRule> FailureRules { get; }
    public ImmutableArray<SuccessRule> SuccessRules { get; }

    /// <summary>A pod is replaced when it has ended, not when it begins to.</summary>
    public bool ReplacesOnlyFailed { get; }

    public bool Suspended { get; }
    public bool Indexed { get; }
    public bool RestartOnFailure { get; }
    public LabelSelector Selector { get; }
    public int Succeeded { get; }
    public int Failed { get; }
    public DateTimeOffset? StartTime { get; }
    public DateTimeOffset? CompletionTime { get; }
    public ImmutableHashSet<string> UncountedSucceeded { get; }
    public ImmutableHashSet<string> UncountedFailed { get; }
    public IndexSet CompletedIndexes { get; }
    public IndexSet FailedIndexes { get; }
    public ImmutableArray<Pods.ConditionView> Conditions { get; }

    public OwnerIdentity Identity => new("batch/v1", "Job", Key.Name, Uid);

    /// <summary>The terminal condition, Complete or Failed, or null while the Job goes on.</summary>
    public Pods.ConditionView? Finished => Find("Complete") ?? Find("Failed");

    /// <summary>A condition that is true, or null.</summary>
    public Pods.ConditionView? Find(string type)
    {
        foreach (var condition in Conditions)
            if (condition.Type == type && condition.Status == "True") return condition;
        return null;
    }

    /// <summary>Whether a pod counts as failed; by default one that is being deleted will not succeed any more.</summary>
    /// <remarks>A pod without a node has no kubelet that would end it.</remarks>
    public bool IsFailed(Pods.PodView pod) =>
        pod.Phase == "Failed" || (pod.Terminating && pod.Phase != "Succeeded" && (!ReplacesOnlyFailed || pod.NodeName.Length == 0));

    public bool IsIgnored(Pods.PodView pod) => JobFailurePolicy.Match(FailureRules, pod) is { Action: FailureAction.Ignore };

    public static JobView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new JobView(o, document.RootElement);
    });

    private static long? Optional(JsonElement spec, string name) => spec.Get(name).Exists() ? spec.Number(name) : null;
}
