using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The rules of a Job's failure and success policies.</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/validation.</remarks>
internal static class JobPolicyValidation
{
    private const int RulesMax = 20;
    private const int PatternsMax = 20;

    /// <summary>Longest text of indexes (bytes).</summary>
    private const int IndexesLengthMax = 64 * 1024;
    private const int ExitCodesMax = 255;

    public static void Validate(JsonObject? spec, FieldPath path, FaultList faults)
    {
        if (JsonTree.Object(spec, "podFailurePolicy") is { } failure) ValidateFailure(spec!, failure, path.Child("podFailurePolicy").Child("rules"), faults);
        if (spec?["podFailurePolicy"] is not null && JsonTree.String(spec, "podReplacementPolicy") is { } replacement and not "Failed")
            faults.NotSupported(path.Child("podReplacementPolicy"), replacement, ["Failed"]);
        if (JsonTree.Object(spec, "successPolicy") is { } success) ValidateSuccess(spec!, success, path.Child("successPolicy"), faults);
    }

    private static void ValidateFailure(JsonObject spec, JsonObject policy, FieldPath path, FaultList faults)
    {
        var rules = JsonTree.Array(policy, "rules") ?? [];
        if (rules.Count > RulesMax) faults.TooMany(path, rules.Count, RulesMax);
        var pod = JsonTree.Object(JsonTree.Object(spec, "template"), "spec");
        var containers = new[] { "containers", "initContainers" }.SelectMany(list => JsonTree.Array(pod, list) ?? [])
            .Select(static c => JsonTree.String(c as JsonObject, "name")).ToHashSet();
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not JsonObject rule) continue;
            var at = path.Index(i);
            if (JsonTree.String(rule, "action") == "FailIndex" && spec["backoffLimitPerIndex"] is null)
                faults.Invalid(at.Child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set");
            var (codes, conditions) = (JsonTree.Object(rule, "onExitCodes"), JsonTree.Array(rule, "onPodConditions") is { Count: > 0 });
            if (codes is not null && conditions) faults.Invalid(at, "", "specifying both OnExitCodes and OnPodConditions is not supported");
            else if (codes is null && !conditions) faults.Invalid(at, "", "specifying one of OnExitCodes and OnPodConditions is required");
            if (codes is not null) ValidateExitCodes(codes, containers, at.Child("onExitCodes"), faults);
            ValidateConditions(rule, at.Child("onPodConditions"), faults);
        }
    }

    private static void ValidateConditions(JsonObject rule, FieldPath path, FaultList faults)
    {
        if (rule.CountOf("onPodConditions") > PatternsMax) faults.TooMany(path, rule.CountOf("onPodConditions"), PatternsMax);
        foreach (var (index, pattern) in rule.Entries("onPodConditions"))
        {
            faults.QualifiedName(path.Index(index).Child("type"), JsonTree.String(pattern, "type") ?? "");
            FieldRules.OneOf(pattern, "status", ["False", "True", "Unknown"], path.Index(index), faults);
        }
    }

    private static void ValidateExitCodes(JsonObject codes, HashSet<string?> containers, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(codes, "containerName") is { } name && !containers.Contains(name))
            faults.Invalid(path.Child("containerName"), name, "must be one of the container or initContainer names in the pod template");
        var values = JsonTree.Array(codes, "values") ?? [];
        if (values.Count == 0) faults.Invalid(path.Child("values"), "", "at least one value is required");
        else if (values.Count > ExitCodesMax) faults.TooMany(path.Child("values"), values.Count, ExitCodesMax);
        var numbers = values.Select(static v => JsonTree.AsInt64(v) ?? 0).ToList();
        if (!numbers.Order().SequenceEqual(numbers)) faults.Invalid(path.Child("values"), values, "must be ordered");
        if (JsonTree.String(codes, "operator") != "In") return;
        for (var i = 0; i < values.Count; i++)
            if (values[i]?.ToJsonString() == "0") faults.Invalid(path.Child("values").Index(i), 0, "must not be 0 for the In operator");
    }

    private static void ValidateSuccess(JsonObject spec, JsonObject policy, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(spec, "completionMode") != "Indexed")
        {
            faults.Invalid(path, policy, "requires indexed completion mode");
            return;
        }
        var rules = JsonTree.Array(policy, "rules") ?? [];
        if (rules.Count == 0) faults.Required(path.Child("rules"), "at least one rules must be specified when the successPolicy is specified");
        if (rules.Count > RulesMax) faults.TooMany(path.Child("rules"), rules.Count, RulesMax);
        for (var i = 0; i < rules.Count; i++)
            if (rules[i] is JsonObject rule) ValidateSuccessRule(spec, rule, path.Child("rules").Index(i), faults);
    }

    private static void ValidateSuccessRule(JsonObject spec, JsonObject rule, FieldPath path, FaultList faults)
    {
        if (rule["succeededCount"] is null && rule["succeededIndexes"] is null)
            faults.Required(path, "at least one of succeededCount or succeededIndexes must be specified");
        // Without it the job is refused anyway.
        if (JsonTree.Int64(spec, "completions") is not { } completions) return;
        long named = 0;
        if (JsonTree.String(rule, "succeededIndexes") is { } indexes)
        {
            var at = path.Child("succeededIndexes");
            if (indexes.Length > IndexesLengthMax) faults.TooLong(at, IndexesLengthMax);
            if (IndexIntervals.Check(indexes, completions, out named) is { } fault) faults.Invalid(at, indexes, $"error parsing succeededIndexes: {fault}");
        }
        if (JsonTree.Int64(rule, "succeededCount") is not { } count) return;
        if (count < 0) faults.Invalid(path.Child("succeededCount"), count, "must be greater than or equal to 0");
        if (count > completions)
            faults.Invalid(path.Child("succeededCount"), count, FormattableString.Invariant($"must be less than or equal to {completions} (the number of specified completions)"));
        if (rule["succeededIndexes"] is not null && count > named)
        {
            faults.Invalid(path.Child("succeededCount"), count,
                FormattableString.Invariant($"must be less than or equal to {named} (the number of indexes in the specified succeededIndexes field)"));
        }
    }
}
