using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>One bound of a budget, as a number or a share, and its selector.</summary>
/// <remarks>Source: kubernetes pkg/apis/policy/validation.</remarks>
public sealed class PodDisruptionBudgetValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
            faults.Invalid(Spec, spec, "minAvailable and maxUnavailable cannot be both set");
        foreach (var name in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            if (spec[name] is not { } bound) continue;
            SelectorValidation.ValidateCountOrPercent(bound, Spec.Child(name), faults);
            SelectorValidation.ValidateAtMostWhole(bound, Spec.Child(name), faults);
        }
        if (JsonTree.Object(spec, "selector") is { } selector) SelectorValidation.Validate(selector, Spec.Child("selector"), faults);
        FieldRules.OneOf(spec, "unhealthyPodEvictionPolicy", ["AlwaysAllow", "IfHealthyBudget"], Spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource != "status") return;
        foreach (var name in (ReadOnlySpan<string>)["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"])
            FieldRules.NotNegative(JsonTree.Object(tree, "status"), name, FieldPath.Of("status"), faults);
    }
}
