using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>This process's copy of one type: the current objects and a ring of recent changes. One writer, any number of readers.</summary>
public sealed class Informer
{
    /// <summary>Most recent changes kept for watchers (count); behind them a watcher reads the journal.</summary>
    public const int RingMax = 8192;

    /// <summary>What did not change within this many changes of the type is packed (count): who follows the changes has read it by then,
    /// and under load its JSON is let go of before a collection of the youngest generation would carry it on.</summary>
    private const int WarmMax = 128;

    private readonly IChangeHistory _history;
    private readonly ObjectPacker _packer = new();
    private Ring _ring = new(256);
    private volatile ObjectIndex _objects = ObjectIndex.Empty;
    private volatile TaskCompletionSource _pulse = NewPulse();
    private readonly TaskCompletionSource _synced = NewPulse();

    public Informer(ResourceType type, IChangeHistory history)
    {
        Type = type;
        _history = history;
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

    internal Ring Changes => Volatile.Read(ref _ring);

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
        foreach (var change in applied) ring.Append(change);
        Volatile.Write(ref _ring, ring);
        Publish(builder.Build(revision));
        PackBehind(ring, applied.Length);
        return applied;
    }

    private void PackBehind(Ring ring, int count)
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

    /// <summary>The newest changes. A slot is overwritten once it is out of reach; readers check that afterwards.</summary>
    internal sealed class Ring(int capacity)
    {
        private readonly ObjectChange[] _slots = new ObjectChange[capacity];
        private long _head;
        private long _start;

        /// <summary>The version behind which this ring has every change.</summary>
        private long _complete;

        public long Head => Volatile.Read(ref _head);

        /// <summary>The change of a number, counted from the first one; null when it is not here.</summary>
        public ObjectChange? At(long number) => number >= _start && number < _head ? _slots[number % _slots.Length] : null;

        public void StartAt(long revision) => Volatile.Write(ref _complete, revision);

        public Ring WithRoomFor(int count)
        {
            var needed = Math.Min(_head - _start + count, RingMax);
            if (needed <= _slots.Length) return this;
            var larger = new Ring((int)Math.Min(RingMax, Math.Max(needed, _slots.Length * 2L)))
            { _head = _head, _start = _start, _complete = _complete };
            for (var i = Math.Max(_start, _head - _slots.Length); i < _head; i++)
                larger._slots[i % larger._slots.Length] = _slots[i % _slots.Length];
            return larger;
        }

        public void Append(ObjectChange change)
        {
            var slot = _head % _slots.Length;
            if (_head - _start >= _slots.Length)
            {
                Volatile.Write(ref _complete, _slots[slot].Object.Revision);
                Volatile.Write(ref _start, _head - _slots.Length + 1);
            }
            Volatile.Write(ref _slots[slot], change);
            Volatile.Write(ref _head, _head + 1);
        }

        /// <summary>Copies the changes behind version <paramref name="after"/>; false when some of them are gone from here.</summary>
        public bool TryRead(long after, List<ObjectChange> into, int max)
        {
            var head = Head;
            var low = Volatile.Read(ref _start);
            if (after < Volatile.Read(ref _complete)) return false;
            var high = head;
            while (low < high)
            {
                var middle = (low + high) / 2;
                var change = Volatile.Read(ref _slots[middle % _slots.Length]);
                if (change is null || change.Object.Revision <= after) low = middle + 1;
                else high = middle;
            }
            for (var i = low; i < head && into.Count < max; i++) into.Add(Volatile.Read(ref _slots[i % _slots.Length]));
            if (after >= Volatile.Read(ref _complete)) return true;
            into.Clear();
            return false;
        }
    }
}
