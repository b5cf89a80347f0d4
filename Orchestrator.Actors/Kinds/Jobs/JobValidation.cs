using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>A Job's template and counts, of which little may change once its pods run.</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/validation.</remarks>
public sealed class JobValidation : IKindValidation
{
    private const int IndexedParallelismMax = 100_000;
    private const int FailedIndexesMax = 100_000;
    private const int ManagedByMax = 63;

    /// <summary>From here on, a job that limits the failures of each index must limit their number, and how many run at once (count).</summary>
    private const int ManyCompletions = 100_000;
    private const int ManyMax = 10_000;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        ValidateSpec(spec, Spec, faults);
        if (JsonTree.Object(spec, "selector") is not { } selector) return;
        SelectorValidation.Validate(selector, Spec.Child("selector"), faults);
        SelectorValidation.ValidateMatch(selector, JsonTree.Object(spec, "template"), Spec.Child("template"), faults);
    }

    public void ValidateNew(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        if (JsonTree.Bool(spec, "manualSelector") != true && JsonTree.Object(spec, "selector") is { } selector) ValidateGenerated(tree, selector, faults);
        if (JsonTree.String(spec, "completionMode") != "Indexed" || JsonTree.Int64(spec, "completions") is not (> 0 and var completions)) return;
        // The last pod's host name ends in its index.
        var name = FieldRules.NameOf(tree);
        var host = System.FormattableString.Invariant($"{name}-{completions - 1}");
        if (ObjectNames.Label(host) is not null)
            faults.Invalid(FieldPath.Of("metadata").Child("name"), name, $"will not able to create pod with invalid DNS label: {host}");
    }

    // Who copies another job must leave out what was made for that one.
    private static void ValidateGenerated(JsonObject tree, JsonObject selector, FaultList faults)
    {
        var labels = JsonTree.At(tree, ["spec", "template", "metadata", "labels"]) as JsonObject;
        var path = Spec.Child("template").Child("metadata").Child("labels");
        var generated = JobStrategy.Generated(tree);
        foreach (var (name, value) in generated)
        {
            if (JsonTree.String(labels, name) is not { } given) faults.Required(path.Key(name), $"must be '{value}'");
            else if (given != value) faults.Invalid(path.Key(name), GoSyntax.Labels(labels), $"must be '{value}'");
        }
        if (!LabelSelectorJson.Read(selector).Matches(generated)) faults.Invalid(Spec.Child("selector"), GoSyntax.Selector(selector), "`selector` not auto-generated");
    }

    /// <summary>The spec of a job, or that of the jobs which a cron job makes.</summary>
    internal static void ValidateSpec(JsonObject? spec, FieldPath path, FaultList faults)
    {
        var template = JsonTree.Object(spec, "template");
        if (template is not null) Pods.PodTemplateValidation.Validate(template, path.Child("template"), faults);
        if (JsonTree.String(JsonTree.Object(template, "spec"), "restartPolicy") is not ("OnFailure" or "Never"))
            faults.Required(path.Child("template").Child("spec").Child("restartPolicy"), "valid values: \"OnFailure\", \"Never\"");
        ValidateCounts(spec, path, faults);
        if (JsonTree.String(spec, "managedBy") is { } manager) ValidateManager(manager, path.Child("managedBy"), faults);
        JobPolicyValidation.Validate(spec, path, faults);
    }

    private static void ValidateManager(string manager, FieldPath path, FaultList faults)
    {
        var slash = manager.IndexOf('/', StringComparison.Ordinal);
        if (manager.Length == 0) faults.Required(path);
        else if (slash <= 0 || slash == manager.Length - 1) faults.Invalid(path, manager, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        else if (ObjectNames.Subdomain(manager.AsSpan(0, slash)) is { } fault) faults.Invalid(path, manager[..slash], fault);
        if (manager.Length > ManagedByMax) faults.TooLong(path, ManagedByMax);
    }

    private static void ValidateCounts(JsonObject? spec, FieldPath path, FaultList faults)
    {
        var completions = JsonTree.Int64(spec, "completions");
        if (JsonTree.String(spec, "completionMode") == "Indexed")
        {
            if (completions is null) faults.Required(path.Child("completions"), "when completion mode is Indexed");
            if (JsonTree.Int64(spec, "parallelism") is > IndexedParallelismMax and var parallelism)
                faults.Invalid(path.Child("parallelism"), parallelism, $"must be less than or equal to {IndexedParallelismMax} when completion mode is Indexed");
            ValidateFailedIndexes(spec, completions, path, faults);
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

    private static void ValidateFailedIndexes(JsonObject? spec, long? completions, FieldPath path, FaultList faults)
    {
        const string Detail = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
        var failed = JsonTree.Int64(spec, "maxFailedIndexes");
        var here = path.Child("maxFailedIndexes");
        if (failed > completions) faults.Invalid(here, failed, "must be less than or equal to completions");
        if (failed > FailedIndexesMax) faults.Invalid(here, failed, $"must be less than or equal to {FailedIndexesMax}");
        if (completions is not > ManyCompletions || spec?["backoffLimitPerIndex"] is null) return;
        if (failed is null) faults.Required(here, $"must be specified when completions is above {ManyCompletions}");
        if (JsonTree.Int64(spec, "parallelism") is > ManyMax and var parallelism) faults.Invalid(path.Child("parallelism"), parallelism, Detail);
        if (failed > ManyMax) faults.Invalid(here, failed, Detail);
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
