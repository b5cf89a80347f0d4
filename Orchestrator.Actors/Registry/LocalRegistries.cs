using System.Collections.Concurrent;
using Akka.Actor;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The registries that run in this process: reads learn their version, and writes reach them, without a detour.</summary>
public sealed class LocalRegistries
{
    private readonly ConcurrentDictionary<ResourceType, Entry> _entries = new();
    private volatile bool _soleWriter;

    /// <param name="soleWriter">True when no other process can write to the journal as long as <see cref="OthersMayWrite"/> was not called.</param>
    public LocalRegistries(bool soleWriter = false) => _soleWriter = soleWriter;

    /// <summary>True while the registries of this process cannot have a second owner, so that what they know is all there is.</summary>
    public bool SoleWriter => _soleWriter;

    /// <summary>From now on others may write to the journal: reads are confirmed against it.</summary>
    public void OthersMayWrite() => _soleWriter = false;

    /// <summary>The registry of <paramref name="type"/>, when it runs here and has recovered.</summary>
    public IActorRef? Find(ResourceType type) => _entries.TryGetValue(type, out var entry) ? entry.Actor : null;

    /// <summary>The newest committed version of <paramref name="type"/>, when its registry runs here and can have no second owner.</summary>
    public long? RevisionOf(ResourceType type) => _soleWriter && _entries.TryGetValue(type, out var entry) ? Volatile.Read(ref entry.Revision) : null;

    internal Entry Add(ResourceType type, IActorRef actor, long revision) => _entries[type] = new Entry(actor) { Revision = revision };

    /// <summary>Takes out exactly this entry: a successor in the same process may already stand in its place.</summary>
    internal void Remove(ResourceType type, Entry entry) => _entries.TryRemove(KeyValuePair.Create(type, entry));

    internal sealed class Entry(IActorRef actor)
    {
        public IActorRef Actor { get; } = actor;
        public long Revision;
    }
}
