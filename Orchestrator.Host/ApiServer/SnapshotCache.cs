using System.Collections.Concurrent;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The states of types at which lists in chunks began, so that all chunks show the same one.</summary>
/// <remarks>A state shares nearly everything with its neighbours, so keeping it costs its changes only.</remarks>
public sealed class SnapshotCache(TimeProvider clock)
{
    /// <summary>How long a state is kept after its last use, and how many of one type.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private const int PerTypeMax = 64;

    private readonly ConcurrentDictionary<ResourceType, Dictionary<long, Entry>> _types = new();

    public void Keep(ResourceType type, ObjectIndex index)
    {
        var entries = _types.GetOrAdd(type, static _ => []);
        var now = clock.GetUtcNow();
        lock (entries)
        {
            entries[index.Revision] = new Entry(index, now);
            foreach (var old in entries.Where(e => now - e.Value.Used > Lifetime).Select(e => e.Key).ToList()) entries.Remove(old);
            while (entries.Count > PerTypeMax) entries.Remove(entries.MinBy(e => e.Value.Used).Key);
        }
    }

    public ObjectIndex? Find(ResourceType type, long revision)
    {
        if (!_types.TryGetValue(type, out var entries)) return null;
        lock (entries)
        {
            if (!entries.TryGetValue(revision, out var entry)) return null;
            entries[revision] = entry with { Used = clock.GetUtcNow() };
            return entry.Index;
        }
    }

    private readonly record struct Entry(ObjectIndex Index, DateTimeOffset Used);
}
