using System.Collections.Immutable;

namespace Orchestrator.Actors.Registry;

/// <summary>The newest changes of a registry, so that a follower that missed some gets just those.</summary>
public sealed class RecentChanges
{
    /// <summary>Most changes kept (count).</summary>
    public const int Max = 4096;

    private readonly Queue<ObjectChange> _changes = new();
    private long _complete = long.MaxValue;

    /// <summary>Starts over: nothing before <paramref name="revision"/> is known, everything behind it will be.</summary>
    public void Restart(long revision)
    {
        _changes.Clear();
        _complete = revision;
    }

    public void Add(ObjectChange change)
    {
        if (_changes.Count == Max) _complete = _changes.Dequeue().Object.Revision;
        _changes.Enqueue(change);
    }

    /// <summary>Everything behind version <paramref name="after"/>, or null when part of it is gone.</summary>
    public ImmutableArray<ObjectChange>? Since(long after) =>
        after < _complete ? null : [.. _changes.SkipWhile(c => c.Object.Revision <= after)];
}
