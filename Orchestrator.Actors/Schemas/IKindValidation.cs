using Orchestrator.Actors.Resources;


namespace Orchestrator.Actors.Schemas;

/// <summary>The rules of a kind that its schema cannot say: those across fields. Adds to the faults, never throws.</summary>
/// <remarks>Types were checked on decode, so a field is absent or of its type. Absent required fields have been told already.</remarks>
public interface IKindValidation
{
    void ValidateCreate(JsonObject tree, FaultList faults);

    /// <summary>What only a new object must be like, beside <see cref="ValidateCreate"/>.</summary>
    void ValidateNew(JsonObject tree, FaultList faults)
    {
    }

    /// <summary>What an update may not change, beside all that <see cref="ValidateCreate"/> asks of the new state; that one is
    /// called separately.</summary>
    /// <param name="subresource">Empty for the object itself, or such as <c>status</c>.</param>
    void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults);
}
