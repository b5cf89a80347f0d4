using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <param name="catalog">The kinds as they are now: a namespace may hold objects of any of them.</param>
public sealed class NamespaceController(Func<SchemaCatalog> catalog) : KindController
{
    public override string Name => "namespace";

    public override ImmutableArray<ResourceType> Reads => [ResourceTypes.Namespaces];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        change.Object.Meta.Deleting && change.Kind != ChangeKind.Deleted ? [change.Object.Key] : [];

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.Namespaces].Get(key) is not { } ns || !ns.Meta.Deleting) return ReconcileResult.None;
        var content = new List<NamespaceContent>();
        var opening = false;
        foreach (var type in Namespaced())
        {
            if (caches.Find(type) is { Revision: >= 0 } cache) content.Add(new NamespaceContent(type, [.. cache.Objects.InNamespace(key.Name)]));
            else opening = true;
        }
        // A namespace is empty only when every type has been looked at.
        if (opening && content.TrueForAll(static c => c.Objects.Count == 0)) return new ReconcileResult([], TimeSpan.FromMilliseconds(200));
        return NamespaceReconciler.Reconcile(ns, content, context);
    }

    /// <summary>The types of which a namespace can hold objects, each once.</summary>
    public IEnumerable<ResourceType> Namespaced() =>
        catalog().Resources.Where(static r => r is { Namespaced: true, IsVirtual: false }).Select(static r => r.StoredAs).Distinct();
}
