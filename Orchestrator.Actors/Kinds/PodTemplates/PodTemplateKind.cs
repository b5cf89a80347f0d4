using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PodTemplates;

/// <summary>A PodTemplate has the defaults and the rules of the template in a workload.</summary>
/// <remarks>Source: ValidatePodTemplate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class PodTemplateKind : IKindStrategy, IKindValidation
{
    public void ApplyDefaults(JsonObject tree) => PodSpecDefaults.Apply(JsonTree.At(tree, ["template", "spec"]) as JsonObject);

    public void DropClosed(JsonObject tree, JsonObject? stored) =>
        ClosedPodFields.DropFromSpec(JsonTree.At(tree, ["template", "spec"]) as JsonObject, JsonTree.At(stored, ["template", "spec"]) as JsonObject);

    public void ValidateCreate(JsonObject tree, FaultList faults) =>
        PodTemplateValidation.Validate(JsonTree.Object(tree, "template") ?? [], FieldPath.Of("template"), faults);

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }
}
