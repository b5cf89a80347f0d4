using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>What an update leads to, in the order in which it is tried.</summary>
internal enum UpdateOutcome : byte
{
    /// <summary>Nothing differs, so nothing is written.</summary>
    Unchanged,
    Replace,

    /// <summary>This was the last thing that kept a deleted object.</summary>
    Remove,
}

/// <summary>Brings together what an update says and what it may not say. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, registry/rest BeforeUpdate and registry/generic ShouldDeleteDuringUpdate.</remarks>
internal static class ObjectUpdate
{
    /// <summary>Carries over what this update may not touch, and raises the generation; runs between admission and validation.</summary>
    public static void Prepare(ResourceSchema schema, JsonObject tree, JsonObject stored, string subresource, DateTimeOffset now)
    {
        // What keeps a deleted namespace is taken away through a subresource of its own, and only there.
        if (subresource == "finalize") KeepOnlyNamespaceFinalizers(tree, stored);
        else if (schema.Type == ResourceTypes.Namespaces) Carry("finalizers", JsonTree.Ensure(tree, "spec"), JsonTree.Ensure(stored, "spec"));
        SystemMetadata.Of(tree).Remove("managedFields");
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, subresource, now);
    }

    /// <summary>Tells what to do with the finished new state; takes the versions out of both trees.</summary>
    public static UpdateOutcome Decide(ResourceSchema schema, JsonObject tree, JsonObject stored)
    {
        if (IsReadyToGo(schema, tree)) return UpdateOutcome.Remove;
        SystemMetadata.Of(stored).Remove("resourceVersion");
        SystemMetadata.Of(tree).Remove("resourceVersion");
        return JsonTree.DeepEquals(tree, stored) ? UpdateOutcome.Unchanged : UpdateOutcome.Replace;
    }

    /// <summary>Whether the finished new state, in the stored version, is what is stored.</summary>
    public static bool IsStoredSo(JsonObject tree, StoredObject stored)
    {
        var before = stored.ToTree();
        SystemMetadata.Of(before).Remove("resourceVersion");
        return JsonTree.DeepEquals(tree, before);
    }

    private static bool IsReadyToGo(ResourceSchema schema, JsonObject tree)
    {
        var meta = SystemMetadata.Of(tree);
        if (!meta.ContainsKey("deletionTimestamp") || Finalizers(meta).Count > 0) return false;
        if (schema.Type == ResourceTypes.Namespaces) return JsonTree.Array(JsonTree.Object(tree, "spec"), "finalizers") is null or { Count: 0 };
        return (JsonTree.Int64(meta, "deletionGracePeriodSeconds") ?? 0) == 0;
    }

    public static List<string> Finalizers(JsonObject meta) =>
        JsonTree.Array(meta, "finalizers") is { } list ? [.. list.Select(f => JsonTree.AsString(f) ?? "")] : [];

    private static void Carry(string field, JsonObject tree, JsonObject stored)
    {
        if (stored[field] is { } value) tree[field] = value.DeepClone();
        else tree.Remove(field);
    }

    private static void KeepOnlyNamespaceFinalizers(JsonObject tree, JsonObject stored)
    {
        var finalizers = JsonTree.Object(tree, "spec")?["finalizers"]?.DeepClone();
        Carry("spec", tree, stored);
        Carry("status", tree, stored);
        var spec = JsonTree.Ensure(tree, "spec");
        if (finalizers is JsonArray { Count: > 0 }) spec["finalizers"] = finalizers;
        else spec.Remove("finalizers");
    }
}
