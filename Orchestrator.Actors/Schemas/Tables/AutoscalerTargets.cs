using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>The TARGETS column of an autoscaler: each metric as <c>name: current/target</c>, the first two spelled out.</summary>
internal static class AutoscalerTargets
{
    private const int ShownMax = 2;

    public static string Format(JsonElement spec, JsonElement status)
    {
        // autoscaling/v1 knows the one metric that it was made for.
        if (spec.Get("targetCPUUtilizationPercentage").Exists())
        {
            var current = status.Get("currentCPUUtilizationPercentage");
            return $"cpu: {(current.Exists() ? current.Text() + "%" : "<unknown>")}/{spec.Number("targetCPUUtilizationPercentage")}%";
        }

        var metrics = spec.Items("metrics").ToList();
        if (metrics.Count == 0) return "<none>";
        var currents = status.Items("currentMetrics").ToList();
        var shown = metrics.Select((metric, i) => One(metric, i < currents.Count ? currents[i] : default)).Take(ShownMax);
        var text = string.Join(", ", shown);
        return metrics.Count > ShownMax ? $"{text} + {metrics.Count - ShownMax} more..." : text;
    }

    private static string One(JsonElement metric, JsonElement current)
    {
        var source = metric.Text("type") switch
        {
            "Resource" => "resource",
            "ContainerResource" => "containerResource",
            "Pods" => "pods",
            "Object" => "object",
            "External" => "external",
            _ => "",
        };
        if (source.Length == 0) return "<unknown type>";

        var target = metric.Get(source, "target");
        var now = current.Get(source, "current");
        var average = target.Get("averageValue").Exists();
        var utilization = target.Get("averageUtilization");
        var prefix = source is "resource" or "containerResource" ? $"{metric.Get(source).Text("name")}: " : "";
        if (utilization.Exists() && !average)
        {
            var used = now.Get("averageUtilization");
            return $"{prefix}{(used.Exists() ? used.Text() + "%" : "<unknown>")}/{utilization.Text()}%";
        }

        var value = now.Text(average ? "averageValue" : "value");
        var wanted = target.Text(average ? "averageValue" : "value");
        var suffix = average && source is "object" or "external" ? " (avg)" : "";
        return $"{prefix}{(value.Length == 0 ? "<unknown>" : value)}/{wanted}{suffix}";
    }
}
