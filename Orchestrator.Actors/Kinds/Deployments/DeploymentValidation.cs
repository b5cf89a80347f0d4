using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Deployments;

/// <summary>A Deployment's selector, template and strategy.</summary>
/// <remarks>Source: kubernetes pkg/apis/apps/validation.</remarks>
public sealed class DeploymentValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        SelectorValidation.ValidateTemplate(spec, "deployment", Spec, faults);
        PodTemplateValidation.ValidateKeptRunning(spec, "ReplicaSet", Spec, faults);
        if (JsonTree.Object(spec, "strategy") is { } strategy) ValidateStrategy(strategy, Spec.Child("strategy"), faults);
        var deadline = JsonTree.Int64(spec, "progressDeadlineSeconds");
        if (deadline is not null && deadline <= (JsonTree.Int64(spec, "minReadySeconds") ?? 0))
            faults.Invalid(Spec.Child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length == 0)
            SelectorValidation.ValidateImmutable(JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"), "selector", Spec, faults);
    }

    private static void ValidateStrategy(JsonObject strategy, FieldPath path, FaultList faults)
    {
        var rolling = JsonTree.Object(strategy, "rollingUpdate");
        var here = path.Child("rollingUpdate");
        if (JsonTree.String(strategy, "type") == "Recreate")
        {
            if (rolling is not null) faults.Forbidden(here, "may not be specified when strategy `type` is 'Recreate'");
            return;
        }
        if (rolling is null) return;
        var (unavailable, surge) = (rolling["maxUnavailable"], rolling["maxSurge"]);
        SelectorValidation.ValidateCountOrPercent(unavailable, here.Child("maxUnavailable"), faults);
        SelectorValidation.ValidateCountOrPercent(surge, here.Child("maxSurge"), faults);
        // With neither, a rollout could take no step at all.
        if (SelectorValidation.IsZero(unavailable) && SelectorValidation.IsZero(surge))
            faults.Invalid(here.Child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
        SelectorValidation.ValidateAtMostWhole(unavailable, here.Child("maxUnavailable"), faults);
    }
}
