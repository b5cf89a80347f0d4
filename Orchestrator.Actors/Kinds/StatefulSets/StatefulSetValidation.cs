using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>A StatefulSet's selector, template and policies, and the little of it that may change.</summary>
/// <remarks>Source: ValidateStatefulSetSpec and ValidateStatefulSetUpdate of kubernetes pkg/apis/apps/validation.</remarks>
public sealed class StatefulSetValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly string[] Mutable =
        ["replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        if (JsonTree.String(spec, "podManagementPolicy") is { } policy and not ("OrderedReady" or "Parallel"))
            faults.Invalid(Spec.Child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'");
        var update = JsonTree.Object(spec, "updateStrategy");
        if (JsonTree.String(update, "type") == "OnDelete" && update!["rollingUpdate"] is { } rolling)
            faults.Invalid(Spec.Child("updateStrategy").Child("rollingUpdate"), rolling, "only allowed for updateStrategy 'RollingUpdate'");
        var retention = JsonTree.Object(spec, "persistentVolumeClaimRetentionPolicy");
        foreach (var name in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
            FieldRules.OneOf(retention, name, ["Retain", "Delete"], Spec.Child("persistentVolumeClaimRetentionPolicy"), faults);
        FieldRules.NotNegative(JsonTree.Object(spec, "ordinals"), "start", Spec.Child("ordinals"), faults);
        SelectorValidation.ValidateSelector(spec, "statefulset", Spec, faults);
        // Of the pod itself nothing is checked, as in Kubernetes: it may mount claims that only the made pod has as volumes.
        if (JsonTree.Object(spec, "template") is { } template) PodTemplateValidation.ValidateMetadata(template, Spec.Child("template"), faults);
        PodTemplateValidation.ValidateKeptRunning(spec, "StatefulSet", Spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length > 0 || tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        foreach (var name in spec.Select(static f => f.Key).Union(old.Select(static f => f.Key), StringComparer.Ordinal))
        {
            if (Mutable.Contains(name, StringComparer.Ordinal) || JsonTree.DeepEquals(spec[name], old[name])) continue;
            faults.Forbidden(Spec,
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
                "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
            return;
        }
    }
}
