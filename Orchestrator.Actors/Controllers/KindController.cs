using System.Collections.Immutable;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>One controller: which changes concern which objects, and what to do about one of them. No state of its own.</summary>
public abstract class KindController
{
    /// <summary>The first part of the entity id, such as <c>deployment</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The types whose changes it wants to hear of, and reads, its own kind first.</summary>
    public abstract ImmutableArray<ResourceType> Reads { get; }

    /// <summary>Whether changes of a type concern it. More than <see cref="Reads"/> where the types are not known beforehand; it starts without those.</summary>
    public virtual bool Follows(ResourceType type) => Reads.Contains(type);

    /// <summary>The objects that a change concerns. Called in the process that hosts the registry of the type.</summary>
    public abstract IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches);

    /// <summary>What to do about the object of that key, which may be gone.</summary>
    public abstract ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context);

    /// <summary>The key of the owner of <paramref name="kind"/> before and after a change.</summary>
    protected static ObjectKey[] Owners(string kind, ObjectChange change)
    {
        var now = OwnerOf(kind, change.Object);
        var before = change.Previous is { } previous ? OwnerOf(kind, previous) : null;
        if (before is not { } gone || before == now) return now is { } one ? [one] : [];
        return now is { } key ? [key, gone] : [gone];
    }

    /// <summary>The owner before and after a change; and of an object that nothing controls, all of <paramref name="owners"/> that select it, as any of them may adopt it.</summary>
    protected static ObjectKey[] OwnersAndAdopters(string kind, TypeCache owners, Func<StoredObject, LabelSelector> selectorOf, ObjectChange change)
    {
        var keys = Owners(kind, change);
        if (change.Object.Meta.Controller is not null || change.Kind == ChangeKind.Deleted || owners.Objects.Count == 0) return keys;
        return [.. keys, .. owners.Objects.InNamespace(change.Object.Key.Namespace)
            .Where(o => selectorOf(o).Matches(change.Object.Meta.Labels)).Select(static o => o.Key)];
    }

    protected static ObjectKey? OwnerOf(string kind, StoredObject o) =>
        o.Meta.Controller is { } owner && owner.Kind == kind ? new ObjectKey(o.Key.Namespace, owner.Name) : null;
}
