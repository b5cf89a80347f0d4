using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>This process's copy of one type: the current objects and a ring of recent changes. One writer, any number of readers.</summary>
public sealed class Informer
{
    /// <summary>What did not change within this many changes of the type is packed (count): who follows the changes has read it by then,
    /// and under load its JSON is let go of before a collection of the youngest generation would carry it on.</summary>
    private const int WarmMax = 128;

    private readonly IChangeHistory _history;
    private readonly ObjectPacker _packer = new();
    private readonly TimeProvider _clock;
    private readonly bool _forgets;
    private ChangeRing _ring = new(256);
    private volatile ObjectIndex _objects = ObjectIndex.Empty;
    private volatile TaskCompletionSource _pulse = NewPulse();
    private readonly TaskCompletionSource _synced = NewPulse();

    /// <param name="type">Of the objects.</param>
    /// <param name="history">Where changes are read that are no longer in memory.</param>
    /// <param name="clock">Tells how old changes are.</param>
    /// <param name="journaled">Every change can be read from the history; otherwise those in memory are kept whatever their age.</param>
    public Informer(ResourceType type, IChangeHistory history, TimeProvider? clock = null, bool journaled = true)
    {
        Type = type;
        _history = history;
        _clock = clock ?? TimeProvider.System;
        _forgets = journaled;
    }

    public ResourceType Type { get; }

    /// <summary>The current objects; take it once per request, for it changes with every commit.</summary>
    public ObjectIndex Objects => _objects;

    /// <summary>The version of the type that this process has seen.</summary>
    public long Revision => _objects.Revision;

    /// <summary>Completes when the first whole state is in.</summary>
    public Task WhenSynced => _synced.Task;

    public StoredObject? Get(ObjectKey key) => _objects.Get(key);

    /// <summary>Waits until this process has seen <paramref name="revision"/>.</summary>
    public async ValueTask WaitForAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            var pulse = _pulse.Task;
            if (Revision >= revision && _synced.Task.IsCompleted) return;
            await pulse.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A cursor over the changes behind version <paramref name="after"/>.</summary>
    /// <param name="withPrevious">Every change is to tell what it replaced, even where that has to be read from the journal.</param>
    public WatchCursor Watch(long after, bool withPrevious = false) => new(this, _history, after, withPrevious);

    /// <summary>Completes at the next change; take it before looking, so that none is missed.</summary>
    internal Task NextPulse => _pulse.Task;

    internal ChangeRing Changes => Volatile.Read(ref _ring);

    /// <summary>Takes in a batch and returns it with <see cref="ObjectChange.Previous"/> filled in. Only the feeding actor calls this.</summary>
    internal IReadOnlyList<ObjectChange> Apply(IReadOnlyList<ObjectChange> changes, long revision)
    {
        var builder = _objects.ToBuilder();
        var applied = new ObjectChange[changes.Count];
        for (var i = 0; i < applied.Length; i++)
        {
            var change = changes[i];
            var previous = change.Kind == ChangeKind.Deleted ? builder.Remove(change.Object.Key) : builder.Set(change.Object);
            applied[i] = ReferenceEquals(previous, change.Previous) ? change : change with { Previous = previous };
        }
        var ring = _ring.WithRoomFor(applied.Length);
        var now = Now;
        foreach (var change in applied) ring.Append(change, now);
        if (_forgets) ring.Forget(now);
        Volatile.Write(ref _ring, ring);
        Publish(builder.Build(revision));
        PackBehind(ring, applied.Length);
        return applied;
    }

    /// <summary>Lets go of old changes also while there are no new ones. Only the feeding actor calls this.</summary>
    internal void Forget()
    {
        if (_forgets) _ring.Forget(Now);
    }

    private long Now => (long)_clock.GetElapsedTime(0, _clock.GetTimestamp()).TotalMilliseconds;

    private void PackBehind(ChangeRing ring, int count)
    {
        for (var i = ring.Head - count - WarmMax; i < ring.Head - WarmMax; i++)
        {
            // What was replaced since is about to be let go of.
            if (ring.At(i)?.Object is { } o && ReferenceEquals(_objects.Get(o.Key), o)) _packer.Pack(o);
        }
    }

    /// <summary>Takes in the whole state; returns the changes that lead to it from what was here before.</summary>
    internal IReadOnlyList<ObjectChange> Reset(IEnumerable<StoredObject> objects, long revision)
    {
        var fresh = ObjectIndex.From(objects, revision);
        foreach (var o in fresh.EnumerateFrom()) _packer.Pack(o);
        if (!_synced.Task.IsCompleted)
        {
            // The ring starts here: what lies before is read from the journal.
            _ring.StartAt(revision);
            Publish(fresh);
            _synced.TrySetResult();
            return [];
        }
        var changes = Difference(_objects, fresh, revision);
        Apply(changes, revision);
        return changes;
    }

    private static List<ObjectChange> Difference(ObjectIndex before, ObjectIndex after, long revision)
    {
        var changes = new List<ObjectChange>();
        foreach (var o in after.EnumerateFrom())
        {
            var old = before.Get(o.Key);
            if (old is null) changes.Add(new ObjectChange(ChangeKind.Added, o, null));
            else if (old.Revision != o.Revision) changes.Add(new ObjectChange(ChangeKind.Modified, o, old));
        }
        changes.Sort((a, b) => a.Object.Revision.CompareTo(b.Object.Revision));
        foreach (var o in before.EnumerateFrom())
            if (after.Get(o.Key) is null)
                changes.Add(new ObjectChange(ChangeKind.Deleted, ObjectSplice.WithRevision(o, revision), o));
        return changes;
    }

    private void Publish(ObjectIndex objects)
    {
        _objects = objects;
        Interlocked.Exchange(ref _pulse, NewPulse()).TrySetResult();
    }

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
