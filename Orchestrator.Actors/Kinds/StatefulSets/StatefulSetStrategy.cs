using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>Defaults of a StatefulSet that depend on other fields, and its first status.</summary>
/// <remarks>Source: kubernetes pkg/apis/apps/v1/defaults.go and conversion.go.</remarks>
public sealed class StatefulSetStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (tree["spec"] is not JsonObject spec) return;
        if (spec["updateStrategy"] is JsonObject strategy && JsonTree.String(strategy, "type") == "RollingUpdate")
        {
            var rolling = JsonTree.Ensure(strategy, "rollingUpdate");
            if (rolling["partition"] is null) rolling["partition"] = 0L;
        }
        foreach (var (_, claim) in spec.Entries("volumeClaimTemplates"))
        {
            // Clients that read by reflection want each claim to say what it is.
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            var status = JsonTree.Ensure(claim, "status");
            if (string.IsNullOrEmpty(JsonTree.String(status, "phase"))) status["phase"] = "Pending";
        }
    }

    /// <summary>Of its own, what the gate MaxUnavailableStatefulSet is for.</summary>
    public void DropClosed(JsonObject tree, JsonObject? stored)
    {
        ClosedPodFields.DropFromTemplate(tree, stored);
        if (JsonTree.At(tree, ["spec", "updateStrategy", "rollingUpdate"]) is JsonObject rolling
            && JsonTree.At(stored, ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]) is null) rolling.Remove("maxUnavailable");
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["replicas"] = 0L, ["availableReplicas"] = 0L };
}
