using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ControllerRevisions;

/// <summary>A revision remembers something, and never something else. Its number may rise.</summary>
/// <remarks>Source: ValidateControllerRevision of kubernetes pkg/apis/apps/validation.</remarks>
public sealed class ControllerRevisionValidation : IKindValidation
{
    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (tree["data"] is null) faults.Required(FieldPath.Of("data"), "data is mandatory");
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        FieldRules.Immutable(tree["data"], stored["data"], FieldPath.Of("data"), faults);
}
