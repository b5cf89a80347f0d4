using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;

/// <summary>One metric of an autoscaler: nested in v2, flat in the annotations of v1.</summary>
/// <remarks>Source: kubernetes pkg/apis/autoscaling/v1/conversion.go.</remarks>
internal static class MetricConversion
{
    // Where a value of v2 is in v1, for each kind of source: below the source, the path in v2 and the name in v1.
    private static readonly Dictionary<string, (string[] Nested, string Flat)[]> Specs = new(StringComparer.Ordinal)
    {
        ["resource"] = [(["name"], "name"), (["target", "averageUtilization"], "targetAverageUtilization"), (["target", "averageValue"], "targetAverageValue")],
        ["containerResource"] =
        [
            (["name"], "name"), (["container"], "container"), (["target", "averageUtilization"], "targetAverageUtilization"),
            (["target", "averageValue"], "targetAverageValue"),
        ],
        ["pods"] = [(["metric", "name"], "metricName"), (["metric", "selector"], "selector"), (["target", "averageValue"], "targetAverageValue")],
        ["object"] =
        [
            (["describedObject"], "target"), (["metric", "name"], "metricName"), (["metric", "selector"], "selector"),
            (["target", "value"], "targetValue"), (["target", "averageValue"], "averageValue"),
        ],
        ["external"] =
        [
            (["metric", "name"], "metricName"), (["metric", "selector"], "metricSelector"), (["target", "value"], "targetValue"),
            (["target", "averageValue"], "targetAverageValue"),
        ],
    };

    private static readonly Dictionary<string, (string[] Nested, string Flat)[]> Statuses = new(StringComparer.Ordinal)
    {
        ["resource"] = [(["name"], "name"), (["current", "averageUtilization"], "currentAverageUtilization"), (["current", "averageValue"], "currentAverageValue")],
        ["containerResource"] =
        [
            (["name"], "name"), (["container"], "container"), (["current", "averageUtilization"], "currentAverageUtilization"),
            (["current", "averageValue"], "currentAverageValue"),
        ],
        ["pods"] = [(["metric", "name"], "metricName"), (["metric", "selector"], "selector"), (["current", "averageValue"], "currentAverageValue")],
        ["object"] =
        [
            (["describedObject"], "target"), (["metric", "name"], "metricName"), (["metric", "selector"], "selector"),
            (["current", "value"], "currentValue"), (["current", "averageValue"], "averageValue"),
        ],
        ["external"] =
        [
            (["metric", "name"], "metricName"), (["metric", "selector"], "metricSelector"), (["current", "value"], "currentValue"),
            (["current", "averageValue"], "currentAverageValue"),
        ],
    };

    public static JsonObject SpecToV1(JsonObject metric) => Flatten(metric, Specs);

    public static JsonObject StatusToV1(JsonObject metric) => Flatten(metric, Statuses);

    public static JsonObject SpecToV2(JsonObject metric)
    {
        var result = Nest(metric, Specs);
        foreach (var (name, value) in result)
            if (value is JsonObject source && Specs.ContainsKey(name)) JsonTree.Ensure(source, "target")["type"] = TargetType(source["target"] as JsonObject);
        return result;
    }

    public static JsonObject StatusToV2(JsonObject metric) => Nest(metric, Statuses);

    /// <summary>The metric that <c>targetCPUUtilizationPercentage</c> stands for.</summary>
    public static JsonObject CpuMetric(long percent) => new()
    {
        ["type"] = "Resource",
        ["resource"] = new JsonObject
        {
            ["name"] = "cpu",
            ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = percent },
        },
    };

    public static JsonObject CpuStatus(long percent) => new()
    {
        ["type"] = "Resource",
        ["resource"] = new JsonObject { ["name"] = "cpu", ["current"] = new JsonObject { ["averageUtilization"] = percent } },
    };

    private static string TargetType(JsonObject? target) =>
        target?["averageUtilization"] is not null ? "Utilization" : target?["averageValue"] is not null ? "AverageValue" : "Value";

    private static JsonObject Flatten(JsonObject metric, Dictionary<string, (string[] Nested, string Flat)[]> shapes)
    {
        var result = new JsonObject { ["type"] = metric["type"]?.DeepClone() };
        foreach (var (name, fields) in shapes)
        {
            if (metric[name] is not JsonObject source) continue;
            var flat = new JsonObject();
            foreach (var (nested, field) in fields)
                if (JsonTree.At(source, nested) is { } value) flat[field] = value.DeepClone();
            result[name] = flat;
        }
        return result;
    }

    private static JsonObject Nest(JsonObject metric, Dictionary<string, (string[] Nested, string Flat)[]> shapes)
    {
        var result = new JsonObject { ["type"] = metric["type"]?.DeepClone() };
        foreach (var (name, fields) in shapes)
        {
            if (metric[name] is not JsonObject flat) continue;
            var source = new JsonObject();
            foreach (var (nested, field) in fields)
            {
                // What another version wrote there as a default of Go's, an empty quantity, was never said.
                if (flat[field] is not { } value || JsonTree.AsString(value) is "") continue;
                var owner = source;
                foreach (var step in nested.AsSpan(0, nested.Length - 1)) owner = JsonTree.Ensure(owner, step);
                owner[nested[^1]] = value.DeepClone();
            }
            result[name] = source;
        }
        return result;
    }
}
