using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ReplicationControllers;

/// <summary>A ReplicationController's selector, which is a plain map of labels, and its template.</summary>
/// <remarks>Source: ValidateReplicationControllerSpec of kubernetes pkg/apis/core/validation.</remarks>
public sealed class ReplicationControllerValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        var selector = JsonTree.Object(spec, "selector");
        if (selector is null or { Count: 0 }) faults.Required(Spec.Child("selector"));
        if (JsonTree.Object(spec, "template") is not { } template)
        {
            faults.Required(Spec.Child("template"));
            return;
        }
        var labels = JsonTree.Object(JsonTree.Object(template, "metadata"), "labels");
        if (selector?.All(want => JsonTree.AsString(want.Value) == JsonTree.String(labels, want.Key)) == false)
            faults.Invalid(Spec.Child("template").Child("metadata").Child("labels"), GoSyntax.Labels(labels), "`selector` does not match template `labels`");
        PodTemplateValidation.Validate(template, Spec.Child("template"), faults);
        PodTemplateValidation.ValidateKeptRunning(spec, "ReplicationController", Spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }
}
