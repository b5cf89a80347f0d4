using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>What controllers read of one type: the informer's objects, and groups of them by controller, namespace or node.</summary>
/// <remarks>One writer, the trigger source of the process; any number of readers, each of which gets a copy of its own.</remarks>
public sealed class TypeCache(Informer informer)
{
    private readonly Dictionary<CacheGroup, Dictionary<ObjectKey, StoredObject>> _groups = [];
    private readonly List<CacheGroup> _found = [];
    private readonly List<(long Revision, TaskCompletionSource Done)> _waiters = [];
    private readonly Lock _lock = new();
    private long _revision = -1;

    public ObjectIndex Objects => informer.Objects;

    /// <summary>The version that the groups show.</summary>
    public long Revision => Volatile.Read(ref _revision);

    public StoredObject? Get(ObjectKey key) => informer.Get(key);

    public IReadOnlyCollection<StoredObject> Group(CacheGroup name)
    {
        lock (_groups) return _groups.TryGetValue(name, out var group) ? [.. group.Values] : [];
    }

    public int GroupCount(CacheGroup name)
    {
        lock (_groups) return _groups.TryGetValue(name, out var group) ? group.Count : 0;
    }

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
        lock (_groups)
        {
            _groups.Clear();
            foreach (var o in objects.EnumerateFrom())
                foreach (var name in GroupsOf(o)) Add(name, o);
        }
        Advance(objects.Revision);
    }

    /// <summary>Takes in committed changes, with their previous versions filled in.</summary>
    public void Apply(ObjectsChanged batch)
    {
        foreach (var change in batch.Changes)
        {
            if (change.Previous is { } old)
                foreach (var name in GroupsOf(old)) Remove(name, old.Key);
            if (change.Kind == ChangeKind.Deleted) continue;
            foreach (var name in GroupsOf(change.Object)) Add(name, change.Object);
        }
        Advance(batch.Revision);
    }

    // For the one writer: the list is the same at each call.
    private List<CacheGroup> GroupsOf(StoredObject o)
    {
        _found.Clear();
        CacheGroup.AddGroups(informer.Type, o, _found);
        return _found;
    }

    private void Add(CacheGroup name, StoredObject o)
    {
        lock (_groups)
        {
            if (!_groups.TryGetValue(name, out var group)) _groups[name] = group = [];
            group[o.Key] = o;
        }
    }

    private void Remove(CacheGroup name, ObjectKey key)
    {
        lock (_groups)
        {
            if (_groups.TryGetValue(name, out var group) && group.Remove(key) && group.Count == 0) _groups.Remove(name);
        }
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
