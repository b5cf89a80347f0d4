using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The objects of an informer by something that they say, such as whom a binding names.</summary>
/// <remarks>It follows the informer when it is asked, change by change: neither a change nor a question costs what the number of
/// objects would. Any number of readers; those that find it behind wait for the one that brings it up to date.</remarks>
/// <param name="informer">The objects.</param>
/// <param name="entriesOf">What an object says, and what is to be found under it; always the same for one version.</param>
public sealed class InformerIndex<TSlot, TItem>(Informer informer, Func<StoredObject, IEnumerable<(TSlot Slot, TItem Item)>> entriesOf)
    where TSlot : notnull
{
    private readonly Lock _lock = new();
    private volatile State _state = new(-1, ImmutableDictionary<TSlot, ImmutableArray<Entry>>.Empty);

    /// <summary>What is found under a slot as of all that the informer has seen.</summary>
    public ImmutableArray<Entry> Find(TSlot slot)
    {
        var state = _state;
        if (state.Revision < informer.Revision) state = CatchUp();
        return state.Entries.TryGetValue(slot, out var found) ? found : [];
    }

    private State CatchUp()
    {
        lock (_lock)
        {
            var state = _state;
            var objects = informer.Objects;
            if (state.Revision >= objects.Revision) return state;
            var changes = new List<ObjectChange>();
            _state = state = state.Revision >= 0 && informer.Changes.TryRead(state.Revision, changes, int.MaxValue)
                ? Apply(state, changes, objects.Revision)
                : Build(objects);
            return state;
        }
    }

    private State Build(ObjectIndex objects)
    {
        var entries = new Dictionary<TSlot, ImmutableArray<Entry>.Builder>();
        foreach (var o in objects.EnumerateFrom())
        {
            foreach (var (slot, item) in entriesOf(o))
            {
                if (!entries.TryGetValue(slot, out var list)) entries[slot] = list = ImmutableArray.CreateBuilder<Entry>();
                list.Add(new Entry(o.Key, item));
            }
        }
        return new State(objects.Revision, entries.ToImmutableDictionary(e => e.Key, e => e.Value.ToImmutable()));
    }

    // The ring may be ahead of the objects, so the version is that of the last change where it is newer.
    private State Apply(State state, List<ObjectChange> changes, long revision)
    {
        var entries = state.Entries.ToBuilder();
        foreach (var change in changes)
        {
            revision = Math.Max(revision, change.Object.Revision);
            if (change.Previous is { } old)
            {
                foreach (var (slot, _) in entriesOf(old))
                {
                    var left = entries.GetValueOrDefault(slot, []).RemoveAll(e => e.Key == old.Key);
                    if (left.IsEmpty) entries.Remove(slot);
                    else entries[slot] = left;
                }
            }
            if (change.Kind == ChangeKind.Deleted) continue;
            foreach (var (slot, item) in entriesOf(change.Object))
                entries[slot] = entries.GetValueOrDefault(slot, []).Add(new Entry(change.Object.Key, item));
        }
        return new State(revision, entries.ToImmutable());
    }

    /// <param name="Key">The object that says so.</param>
    public readonly record struct Entry(ObjectKey Key, TItem Item);

    private sealed record State(long Revision, ImmutableDictionary<TSlot, ImmutableArray<Entry>> Entries);
}
