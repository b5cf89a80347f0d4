using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;

/// <summary>What is measured when nothing is said, and how fast is scaled where only a part is said.</summary>
/// <remarks>Source: kubernetes pkg/apis/autoscaling/v2/defaults.go.</remarks>
public sealed class HorizontalPodAutoscalerStrategy : IKindStrategy
{
    /// <summary>The share of the requested CPU that pods should use on average (percent).</summary>
    private const long CpuPercent = 80;

    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec) return;
        if (spec.CountOf("metrics") == 0) spec["metrics"] = new JsonArray(MetricConversion.CpuMetric(CpuPercent));
        if (spec["behavior"] is not JsonObject behavior) return;
        var up = JsonTree.Ensure(behavior, "scaleUp");
        if (up["stabilizationWindowSeconds"] is null) up["stabilizationWindowSeconds"] = 0L;
        Complete(up, Policy("Pods", 4), Policy("Percent", 100));
        // How long a scale down waits is the controller's business where nobody says it.
        Complete(JsonTree.Ensure(behavior, "scaleDown"), Policy("Percent", 100));
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["desiredReplicas"] = 0L };

    private static void Complete(JsonObject rules, params ReadOnlySpan<JsonObject> policies)
    {
        if (string.IsNullOrEmpty(JsonTree.String(rules, "selectPolicy"))) rules["selectPolicy"] = "Max";
        if (rules["policies"] is null) rules["policies"] = new JsonArray([.. policies]);
    }

    private static JsonObject Policy(string type, long value) => new() { ["type"] = type, ["value"] = value, ["periodSeconds"] = 15L };
}
