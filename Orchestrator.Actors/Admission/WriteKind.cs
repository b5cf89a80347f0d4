using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>What a write that a part of this product has prepared does to an object, in the words of rules of admission.</summary>
/// <param name="Type">As it is stored.</param>
/// <param name="Subresource">Empty for the object itself.</param>
public readonly record struct WriteKind(ResourceType Type, string Subresource, AdmissionOperation Operation);

/// <summary>An admission plugin whose configuration may be about what parts of this product write as well.</summary>
/// <remarks>Such writes are complete and valid by construction, so that no plugin but those which somebody configured has to see them.</remarks>
public interface IWriteWatcher
{
    /// <summary>Whether there may be writes of this kind that the plugin has something to say about.</summary>
    ValueTask<bool> WatchesAsync(WriteKind kind, IRegistries registries, CancellationToken cancellationToken);
}
