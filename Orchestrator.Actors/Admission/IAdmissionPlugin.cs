using System.Text.Json.Nodes;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>The verb that is being admitted.</summary>
public enum AdmissionOperation : byte
{
    Create,
    Update,
    Delete,
}

/// <summary>One request on its way to the registry.</summary>
/// <param name="Operation">The verb.</param>
/// <param name="Schema">The kind as requested.</param>
/// <param name="Key">The object; the name is empty while it is still to be generated.</param>
/// <param name="Object">The new state, which a plugin may change; null for a deletion.</param>
/// <param name="Stored">The state before; null for a create.</param>
/// <param name="Subresource">Empty for the object itself.</param>
/// <param name="DryRun">Nothing will be stored, so a plugin must have no effect elsewhere.</param>
public sealed record AdmissionRequest(
    AdmissionOperation Operation, ResourceSchema Schema, ObjectKey Key, JsonObject? Object, StoredObject? Stored, string Subresource, bool DryRun);

/// <summary>Looks at or changes requests between defaulting and validation.</summary>
/// <remarks>Plugins run in order; the first refusal ends the request. They are called from many threads.</remarks>
public interface IAdmissionPlugin
{
    /// <returns>The refusal, or null.</returns>
    ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken);
}
