using System.Collections.Frozen;

namespace Orchestrator.Actors.Schemas;

/// <summary>The versions of one definition, served or not, by their apiVersion.</summary>
public sealed class CustomVersions
{
    private FrozenDictionary<string, ResourceSchema> _byApiVersion = FrozenDictionary<string, ResourceSchema>.Empty;

    /// <returns>Null when the definition has no such version.</returns>
    public ResourceSchema? Find(string apiVersion) => _byApiVersion.GetValueOrDefault(apiVersion);

    // Each version knows the others, so they are told once all of them are made.
    internal void Fill(IEnumerable<ResourceSchema> versions) =>
        _byApiVersion = versions.ToFrozenDictionary(static v => v.ApiVersion, StringComparer.Ordinal);
}
