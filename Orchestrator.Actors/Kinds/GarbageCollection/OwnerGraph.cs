using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.GarbageCollection;

/// <summary>Names one object over all types.</summary>
public readonly record struct GraphKey(ResourceType Type, ObjectKey Key);

/// <summary>What a reference to an owner says of it, read in the namespace of the object that says it.</summary>
public readonly record struct OwnerName(string Namespace, string ApiVersion, string Kind, string Name, string Uid)
{
    public static OwnerName Of(StoredObject dependent, OwnerReference owner) =>
        new(dependent.Key.Namespace, owner.ApiVersion, owner.Kind, owner.Name, owner.Uid);

    // As events show it.
    public override string ToString() => $"[{ApiVersion}/{Kind}, namespace: {Namespace}, name: {Name}, uid: {Uid}]";
}

/// <summary>Who owns whom, over all types, kept up to date change by change; decides what garbage collection does next.</summary>
/// <remarks>
/// A change puts the objects that it may concern into a queue: the object itself, and what it owns. Nothing is ever listed and
/// compared. Source: kube-controller-manager, garbagecollector; the finalizers are those of meta/v1.
/// </remarks>
public sealed class OwnerGraph
{
    public const string OrphanFinalizer = "orphan";
    public const string ForegroundFinalizer = "foregroundDeletion";

    private readonly Dictionary<GraphKey, StoredObject> _objects = [];
    private readonly Dictionary<string, GraphKey> _byUid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<GraphKey>> _dependents = new(StringComparer.Ordinal);
    private readonly Queue<GraphKey> _queue = new();
    private readonly HashSet<GraphKey> _queued = [];

    public int Count => _objects.Count;

    public int Pending => _queue.Count;

    /// <summary>Takes in a new object or a new version of one.</summary>
    public void Set(ResourceType type, StoredObject o)
    {
        var key = new GraphKey(type, o.Key);
        if (_objects.TryGetValue(key, out var old))
        {
            if (old.Meta.Uid != o.Meta.Uid)
            {
                Remove(type, old);
                old = null;
            }
        }
        _objects[key] = o;
        var ownersChanged = old is null || !old.Meta.OwnerReferences.SequenceEqual(o.Meta.OwnerReferences);
        if (ownersChanged)
        {
            if (old is not null) Unlink(key, old);
            Link(key, o);
        }
        if (!o.Meta.OwnerReferences.IsEmpty && ownersChanged) Enqueue(key);
        // Whom it no longer names, or no longer blocks, may have waited for just that.
        if (old is not null && ownersChanged) EnqueueOwners(old);
        if (!o.Meta.Deleting || !HasOwn(o)) return;
        Enqueue(key);
        // Dependents go while their owner waits for them.
        if (o.Meta.Finalizers.Contains(ForegroundFinalizer)) EnqueueDependents(o.Meta.Uid);
    }

    /// <summary>Takes in that an object is gone.</summary>
    public void Remove(ResourceType type, StoredObject o)
    {
        var key = new GraphKey(type, o.Key);
        if (!_objects.TryGetValue(key, out var known) || known.Meta.Uid != o.Meta.Uid) return;
        _objects.Remove(key);
        _byUid.Remove(known.Meta.Uid);
        Unlink(key, known);
        EnqueueDependents(known.Meta.Uid);
        // An owner that waits in the foreground may have waited for this one.
        EnqueueOwners(known);
    }

    /// <summary>Looks at an object again, as after a failure.</summary>
    public void Enqueue(GraphKey key)
    {
        if (_queued.Add(key)) _queue.Enqueue(key);
    }

    /// <summary>The next object to look at.</summary>
    public bool TryTake(out GraphKey key)
    {
        if (!_queue.TryDequeue(out key)) return false;
        _queued.Remove(key);
        return true;
    }

    public StoredObject? Find(GraphKey key) => _objects.GetValueOrDefault(key);

    /// <summary>The owners that the graph does not know as they are named: whoever decides must ask the registry whether they are gone.</summary>
    public IReadOnlyList<OwnerName> UnknownOwners(GraphKey key) =>
        _objects.TryGetValue(key, out var o) ? [.. o.Meta.OwnerReferences.Where(r => !IsKnown(o, r)).Select(r => OwnerName.Of(o, r))] : [];

    /// <summary>What to do about one object.</summary>
    /// <param name="absent">The owners that are known to be gone. An unknown owner that is not among them counts as there.</param>
    public IReadOnlyList<ControllerAction> Decide(GraphKey key, IReadOnlySet<OwnerName> absent)
    {
        if (!_objects.TryGetValue(key, out var o)) return [];
        if (o.Meta.Deleting && o.Meta.Finalizers.Contains(OrphanFinalizer)) return Orphan(key, o);
        if (o.Meta.Deleting && o.Meta.Finalizers.Contains(ForegroundFinalizer)) return WaitForDependents(key, o);
        if (o.Meta.Deleting || o.Meta.OwnerReferences.IsEmpty) return [];
        return Collect(key, o, absent);
    }

    private List<ControllerAction> Collect(GraphKey key, StoredObject o, IReadOnlySet<OwnerName> absent)
    {
        var actions = new List<ControllerAction>();
        var solid = new List<OwnerReference>();
        var waiting = new List<OwnerReference>();
        foreach (var owner in o.Meta.OwnerReferences)
        {
            if (IsElsewhere(o, owner)) actions.Add(TellOfNamespace(key, o, owner));
            if (absent.Contains(OwnerName.Of(o, owner))) continue;
            (IsWaiting(owner) ? waiting : solid).Add(owner);
        }
        if (solid.Count == o.Meta.OwnerReferences.Length) return actions;
        // Someone still needs it: the others are taken off, so that they do not keep each other.
        if (solid.Count > 0) return [.. actions, Keep(key, o, solid)];
        var below = _dependents.GetValueOrDefault(o.Meta.Uid) ?? [];
        var cascade = waiting.Count > 0 && below.Count > 0;
        // Where owners form a circle, each would wait for the next for ever; whoever closes it blocks nobody, and goes when that is so.
        return cascade && below.Any(d => IsWaiting(_objects[d])) && waiting.Exists(static w => w.BlockOwnerDeletion)
            ? [.. actions, Keep(key, o, [.. o.Meta.OwnerReferences.Select(static r => r with { BlockOwnerDeletion = false })])]
            : [.. actions, new DeleteAction(key.Type, key.Key, o.Meta.Uid, cascade ? "Foreground" : PolicyOf(o)) { Owners = o.Meta.OwnerReferences }];
    }

    // What was decided on for it before stays so.
    private static string PolicyOf(StoredObject o) =>
        o.Meta.Finalizers.Contains(OrphanFinalizer) ? "Orphan" : o.Meta.Finalizers.Contains(ForegroundFinalizer) ? "Foreground" : "Background";

    /// <summary>The graph has the owner, where and as the reference says.</summary>
    private bool IsKnown(StoredObject o, OwnerReference owner) =>
        _byUid.TryGetValue(owner.Uid, out var known) && known.Key.Name == owner.Name && !IsElsewhere(o, owner);

    // A namespaced owner in another namespace does not exist as far as its dependents go.
    private bool IsElsewhere(StoredObject o, OwnerReference owner) =>
        _byUid.TryGetValue(owner.Uid, out var known) && known.Key.Namespace.Length > 0 && known.Key.Namespace != o.Key.Namespace;

    private static EventAction TellOfNamespace(GraphKey key, StoredObject o, OwnerReference owner)
    {
        var tree = o.ToTree();
        return new EventAction(
            key.Type, key.Key, JsonTree.String(tree, "apiVersion") ?? "", JsonTree.String(tree, "kind") ?? "", o.Meta.Uid, Warning: true,
            "OwnerRefInvalidNamespace", $"ownerRef {OwnerName.Of(o, owner)} does not exist in namespace \"{key.Key.Namespace}\"");
    }

    private bool IsWaiting(OwnerReference owner) => _byUid.TryGetValue(owner.Uid, out var key) && IsWaiting(_objects[key]);

    private static bool IsWaiting(StoredObject o) => o.Meta.Deleting && o.Meta.Finalizers.Contains(ForegroundFinalizer);

    private List<ControllerAction> WaitForDependents(GraphKey key, StoredObject o)
    {
        var blocking = false;
        foreach (var dependent in _dependents.GetValueOrDefault(o.Meta.Uid) ?? [])
        {
            var reference = _objects[dependent].Meta.OwnerReferences.FirstOrDefault(r => r.Uid == o.Meta.Uid);
            blocking |= reference?.BlockOwnerDeletion == true;
            if (!_objects[dependent].Meta.Deleting) Enqueue(dependent);
        }
        return blocking ? [] : [Unfinalize(key, o, ForegroundFinalizer)];
    }

    private List<ControllerAction> Orphan(GraphKey key, StoredObject o)
    {
        var actions = new List<ControllerAction>();
        foreach (var dependent in _dependents.GetValueOrDefault(o.Meta.Uid) ?? [])
        {
            var child = _objects[dependent];
            actions.Add(Keep(dependent, child, [.. child.Meta.OwnerReferences.Where(r => r.Uid != o.Meta.Uid)]));
        }
        // Only when none is left that would be collected with it may the owner go.
        if (actions.Count == 0) actions.Add(Unfinalize(key, o, OrphanFinalizer));
        else Enqueue(key);
        return actions;
    }

    private static PatchAction Keep(GraphKey key, StoredObject o, List<OwnerReference> owners)
    {
        var list = new JsonArray();
        foreach (var owner in owners)
        {
            var made = new JsonObject { ["apiVersion"] = owner.ApiVersion, ["kind"] = owner.Kind, ["name"] = owner.Name, ["uid"] = owner.Uid };
            if (owner.Controller) made["controller"] = true;
            if (owner.BlockOwnerDeletion) made["blockOwnerDeletion"] = true;
            list.Add(made);
        }
        return new PatchAction(key.Type, key.Key, o.Meta.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["ownerReferences"] = list.Count > 0 ? list : null } }, o.Revision);
    }

    private static PatchAction Unfinalize(GraphKey key, StoredObject o, string finalizer)
    {
        var left = new JsonArray([.. o.Meta.Finalizers.Where(f => f != finalizer).Select(static f => (JsonNode)f)]);
        return new PatchAction(key.Type, key.Key, o.Meta.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = left.Count > 0 ? left : null } }, o.Revision);
    }

    private static bool HasOwn(StoredObject o) => o.Meta.Finalizers.Contains(OrphanFinalizer) || o.Meta.Finalizers.Contains(ForegroundFinalizer);

    private void EnqueueDependents(string uid)
    {
        if (!_dependents.TryGetValue(uid, out var dependents)) return;
        foreach (var dependent in dependents) Enqueue(dependent);
    }

    private void EnqueueOwners(StoredObject o)
    {
        foreach (var owner in o.Meta.OwnerReferences)
            if (_byUid.TryGetValue(owner.Uid, out var key)) Enqueue(key);
    }

    private void Link(GraphKey key, StoredObject o)
    {
        _byUid[o.Meta.Uid] = key;
        foreach (var owner in o.Meta.OwnerReferences)
        {
            if (!_dependents.TryGetValue(owner.Uid, out var dependents)) _dependents[owner.Uid] = dependents = [];
            dependents.Add(key);
        }
    }

    private void Unlink(GraphKey key, StoredObject o)
    {
        foreach (var owner in o.Meta.OwnerReferences)
        {
            if (!_dependents.TryGetValue(owner.Uid, out var dependents)) continue;
            dependents.Remove(key);
            if (dependents.Count == 0) _dependents.Remove(owner.Uid);
        }
    }
}
