using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;

/// <summary>One metric: a source that fits its type, and a target that fits the source.</summary>
/// <remarks>Source: validateMetricSpec of kubernetes pkg/apis/autoscaling/validation.</remarks>
internal static class MetricValidation
{
    private static readonly (string Type, string Field)[] Sources =
    [
        ("ContainerResource", "containerResource"), ("External", "external"), ("Object", "object"), ("Pods", "pods"), ("Resource", "resource"),
    ];

    public static void Validate(JsonObject metric, FieldPath path, FaultList faults)
    {
        var type = FieldRules.Required(metric, "type", path, faults, "must specify a metric source type");
        if (type.Length == 0) return;
        var expected = Sources.FirstOrDefault(s => s.Type == type).Field;
        if (expected is null) faults.NotSupported(path.Child("type"), type, Sources.Select(static s => s.Type));
        var present = Sources.Where(s => metric[s.Field] is JsonObject).Select(static s => s.Field).ToList();
        if (expected is not null && !present.Contains(expected)) faults.Required(path.Child(expected), "must populate information for the given metric source");
        foreach (var field in present)
        {
            if (field != expected) faults.Forbidden(path.Child(field), "must populate the given metric source only");
            else ValidateSource(field, metric[field]!.AsObject(), path.Child(field), faults);
        }
    }

    private static void ValidateSource(string field, JsonObject source, FieldPath path, FaultList faults)
    {
        var target = JsonTree.Object(source, "target");
        if (target is not null) ValidateTarget(target, path.Child("target"), faults);
        switch (field)
        {
            case "resource" or "containerResource":
                FieldRules.Required(source, "name", path, faults, "must specify a resource name");
                if (field == "containerResource") FieldRules.Required(source, "container", path, faults, "must specify a container");
                Exactly(target, "averageUtilization", "averageValue", "averageUtilization", "averageValue", "must set either a target raw value or a target utilization",
                    "may not set both a target raw value and a target utilization", path.Child("target"), faults);
                break;
            case "pods":
                ValidateIdentifier(source, path, faults);
                if (target?["averageValue"] is null) faults.Required(path.Child("target").Child("averageValue"), "must specify a positive target averageValue");
                break;
            case "object":
                if (JsonTree.Object(source, "describedObject") is { } described) HorizontalPodAutoscalerValidation.ValidateReference(described, path.Child("describedObject"), faults);
                ValidateIdentifier(source, path, faults);
                Exactly(target, "value", "averageValue", "averageValue", null, "must set either a target value or averageValue", "", path.Child("target"), faults);
                break;
            default:
                ValidateIdentifier(source, path, faults);
                Exactly(target, "value", "averageValue", "averageValue", "value", "must set either a target value for metric or a per-pod target",
                    "may not set both a target value for metric and a per-pod target", path.Child("target"), faults);
                break;
        }
    }

    /// <param name="toldMissing">The field that the fault names when neither is there.</param>
    /// <param name="toldBoth">The field that the fault names when both are; null where both may be.</param>
    private static void Exactly(
        JsonObject? target, string one, string other, string toldMissing, string? toldBoth, string missing, string both, FieldPath path, FaultList faults)
    {
        var (first, second) = (target?[one] is not null, target?[other] is not null);
        if (!first && !second) faults.Required(path.Child(toldMissing), missing);
        else if (first && second && toldBoth is not null) faults.Forbidden(path.Child(toldBoth), both);
    }

    private static void ValidateIdentifier(JsonObject source, FieldPath path, FaultList faults)
    {
        if (JsonTree.Object(source, "metric") is not { } metric) return;
        var here = path.Child("metric");
        var name = FieldRules.Required(metric, "name", here, faults, "must specify a metric name");
        if (name.Length > 0 && ObjectNames.PathSegment(name) is { } fault) faults.Invalid(here.Child("name"), name, fault);
        if (JsonTree.Object(metric, "selector") is { } selector) SelectorValidation.Validate(selector, here.Child("selector"), faults);
    }

    private static void ValidateTarget(JsonObject target, FieldPath path, FaultList faults)
    {
        FieldRules.OneOf(target, "type", ["Utilization", "Value", "AverageValue"], path, faults, required: "must specify a metric target type");
        foreach (var name in (ReadOnlySpan<string>)["value", "averageValue"])
        {
            if (target[name] is { } value && Quantity.TryParse(JsonTree.AsString(value) ?? JsonTree.ToText(value), out var amount) && amount.Sign != 1)
                faults.Invalid(path.Child(name), amount.ToString(), "must be positive");
        }
        if (JsonTree.Int64(target, "averageUtilization") is < 1 and var percent) faults.Invalid(path.Child("averageUtilization"), percent, "must be greater than 0");
    }
}
