using Orchestrator.Actors.Kinds.HorizontalPodAutoscalers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>Between the version of a request and the version in which objects of the type are stored.</summary>
/// <remarks>Versions of a custom resource differ in their apiVersion alone; events of the two groups differ in the names of fields,
/// autoscalers of the two versions in all but their targets.</remarks>
public static class ObjectConversion
{
    private static readonly (string Core, string Events)[] EventFields =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
    ];

    /// <summary>Objects are stored as they are requested, so that bytes can be handed on.</summary>
    public static bool IsStorage(ResourceSchema schema) => schema.Storage && schema.StoredAs == schema.Type && !schema.StoredOtherwise;

    /// <summary>A custom resource that is read from what is stored, and not handed on.</summary>
    public static bool IsReadAnew(ResourceSchema schema) => schema.IsCustom && !IsStorage(schema);

    /// <summary>Defaults and rules hold for the stored version only, so a request of this version is turned into it before anything else.</summary>
    public static bool IsConvertedFirst(ResourceSchema schema) => !schema.Storage && !schema.IsCustom;

    /// <summary>Turns the tree of a request into what is stored, in place.</summary>
    public static void ToStorage(ResourceSchema schema, ResourceSchema storage, JsonObject tree)
    {
        if (ReferenceEquals(schema, storage)) return;
        if (schema.Group == "events.k8s.io")
            foreach (var (core, events) in EventFields) Rename(tree, events, core);
        else if (schema.Type == ResourceTypes.HorizontalPodAutoscalers && schema.Version == "v1") HorizontalPodAutoscalerConversion.ToV2(tree);
        tree["apiVersion"] = storage.ApiVersion;
        tree["kind"] = storage.Kind;
        if (schema.IsCustom) Prune(storage, tree);
    }

    /// <summary>Turns a stored tree into the version of the request, in place.</summary>
    public static void FromStorage(ResourceSchema schema, JsonObject tree)
    {
        if (schema.IsCustom)
        {
            if (Load(schema, tree) is { } written && ReferenceEquals(written, schema)) return;
            tree["apiVersion"] = schema.ApiVersion;
            tree["kind"] = schema.Kind;
            Prune(schema, tree);
            return;
        }
        if (schema.Group == "events.k8s.io")
            foreach (var (core, events) in EventFields) Rename(tree, core, events);
        else if (schema.Type == ResourceTypes.HorizontalPodAutoscalers && schema.Version == "v1") HorizontalPodAutoscalerConversion.ToV1(tree);
        tree["apiVersion"] = schema.ApiVersion;
        tree["kind"] = schema.Kind;
    }

    /// <summary>Makes of a custom resource, as it lies stored, what the schema of its own version says now: pruned and defaulted, in place.</summary>
    /// <returns>The version in which it is stored; null when the definition has it no more, and then nothing is known of it.</returns>
    /// <remarks>Source: apiextensions-apiserver, pkg/apiserver, the codec of the storage: only the stored version defaults what is read.</remarks>
    public static ResourceSchema? Load(ResourceSchema schema, JsonObject tree)
    {
        if (schema.Versions?.Find(JsonTree.String(tree, "apiVersion") ?? "") is not { } written) return null;
        Prune(written, tree);
        Defaulting.Apply(written, tree);
        return written;
    }

    /// <summary>Turns a tree of one version into another version of the same kind, in place.</summary>
    public static void Between(ResourceSchema from, ResourceSchema to, SchemaCatalog catalog, JsonObject tree)
    {
        if (ReferenceEquals(from, to)) return;
        if (to.IsCustom)
        {
            (tree["apiVersion"], tree["kind"]) = (to.ApiVersion, to.Kind);
            return;
        }
        if (!IsStorage(from)) ToStorage(from, catalog.Find(from.StoredAs) ?? from, tree);
        if (!IsStorage(to)) FromStorage(to, tree);
    }

    /// <summary>The bytes of a stored object as this request wants them; no copy when they are stored so.</summary>
    /// <remarks>Of a custom resource the caller has let <see cref="Show"/> make what is wanted.</remarks>
    public static ReadOnlyMemory<byte> Bytes(ResourceSchema schema, StoredObject stored) =>
        schema.IsCustom || IsStorage(schema) ? stored.Json : Convert(schema, stored);

    /// <summary>A custom resource as a version of its definition shows it, where no webhook has to be asked.</summary>
    public static StoredObject Show(ResourceSchema schema, StoredObject stored) =>
        IsReadAnew(schema) ? stored.View(static _ => new ShownObject()).Of(schema, stored) : stored;

    internal static ReadOnlyMemory<byte> Convert(ResourceSchema schema, StoredObject stored)
    {
        var tree = stored.ToTree();
        FromStorage(schema, tree);
        return UncommittedJson.From(tree).WithRevision(stored.Revision);
    }

    private static void Prune(ResourceSchema schema, JsonObject tree) => new Pruner { DropsMisfits = true }.PruneObject(tree, schema.Root, null, typed: false);

    private static void Rename(JsonObject tree, string from, string to)
    {
        if (!tree.TryGetPropertyValue(from, out var value)) return;
        tree.Remove(from);
        tree[to] = value;
    }
}
