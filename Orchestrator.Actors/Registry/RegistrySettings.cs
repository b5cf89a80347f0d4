using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>How registries keep their types. Read from <c>orchestrator.registry</c>.</summary>
public sealed record RegistrySettings
{
    /// <summary>A snapshot is taken when this many rows of the journal (count), and as many as there are objects, say nothing about the
    /// state any more since the last one.</summary>
    public required int SnapshotAfterMin { get; init; }

    /// <summary>How long changes stay readable; null keeps them forever.</summary>
    public required TimeSpan? Retention { get; init; }

    /// <summary>Most writes that may wait for the commit before them (count); more get 429.</summary>
    public required int WaitingMax { get; init; }

    /// <summary>Types whose modifications are kept in memory only, being heartbeats.</summary>
    public ImmutableHashSet<ResourceType> HeartbeatTypes { get; init; } = [ResourceTypes.Leases];
}
