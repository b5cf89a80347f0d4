using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <summary>Gives a namespace its finalizer, its phase and the label that lets selectors name it.</summary>
public sealed class NamespaceStrategy : IKindStrategy
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["metadata"] is JsonObject metadata && JsonTree.String(metadata, "name") is { Length: > 0 } name)
            JsonTree.Ensure(metadata, "labels")[NameLabel] = name;
    }

    public void PrepareForCreate(JsonObject tree)
    {
        // The name may have been generated since the defaults were applied.
        ApplyDefaults(tree);
        var spec = JsonTree.Ensure(tree, "spec");
        var finalizers = JsonTree.Array(spec, "finalizers");
        if (finalizers is null) spec["finalizers"] = finalizers = [];
        if (!finalizers.Any(f => JsonTree.AsString(f) == "kubernetes")) finalizers.Add("kubernetes");
        tree["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        // The finalizers of the spec change through the finalize subresource alone.
        if (subresource == "finalize") return;
        if (JsonTree.At(stored, ["spec", "finalizers"]) is { } finalizers) JsonTree.Ensure(tree, "spec")["finalizers"] = finalizers.DeepClone();
        else (tree["spec"] as JsonObject)?.Remove("finalizers");
    }
}
