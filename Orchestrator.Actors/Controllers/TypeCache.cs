using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>What controllers read of one type: the informer's objects, and groups of them by controller, namespace or node.</summary>
/// <remarks>One writer, the trigger source of the process; any number of readers. Groups are immutable, so a reader sees one moment.</remarks>
public sealed class TypeCache(Informer informer, Func<StoredObject, IEnumerable<string>> groupsOf)
{
    private static readonly ImmutableDictionary<ObjectKey, StoredObject> Nothing = ImmutableDictionary<ObjectKey, StoredObject>.Empty;
    private readonly ConcurrentDictionary<string, ImmutableDictionary<ObjectKey, StoredObject>> _groups = new(StringComparer.Ordinal);
    private readonly List<(long Revision, TaskCompletionSource Done)> _waiters = [];
    private readonly Lock _lock = new();
    private long _revision = -1;

    public ObjectIndex Objects => informer.Objects;

    /// <summary>The version that the groups show.</summary>
    public long Revision => Volatile.Read(ref _revision);

    public StoredObject? Get(ObjectKey key) => informer.Get(key);

    public IReadOnlyCollection<StoredObject> Group(string name) => [.. _groups.GetValueOrDefault(name, Nothing).Values];

    public int GroupCount(string name) => _groups.GetValueOrDefault(name, Nothing).Count;

    /// <summary>Completes when the groups show <paramref name="revision"/>.</summary>
    public Task WaitForAsync(long revision)
    {
        lock (_lock)
        {
            if (Volatile.Read(ref _revision) >= revision) return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((revision, done));
            return done.Task;
        }
    }

    /// <summary>Takes in the whole state.</summary>
    public void Reset(ObjectIndex objects)
    {
        var groups = new Dictionary<string, ImmutableDictionary<ObjectKey, StoredObject>.Builder>(StringComparer.Ordinal);
        foreach (var o in objects.EnumerateFrom())
        {
            foreach (var name in groupsOf(o))
            {
                if (!groups.TryGetValue(name, out var group)) groups[name] = group = Nothing.ToBuilder();
                group[o.Key] = o;
            }
        }
        foreach (var name in _groups.Keys)
            if (!groups.ContainsKey(name)) _groups.TryRemove(name, out _);
        foreach (var (name, group) in groups) _groups[name] = group.ToImmutable();
        Advance(objects.Revision);
    }

    /// <summary>Takes in committed changes, with their previous versions filled in.</summary>
    public void Apply(ObjectsChanged batch)
    {
        foreach (var change in batch.Changes)
        {
            if (change.Previous is { } old)
                foreach (var name in groupsOf(old)) Remove(name, old.Key);
            if (change.Kind == ChangeKind.Deleted) continue;
            foreach (var name in groupsOf(change.Object))
                _groups[name] = _groups.GetValueOrDefault(name, Nothing).SetItem(change.Object.Key, change.Object);
        }
        Advance(batch.Revision);
    }

    private void Remove(string name, ObjectKey key)
    {
        if (!_groups.TryGetValue(name, out var group)) return;
        group = group.Remove(key);
        if (group.IsEmpty) _groups.TryRemove(name, out _);
        else _groups[name] = group;
    }

    private void Advance(long revision)
    {
        List<TaskCompletionSource>? done = null;
        lock (_lock)
        {
            if (revision > _revision) Volatile.Write(ref _revision, revision);
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Revision > _revision) continue;
                (done ??= []).Add(_waiters[i].Done);
                _waiters.RemoveAt(i);
            }
        }
        if (done is null) return;
        foreach (var waiter in done) waiter.TrySetResult();
    }
}
