using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>Defaults of a Job, and the selector that tells its pods from those of every other Job.</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/v1/defaults.go and pkg/registry/batch/job/strategy.go.</remarks>
public sealed class JobStrategy : IKindStrategy
{
    private const long BackoffLimit = 6;
    private const string UidLabel = "batch.kubernetes.io/controller-uid";
    private const string NameLabel = "batch.kubernetes.io/job-name";

    // As it was before there was a garbage collector. Source: DefaultGarbageCollectionPolicy of the kind's strategy.
    public bool OrphansDependents => true;

    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (tree["spec"] is not JsonObject spec) return;
        if (spec["completions"] is null && spec["parallelism"] is null) spec["completions"] = 1L;
        if (spec["parallelism"] is null) spec["parallelism"] = 1L;
        if (spec["backoffLimit"] is null) spec["backoffLimit"] = spec["backoffLimitPerIndex"] is null ? BackoffLimit : int.MaxValue;
        if (string.IsNullOrEmpty(JsonTree.String(spec, "completionMode"))) spec["completionMode"] = "NonIndexed";
        if (spec["suspend"] is null) spec["suspend"] = false;
        if (spec["manualSelector"] is null) spec["manualSelector"] = false;
        if (string.IsNullOrEmpty(JsonTree.String(spec, "podReplacementPolicy")))
            spec["podReplacementPolicy"] = spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed";
        LabelAsTemplate(tree, spec);
    }

    private static void LabelAsTemplate(JsonObject tree, JsonObject spec)
    {
        if (JsonTree.At(spec, ["template", "metadata", "labels"]) is not JsonObject { Count: > 0 } labels) return;
        var metadata = JsonTree.Ensure(tree, "metadata");
        if (metadata["labels"] is not JsonObject { Count: > 0 }) metadata["labels"] = labels.DeepClone();
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree)
    {
        tree["status"] = new JsonObject();
        var spec = JsonTree.Ensure(tree, "spec");
        if (JsonTree.Bool(spec, "manualSelector") == true) return;

        var labels = JsonTree.Ensure(JsonTree.Ensure(JsonTree.Ensure(spec, "template"), "metadata"), "labels");
        // What the client says otherwise is refused by the validation.
        foreach (var (label, value) in Generated(tree)) labels[label] ??= value;
        var matched = JsonTree.Ensure(JsonTree.Ensure(spec, "selector"), "matchLabels");
        matched[UidLabel] ??= JsonTree.String(JsonTree.Object(tree, "metadata"), "uid") ?? "";
        // The template had no labels of its own before; the defaults of what is stored see these.
        LabelAsTemplate(tree, spec);
    }

    /// <summary>The labels that tell a job's pods from those of all others.</summary>
    internal static Dictionary<string, string> Generated(JsonObject tree)
    {
        var metadata = JsonTree.Object(tree, "metadata");
        var (uid, name) = (JsonTree.String(metadata, "uid") ?? "", JsonTree.String(metadata, "name") ?? "");
        // The names without a prefix are the old ones, which clients still select by.
        return new Dictionary<string, string>(StringComparer.Ordinal) { ["controller-uid"] = uid, ["job-name"] = name, [UidLabel] = uid, [NameLabel] = name };
    }
}
