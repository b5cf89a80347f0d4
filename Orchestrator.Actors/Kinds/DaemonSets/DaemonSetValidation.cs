using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>A DaemonSet's selector, template and update strategy.</summary>
/// <remarks>Source: kubernetes pkg/apis/apps/validation.</remarks>
public sealed class DaemonSetValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        SelectorValidation.ValidateTemplate(spec, "daemonset", Spec, faults);
        PodTemplateValidation.ValidateKeptRunning(spec, "DaemonSet", Spec, faults);
        var strategy = JsonTree.Object(spec, "updateStrategy");
        if (JsonTree.String(strategy, "type") != "RollingUpdate" || JsonTree.Object(strategy, "rollingUpdate") is not { } rolling) return;
        var path = Spec.Child("updateStrategy").Child("rollingUpdate");
        var (unavailable, surge) = (rolling["maxUnavailable"], rolling["maxSurge"]);
        SelectorValidation.ValidateCountOrPercent(unavailable, path.Child("maxUnavailable"), faults);
        SelectorValidation.ValidateCountOrPercent(surge, path.Child("maxSurge"), faults);
        SelectorValidation.ValidateAtMostWhole(unavailable, path.Child("maxUnavailable"), faults);
        SelectorValidation.ValidateAtMostWhole(surge, path.Child("maxSurge"), faults);
        // A node either loses its old pod first or gets the new one first: never both, never neither.
        if (SelectorValidation.IsZero(unavailable) == SelectorValidation.IsZero(surge))
        {
            if (SelectorValidation.IsZero(surge)) faults.Required(path.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
            else faults.Invalid(path.Child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero");
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length == 0)
            SelectorValidation.ValidateImmutable(JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"), "selector", Spec, faults);
    }
}
