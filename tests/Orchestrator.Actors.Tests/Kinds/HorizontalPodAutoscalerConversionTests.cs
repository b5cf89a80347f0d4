using Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds;

public sealed class HorizontalPodAutoscalerConversionTests
{
    private const string Full = """
        {"metadata":{"name":"h","annotations":{"mine":"kept"}},
         "spec":{"maxReplicas":5,"minReplicas":1,"scaleTargetRef":{"kind":"Deployment","name":"d"},
          "metrics":[
           {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}},
           {"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1Gi"}}},
           {"type":"ContainerResource","containerResource":{"name":"cpu","container":"c","target":{"type":"Utilization","averageUtilization":50}}},
           {"type":"Pods","pods":{"metric":{"name":"m","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"AverageValue","averageValue":"10"}}},
           {"type":"Object","object":{"describedObject":{"kind":"Service","name":"s"},"metric":{"name":"m"},"target":{"type":"Value","value":"7"}}},
           {"type":"External","external":{"metric":{"name":"q","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"AverageValue","averageValue":"3"}}}],
          "behavior":{"scaleDown":{"selectPolicy":"Min","policies":[{"type":"Pods","value":1,"periodSeconds":15}]}}},
         "status":{"currentReplicas":2,"desiredReplicas":3,
          "conditions":[{"type":"AbleToScale","status":"True"}],
          "currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":40,"averageValue":"20m"}}}]}}
        """;

    [Fact]
    public void ThereAndBack_NothingIsLost()
    {
        var tree = JsonNode.Parse(Full)!.AsObject();
        HorizontalPodAutoscalerConversion.ToV1(tree);
        Assert.Equal(60, JsonTree.Int64(tree["spec"]!.AsObject(), "targetCPUUtilizationPercentage"));
        Assert.Equal(40, JsonTree.Int64(tree["status"]!.AsObject(), "currentCPUUtilizationPercentage"));
        Assert.Null(tree["spec"]!["metrics"]);
        Assert.Contains("targetAverageValue", (string?)tree["metadata"]!["annotations"]!["autoscaling.alpha.kubernetes.io/metrics"], StringComparison.Ordinal);

        HorizontalPodAutoscalerConversion.ToV2(tree);
        Assert.True(JsonTree.DeepEquals(JsonNode.Parse(Full), tree), tree.ToJsonString());
    }

    [Fact]
    public void OldPercentage_BecomesAMetric()
    {
        var tree = JsonNode.Parse("""{"metadata":{"name":"h"},"spec":{"maxReplicas":2,"targetCPUUtilizationPercentage":70}}""")!.AsObject();
        HorizontalPodAutoscalerConversion.ToV2(tree);
        Assert.Equal("""{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}""", tree["spec"]!["metrics"]![0]!.ToJsonString());
        Assert.Null(tree["spec"]!["targetCPUUtilizationPercentage"]);
    }

    [Fact]
    public void UnreadableAnnotation_CountsAsAbsent()
    {
        var tree = JsonNode.Parse("""{"metadata":{"annotations":{"autoscaling.alpha.kubernetes.io/metrics":"{{{"}},"spec":{"maxReplicas":2}}""")!.AsObject();
        HorizontalPodAutoscalerConversion.ToV2(tree);
        Assert.Null(tree["spec"]!["metrics"]);
        Assert.Null(tree["metadata"]!["annotations"]);
    }
}
