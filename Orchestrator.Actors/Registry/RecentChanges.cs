using System.Collections.Immutable;

namespace Orchestrator.Actors.Registry;

/// <summary>The newest changes of a registry, so that a follower that missed some gets just those.</summary>
public sealed class RecentChanges
{
    /// <summary>Most changes kept (count), and how many are kept however few objects there are.</summary>
    public const int Max = 4096, Min = 32;

    /// <summary>Most that they hold (bytes of JSON).</summary>
    public const long HeldMax = 8L << 20;

    private readonly Queue<ObjectChange> _changes = new();
    private long _complete = long.MaxValue;
    private long _held;

    /// <summary>Starts over: nothing before <paramref name="revision"/> is known, everything behind it will be.</summary>
    public void Restart(long revision)
    {
        _changes.Clear();
        _held = 0;
        _complete = revision;
    }

    /// <param name="change">What happened.</param>
    /// <param name="objects">How many objects there are: more changes than that say no less shortly what to send than the objects themselves.</param>
    public void Add(ObjectChange change, int objects)
    {
        _changes.Enqueue(change);
        _held += change.Object.Length;
        var max = Math.Clamp(objects, Min, Max);
        while (_changes.Count > max || (_held > HeldMax && _changes.Count > 1))
        {
            var dropped = _changes.Dequeue();
            _held -= dropped.Object.Length;
            _complete = dropped.Object.Revision;
        }
    }

    /// <summary>Everything behind version <paramref name="after"/>, or null when part of it is gone.</summary>
    public ImmutableArray<ObjectChange>? Since(long after) =>
        after < _complete ? null : [.. _changes.SkipWhile(c => c.Object.Revision <= after)];
}
