using System.Text.Json.Nodes;
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
    public static bool IsStorage(ResourceSchema schema) => schema.Storage && schema.StoredAs == schema.Type && !schema.HasOlderStored && !schema.DefaultsReads;

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
    }

    /// <summary>Turns a stored tree into the version of the request, in place.</summary>
    public static void FromStorage(ResourceSchema schema, JsonObject tree)
    {
        if (schema.Group == "events.k8s.io")
            foreach (var (core, events) in EventFields) Rename(tree, core, events);
        else if (schema.Type == ResourceTypes.HorizontalPodAutoscalers && schema.Version == "v1") HorizontalPodAutoscalerConversion.ToV1(tree);
        tree["apiVersion"] = schema.ApiVersion;
        tree["kind"] = schema.Kind;
        if (schema.DefaultsReads) Defaulting.Apply(schema, tree);
    }

    /// <summary>Turns a tree of one version into another version of the same kind, in place.</summary>
    public static void Between(ResourceSchema from, ResourceSchema to, SchemaCatalog catalog, JsonObject tree)
    {
        if (ReferenceEquals(from, to)) return;
        if (!IsStorage(from)) ToStorage(from, catalog.Find(from.StoredAs) ?? from, tree);
        if (!IsStorage(to)) FromStorage(to, tree);
    }

    /// <summary>The bytes of a stored object as this request wants them; no copy when they are stored so.</summary>
    public static ReadOnlyMemory<byte> Bytes(ResourceSchema schema, StoredObject stored)
    {
        if (IsStorage(schema)) return stored.Json;
        return schema.IsCustom ? stored.View(static _ => new ShownBytes()).Of(schema, stored) : Convert(schema, stored);
    }

    internal static ReadOnlyMemory<byte> Convert(ResourceSchema schema, StoredObject stored)
    {
        var tree = stored.ToTree();
        FromStorage(schema, tree);
        return UncommittedJson.From(tree).WithRevision(stored.Revision);
    }

    private static void Rename(JsonObject tree, string from, string to)
    {
        if (!tree.TryGetPropertyValue(from, out var value)) return;
        tree.Remove(from);
        tree[to] = value;
    }
}
