using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>Defaults of a Deployment that depend on other fields.</summary>
public sealed class DeploymentStrategy : IKindStrategy
{
    /// <remarks>Source: kubernetes pkg/apis/apps/v1/defaults.go.</remarks>
    private const string RollingShare = "25%";

    public void ApplyDefaults(JsonObject tree)
    {
        PodSpecDefaults.ApplyToTemplate(tree);
        if (JsonTree.At(tree, ["spec", "strategy"]) is not JsonObject strategy || JsonTree.String(strategy, "type") != "RollingUpdate") return;
        var rolling = JsonTree.Ensure(strategy, "rollingUpdate");
        if (rolling["maxUnavailable"] is null) rolling["maxUnavailable"] = RollingShare;
        if (rolling["maxSurge"] is null) rolling["maxSurge"] = RollingShare;
    }

    public void DropClosed(JsonObject tree, JsonObject? stored) => ClosedPodFields.DropFromTemplate(tree, stored);

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject();
}
