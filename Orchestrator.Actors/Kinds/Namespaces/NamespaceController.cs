using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <summary>Empties namespaces that are being deleted: of every kind that is served at the time, those of definitions among them.</summary>
/// <param name="catalog">The kinds as they are now: a namespace may hold objects of any of them.</param>
public sealed class NamespaceController(Func<SchemaCatalog> catalog) : KindController
{
    private KnownTypes _known = new(null, []);

    public override string Name => "namespace";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Namespaces];

    public override bool Follows(ResourceType type) => type == ResourceTypes.Namespaces || Namespaced().Contains(type);

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Namespaces) return change.Object.Meta.Deleting && change.Kind != ChangeKind.Deleted ? [change.Object.Key] : [];
        // What happens in a namespace matters only while that is being emptied.
        var ns = new ObjectKey("", change.Object.Key.Namespace);
        return caches[ResourceTypes.Namespaces].Get(ns) is { Meta.Deleting: true } ? [ns] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.Namespaces].Get(key) is not { Meta.Deleting: true } ns) return ReconcileResult.None;
        var types = Namespaced();
        var content = new List<NamespaceContent>();
        foreach (var type in types)
            if (caches.Find(type) is { Revision: >= 0 } cache) content.Add(new NamespaceContent(type, [.. cache.Objects.InNamespace(key.Name)]));
        var result = NamespaceReconciler.Reconcile(ns, content, context);
        // A namespace is empty only when every type has been looked at, as of now: something may have been made a moment ago elsewhere.
        if (content.TrueForAll(static c => c.Objects.Count == 0) && !result.Actions.IsEmpty) result = result with { Confirm = [.. types] };
        // Other servers are asked with every pass once no pod needs what they hold.
        return content.Exists(static c => c.Type == ResourceTypes.Pods && c.Objects.Count > 0) ? result : result with { EmptyElsewhere = key.Name };
    }

    /// <summary>The types of which a namespace can hold objects, each once.</summary>
    public ImmutableHashSet<ResourceType> Namespaced()
    {
        var now = catalog();
        var known = Volatile.Read(ref _known);
        if (ReferenceEquals(known.Catalog, now)) return known.Types;
        known = new KnownTypes(now, [.. now.Resources.Where(static r => r is { Namespaced: true, IsVirtual: false }).Select(static r => r.StoredAs)]);
        Volatile.Write(ref _known, known);
        return known.Types;
    }

    private sealed record KnownTypes(SchemaCatalog? Catalog, ImmutableHashSet<ResourceType> Types);
}
