using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

/// <summary>A ReplicaSet's selector and template.</summary>
/// <remarks>Source: kubernetes pkg/apis/apps/validation.</remarks>
public sealed class ReplicaSetValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        if (spec?["template"] is null) faults.Required(Spec.Child("template"));
        // Upstream names deployments here too.
        SelectorValidation.ValidateTemplate(spec, "deployment", Spec, faults);
        PodTemplateValidation.ValidateKeptRunning(spec, "ReplicaSet", Spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource.Length == 0)
            SelectorValidation.ValidateImmutable(JsonTree.Object(tree, "spec"), JsonTree.Object(stored, "spec"), "selector", Spec, faults);
    }
}
