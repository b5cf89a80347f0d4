using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;

/// <summary>The bounds, the target, the metrics and the speed of an autoscaler.</summary>
/// <remarks>Source: kubernetes pkg/apis/autoscaling/validation.</remarks>
public sealed class HorizontalPodAutoscalerValidation : IKindValidation
{
    private const long StabilizationSecondsMax = 3600;
    private const long PeriodSecondsMax = 1800;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        var (min, max) = (JsonTree.Int64(spec, "minReplicas"), JsonTree.Int64(spec, "maxReplicas") ?? 0);
        if (min < 1) faults.Invalid(Spec.Child("minReplicas"), min, "must be greater than or equal to 1");
        if (max < 1) faults.Invalid(Spec.Child("maxReplicas"), max, "must be greater than 0");
        if (min > max) faults.Invalid(Spec.Child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
        if (JsonTree.Object(spec, "scaleTargetRef") is { } target) ValidateReference(target, Spec.Child("scaleTargetRef"), faults);
        foreach (var (index, metric) in spec.Entries("metrics")) MetricValidation.Validate(metric, Spec.Child("metrics").Index(index), faults);
        if (JsonTree.Object(spec, "behavior") is not { } behavior) return;
        foreach (var direction in (ReadOnlySpan<string>)["scaleUp", "scaleDown"])
            if (JsonTree.Object(behavior, direction) is { } rules) ValidateRules(rules, Spec.Child("behavior").Child(direction), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource != "status") return;
        foreach (var name in (ReadOnlySpan<string>)["currentReplicas", "desiredReplicas"])
            FieldRules.NotNegative(JsonTree.Object(tree, "status"), name, FieldPath.Of("status"), faults);
    }

    internal static void ValidateReference(JsonObject reference, FieldPath path, FaultList faults)
    {
        foreach (var field in (ReadOnlySpan<string>)["kind", "name"])
        {
            var value = FieldRules.Required(reference, field, path, faults);
            if (value.Length > 0 && ObjectNames.PathSegment(value) is { } fault) faults.Invalid(path.Child(field), value, fault);
        }
    }

    private static void ValidateRules(JsonObject rules, FieldPath path, FaultList faults)
    {
        var window = JsonTree.Int64(rules, "stabilizationWindowSeconds");
        if (window < 0) faults.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be greater than or equal to zero");
        if (window > StabilizationSecondsMax) faults.Invalid(path.Child("stabilizationWindowSeconds"), window, $"must be less than or equal to {StabilizationSecondsMax}");
        FieldRules.OneOf(rules, "selectPolicy", ["Disabled", "Max", "Min"], path, faults);
        if (rules.CountOf("policies") == 0) faults.Required(path.Child("policies"), "must specify at least one Policy");
        foreach (var (index, policy) in rules.Entries("policies"))
        {
            var here = path.Child("policies").Index(index);
            if (JsonTree.String(policy, "type") is var type and not ("Percent" or "Pods")) faults.NotSupported(here.Child("type"), type ?? "", ["Percent", "Pods"]);
            if ((JsonTree.Int64(policy, "value") ?? 0) is <= 0 and var value) faults.Invalid(here.Child("value"), value, "must be greater than zero");
            var period = JsonTree.Int64(policy, "periodSeconds") ?? 0;
            if (period <= 0) faults.Invalid(here.Child("periodSeconds"), period, "must be greater than zero");
            if (period > PeriodSecondsMax) faults.Invalid(here.Child("periodSeconds"), period, $"must be less than or equal to {PeriodSecondsMax}");
        }
    }
}
