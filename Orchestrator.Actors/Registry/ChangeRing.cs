namespace Orchestrator.Actors.Registry;

/// <summary>The newest changes of a type, for those who follow them: bounded by their number, by what they alone keep alive, and by age.
/// Behind it a reader turns to the journal.</summary>
/// <remarks>One writer, any number of readers without a lock: a slot is emptied or overwritten only after <see cref="Complete"/> says that it
/// is out of reach, and readers look at that again once they have read.</remarks>
internal sealed class ChangeRing(int capacity)
{
    /// <summary>Most changes kept (count).</summary>
    public const int CountMax = 8192;

    /// <summary>Most that is kept of replaced and removed versions, which nothing else needs (bytes of JSON).</summary>
    public const long HeldMax = 16L << 20;

    /// <summary>So much is kept of them whatever their age (bytes of JSON).</summary>
    public const long HeldMin = 16L << 10;

    /// <summary>How long more than that is kept: who follows the changes has read them by then, and who comes back later reads the journal
    /// (milliseconds).</summary>
    public const long AgeMax = 10_000;

    /// <summary>How exactly ages are known (milliseconds).</summary>
    private const long AgeStep = 1_000;

    private readonly ObjectChange?[] _slots = new ObjectChange?[capacity];

    /// <summary>How far the ring reached when; the writer's, as are those below.</summary>
    private Queue<(long At, long Head)> _ages = new();

    /// <summary>When the changes began that are not in <see cref="_ages"/> yet.</summary>
    private long _marked = long.MinValue / 2;

    /// <summary>Changes of lower numbers are old.</summary>
    private long _old;

    /// <summary>The last number in <see cref="_ages"/>.</summary>
    private long _newest;
    private long _held;
    private long _head;
    private long _start;
    private long _complete;

    /// <summary>The version behind which this ring has every change.</summary>
    public long Complete => Volatile.Read(ref _complete);

    /// <summary>The number of the next change, counted from the first one.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>What of replaced and removed versions is kept (bytes of JSON).</summary>
    public long Held => _held;

    /// <summary>The change of a number; null when it is not here.</summary>
    public ObjectChange? At(long number) => number >= _start && number < _head ? _slots[number % _slots.Length] : null;

    public void StartAt(long revision) => Volatile.Write(ref _complete, revision);

    public ChangeRing WithRoomFor(int count)
    {
        var needed = Math.Min(_head - _start + count, CountMax);
        if (needed <= _slots.Length) return this;
        var larger = new ChangeRing((int)Math.Min(CountMax, Math.Max(needed, _slots.Length * 2L)))
        { _head = _head, _start = _start, _complete = _complete, _held = _held, _ages = _ages, _marked = _marked, _old = _old, _newest = _newest };
        for (var i = _start; i < _head; i++) larger._slots[i % larger._slots.Length] = _slots[i % _slots.Length];
        return larger;
    }

    /// <param name="change">What happened.</param>
    /// <param name="now">On any clock that never goes back (milliseconds).</param>
    public void Append(ObjectChange change, long now)
    {
        if (_head - _start >= _slots.Length) Drop();
        if (_marked <= now - AgeStep) Mark(now);
        Volatile.Write(ref _slots[_head % _slots.Length], change);
        Volatile.Write(ref _head, _head + 1);
        _held += HeldBy(change);
        while (_held > HeldMax && _head - _start > 1) Drop();
    }

    /// <summary>Lets go of what is old and holds more than little.</summary>
    public void Forget(long now)
    {
        if (_marked <= now - AgeStep) Mark(now);
        while (_ages.TryPeek(out var oldest) && oldest.At < now - AgeMax) _old = _ages.Dequeue().Head;
        while (_start < _old && _held > HeldMin) Drop();
    }

    /// <summary>Copies the changes behind version <paramref name="after"/>; false when some of them are gone from here.</summary>
    public bool TryRead(long after, List<ObjectChange> into, int max)
    {
        var head = Head;
        var low = Volatile.Read(ref _start);
        if (after < Complete) return false;
        var high = head;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var change = Volatile.Read(ref _slots[middle % _slots.Length]);
            if (change is null || change.Object.Revision <= after) low = middle + 1;
            else high = middle;
        }
        for (var i = low; i < head && into.Count < max; i++)
        {
            // What was emptied meanwhile is out of reach, as the last look will say.
            if (Volatile.Read(ref _slots[i % _slots.Length]) is { } change) into.Add(change);
        }
        if (after >= Complete) return true;
        into.Clear();
        return false;
    }

    private void Mark(long now)
    {
        if (_head > _newest) _ages.Enqueue((_marked + AgeStep, _newest = _head));
        _marked = now;
    }

    private void Drop()
    {
        ref var slot = ref _slots[_start % _slots.Length];
        var change = slot!;
        Volatile.Write(ref _complete, change.Object.Revision);
        Volatile.Write(ref _start, _start + 1);
        Volatile.Write(ref slot, null);
        _held -= HeldBy(change);
    }

    // The object of a change is the current one, or what a later change replaced; a removed one is neither.
    private static long HeldBy(ObjectChange change) =>
        (change.Previous?.Length ?? 0) + (change.Kind == ChangeKind.Deleted ? change.Object.Length : 0);
}
