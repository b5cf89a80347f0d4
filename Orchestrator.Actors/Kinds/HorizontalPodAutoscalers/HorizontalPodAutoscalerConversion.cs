using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;

/// <summary>Between autoscaling/v1, which knows CPU alone, and autoscaling/v2, in which autoscalers are stored.</summary>
/// <remarks>What v1 has no field for travels in annotations, so that nothing is lost on the way there and back.
/// Source: kubernetes pkg/apis/autoscaling/v1/conversion.go and annotations.go.</remarks>
public static class HorizontalPodAutoscalerConversion
{
    private const string Prefix = "autoscaling.alpha.kubernetes.io/";
    private const string MetricsAnnotation = Prefix + "metrics";
    private const string CurrentMetricsAnnotation = Prefix + "current-metrics";
    private const string ConditionsAnnotation = Prefix + "conditions";
    private const string BehaviorAnnotation = Prefix + "behavior";

    /// <summary>Turns an object of v2 into v1, in place but for apiVersion.</summary>
    public static void ToV1(JsonObject tree)
    {
        DropAnnotations(tree);
        if (tree["spec"] is JsonObject spec) SpecToV1(tree, spec);
        if (tree["status"] is JsonObject status) StatusToV1(tree, status);
    }

    /// <summary>Turns an object of v1 into v2, in place but for apiVersion. Annotations that cannot be read count as absent.</summary>
    public static void ToV2(JsonObject tree)
    {
        if (tree["spec"] is JsonObject spec) SpecToV2(tree, spec);
        if (tree["status"] is JsonObject || Annotation(tree, ConditionsAnnotation) is not null || Annotation(tree, CurrentMetricsAnnotation) is not null)
            StatusToV2(tree, JsonTree.Ensure(tree, "status"));
        DropAnnotations(tree);
    }

    private static void SpecToV1(JsonObject tree, JsonObject spec)
    {
        var others = new JsonArray();
        foreach (var (_, metric) in spec.Entries("metrics"))
        {
            if (CpuUtilization(metric, "target") is { } percent)
            {
                if (spec["targetCPUUtilizationPercentage"] is null) spec["targetCPUUtilizationPercentage"] = percent;
            }
            else others.Add(MetricConversion.SpecToV1(metric));
        }
        if (others.Count > 0) Annotate(tree, MetricsAnnotation, others);
        if (spec["behavior"] is JsonObject behavior) Annotate(tree, BehaviorAnnotation, behavior);
        spec.Remove("metrics");
        spec.Remove("behavior");
    }

    private static void StatusToV1(JsonObject tree, JsonObject status)
    {
        var current = new JsonArray();
        foreach (var (_, metric) in status.Entries("currentMetrics"))
        {
            if (CpuUtilization(metric, "current") is { } percent) status["currentCPUUtilizationPercentage"] = percent;
            current.Add(MetricConversion.StatusToV1(metric));
        }
        if (current.Count > 0) Annotate(tree, CurrentMetricsAnnotation, current);
        if (status["conditions"] is JsonArray { Count: > 0 } conditions) Annotate(tree, ConditionsAnnotation, conditions);
        status.Remove("currentMetrics");
        status.Remove("conditions");
        if (status["currentReplicas"] is null) status["currentReplicas"] = 0L;
        if (status["desiredReplicas"] is null) status["desiredReplicas"] = 0L;
    }

    private static void SpecToV2(JsonObject tree, JsonObject spec)
    {
        var metrics = new JsonArray();
        if (JsonTree.Int64(spec, "targetCPUUtilizationPercentage") is { } percent) metrics.Add(MetricConversion.CpuMetric(percent));
        if (Annotation(tree, MetricsAnnotation) is JsonArray others)
        {
            foreach (var metric in others)
                if (metric is JsonObject given) metrics.Add(MetricConversion.SpecToV2(given));
        }
        spec.Remove("targetCPUUtilizationPercentage");
        if (metrics.Count > 0) spec["metrics"] = metrics;
        if (Annotation(tree, BehaviorAnnotation) is JsonObject { Count: > 0 } behavior) spec["behavior"] = behavior;
    }

    private static void StatusToV2(JsonObject tree, JsonObject status)
    {
        if (Annotation(tree, CurrentMetricsAnnotation) is JsonArray current)
            status["currentMetrics"] = new JsonArray([.. current.OfType<JsonObject>().Select(static m => (JsonNode?)MetricConversion.StatusToV2(m))]);
        else if (JsonTree.Int64(status, "currentCPUUtilizationPercentage") is { } percent)
            status["currentMetrics"] = new JsonArray(MetricConversion.CpuStatus(percent));
        status.Remove("currentCPUUtilizationPercentage");
        if (Annotation(tree, ConditionsAnnotation) is JsonArray conditions) status["conditions"] = conditions;
    }

    /// <summary>The percentage of a metric of the pods' CPU; null for any other metric.</summary>
    private static long? CpuUtilization(JsonObject metric, string value) =>
        JsonTree.String(metric, "type") == "Resource" && metric["resource"] is JsonObject resource && JsonTree.String(resource, "name") == "cpu"
            ? JsonTree.Int64(JsonTree.Object(resource, value), "averageUtilization")
            : null;

    private static JsonNode? Annotation(JsonObject tree, string name)
    {
        if (JsonTree.At(tree, ["metadata", "annotations"]) is not JsonObject annotations || JsonTree.String(annotations, name) is not { } text) return null;
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static void Annotate(JsonObject tree, string name, JsonNode value) =>
        JsonTree.Ensure(JsonTree.Ensure(tree, "metadata"), "annotations")[name] = JsonTree.ToText(value);

    private static void DropAnnotations(JsonObject tree)
    {
        if (JsonTree.At(tree, ["metadata", "annotations"]) is not JsonObject annotations) return;
        foreach (var name in (ReadOnlySpan<string>)[MetricsAnnotation, CurrentMetricsAnnotation, ConditionsAnnotation, BehaviorAnnotation]) annotations.Remove(name);
        if (annotations.Count == 0) JsonTree.Object(tree, "metadata")!.Remove("annotations");
    }
}
