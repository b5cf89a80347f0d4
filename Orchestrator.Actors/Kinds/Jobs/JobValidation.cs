using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>A Job's template and counts, of which little may change once its pods run.</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/validation.</remarks>
public sealed class JobValidation : IKindValidation
{
    private const int NameMax = 63;
    private const int IndexedCompletionsMax = 100_000;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        ValidateSpec(JsonTree.Object(tree, "spec"), Spec, faults);
        // The name is a label of the pods.
        var name = FieldRules.NameOf(tree);
        if (name.Length > NameMax) faults.Invalid(FieldPath.Of("metadata").Child("name"), name, ObjectNames.TooLong(NameMax));
    }

    /// <summary>The spec of a job, or that of the jobs which a cron job makes.</summary>
    internal static void ValidateSpec(JsonObject? spec, FieldPath path, FaultList faults)
    {
        var template = JsonTree.Object(spec, "template");
        if (JsonTree.Object(spec, "selector") is { } selector)
        {
            SelectorValidation.Validate(selector, path.Child("selector"), faults);
            SelectorValidation.ValidateMatch(selector, template, path.Child("template"), faults);
        }
        if (template is not null) Pods.PodTemplateValidation.Validate(template, path.Child("template"), faults);
        if (JsonTree.String(JsonTree.Object(template, "spec"), "restartPolicy") is not ("OnFailure" or "Never"))
            faults.Required(path.Child("template").Child("spec").Child("restartPolicy"), "valid values: \"OnFailure\", \"Never\"");
        ValidateCounts(spec, path, faults);
        JobPolicyValidation.Validate(spec, path, faults);
    }

    private static void ValidateCounts(JsonObject? spec, FieldPath path, FaultList faults)
    {
        var completions = JsonTree.Int64(spec, "completions");
        if (JsonTree.String(spec, "completionMode") == "Indexed")
        {
            if (completions is null) faults.Required(path.Child("completions"), "when completion mode is Indexed");
            if (JsonTree.Int64(spec, "parallelism") is > IndexedCompletionsMax and var parallelism)
                faults.Invalid(path.Child("parallelism"), parallelism, $"must be less than or equal to {IndexedCompletionsMax} when completion mode is Indexed");
        }
        else
        {
            foreach (var name in (ReadOnlySpan<string>)["backoffLimitPerIndex", "maxFailedIndexes"])
                if (JsonTree.Int64(spec, name) is { } value) faults.Invalid(path.Child(name), value, "requires indexed completion mode");
        }
        if (spec?["maxFailedIndexes"] is not null && spec["backoffLimitPerIndex"] is null)
            faults.Required(path.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        if (JsonTree.Object(spec, "podFailurePolicy") is not null
            && JsonTree.String(JsonTree.Object(JsonTree.Object(spec, "template"), "spec"), "restartPolicy") is { } policy and not "Never")
            faults.Invalid(path.Child("template").Child("spec").Child("restartPolicy"), policy, "only \"Never\" is supported when podFailurePolicy is specified");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource == "status") JobStatusValidation.Validate(tree, stored, faults);
        if (subresource.Length > 0) return;
        var (spec, old) = (JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"));
        foreach (var name in (ReadOnlySpan<string>)["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"])
            SelectorValidation.ValidateImmutable(spec, old, name, Spec, faults);
        ValidateCompletions(spec, old, faults);
        ValidateTemplate(spec, old, JsonTree.Object(stored, "status"), faults);
    }

    private static void ValidateCompletions(JsonObject? spec, JsonObject? old, FaultList faults)
    {
        if (JsonTree.DeepEquals(spec?["completions"], old?["completions"])) return;
        var completions = JsonTree.Int64(spec, "completions");
        // An indexed job may grow and shrink as long as every index has its own pod at once.
        if (JsonTree.String(spec, "completionMode") == "Indexed" && completions is not null)
        {
            if (completions != JsonTree.Int64(spec, "parallelism"))
                faults.Invalid(Spec.Child("completions"), completions, $"can only be modified in tandem with {Spec.Child("parallelism")}");
            return;
        }
        faults.Invalid(Spec.Child("completions"), completions, SelectorValidation.Immutable);
    }

    private static void ValidateTemplate(JsonObject? spec, JsonObject? old, JsonObject? status, FaultList faults)
    {
        var template = JsonTree.Object(spec, "template")?.DeepClone().AsObject();
        var before = JsonTree.Object(old, "template");
        // Before its first pod, whoever starts a suspended job may decide where its pods go.
        if (template is not null && JsonTree.Bool(old, "suspend") == true && status?["startTime"] is null)
        {
            Restore(JsonTree.Ensure(template, "metadata"), JsonTree.Object(before, "metadata"), ["labels", "annotations"]);
            Restore(JsonTree.Ensure(template, "spec"), JsonTree.Object(before, "spec"), ["nodeSelector", "tolerations", "schedulingGates", "affinity"]);
            if (before?["metadata"] is null && template["metadata"] is JsonObject { Count: 0 }) template.Remove("metadata");
        }
        if (!JsonTree.DeepEquals(template, before)) faults.Invalid(Spec.Child("template"), spec?["template"], SelectorValidation.Immutable);
    }

    private static void Restore(JsonObject part, JsonObject? before, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (before?[name] is { } value) part[name] = value.DeepClone();
            else part.Remove(name);
        }
    }
}
