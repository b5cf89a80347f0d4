using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Gives definitions their names, establishes them, and empties those that are being deleted.</summary>
/// <param name="catalog">The kinds as they are served now: the instances of a definition are found through it.</param>
public sealed class CustomResourceDefinitionController(Func<SchemaCatalog> catalog) : KindController
{
    public override string Name => "customresourcedefinition";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.CustomResourceDefinitions];

    public override bool Follows(ResourceType type) => type == ResourceTypes.CustomResourceDefinitions || catalog().Find(type) is { IsCustom: true };

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type != ResourceTypes.CustomResourceDefinitions)
        {
            // An instance matters only while its definition waits for it to go.
            var definition = new ObjectKey("", type.ToString());
            if (caches[ResourceTypes.CustomResourceDefinitions].Get(definition) is { Meta.Deleting: true }) yield return definition;
            yield break;
        }
        if (change.Kind != ChangeKind.Deleted) yield return change.Object.Key;
        // A name that is given up may be the one that another definition of the group waits for.
        var group = GroupOf(change.Object.Key);
        foreach (var other in caches[ResourceTypes.CustomResourceDefinitions].Objects.EnumerateFrom())
            if (other.Key != change.Object.Key && GroupOf(other.Key) == group && Waits(other)) yield return other.Key;
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var definitions = caches[ResourceTypes.CustomResourceDefinitions];
        if (definitions.Get(key) is not { } stored) return ReconcileResult.None;
        var tree = stored.ToTree();
        if (!stored.Meta.Deleting)
        {
            var group = GroupOf(key);
            var others = definitions.Objects.EnumerateFrom().Where(o => o.Key != key && GroupOf(o.Key) == group).Select(static o => o.ToTree());
            var status = CustomResourceDefinitionStatus.Compute(tree, others, context.Now);
            return StatusWrite.IfChanged(ResourceTypes.CustomResourceDefinitions, stored, status) is { } write ? new ReconcileResult([write]) : ReconcileResult.None;
        }
        var type = ResourceType.Parse(key.Name);
        if (catalog().Find(type) is null) return CustomResourceDefinitionRemoval.Reconcile(stored, [], context);
        return caches.Find(type) is { Revision: >= 0 } instances
            ? CustomResourceDefinitionRemoval.Reconcile(stored, [.. instances.Objects.EnumerateFrom()], context)
            : new ReconcileResult([], CustomResourceDefinitionRemoval.LookForCache);
    }

    /// <summary>The types that definitions brought, of which namespaces know only a part.</summary>
    public IEnumerable<ResourceType> Instances() => catalog().Resources.Where(static r => r.IsCustom).Select(static r => r.StoredAs).Distinct();

    // Validation sees to it that the name is plural.group.
    private static string GroupOf(ObjectKey key) => ResourceType.Parse(key.Name).Group;

    private static bool Waits(StoredObject definition) =>
        StatusWrite.Condition(StatusWrite.Current(definition), "NamesAccepted") is { } condition && JsonTree.String(condition, "status") == "False";
}
