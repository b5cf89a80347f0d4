using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Defaults of a CustomResourceDefinition, and its first status.</summary>
/// <remarks>Source: kubernetes staging apiextensions-apiserver, pkg/apis/apiextensions/v1/defaults.go.</remarks>
public sealed class CustomResourceDefinitionStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec) return;
        if (spec["names"] is JsonObject names && JsonTree.String(names, "kind") is { Length: > 0 } kind)
        {
            if (string.IsNullOrEmpty(JsonTree.String(names, "singular"))) names["singular"] = kind.ToLowerInvariant();
            if (string.IsNullOrEmpty(JsonTree.String(names, "listKind"))) names["listKind"] = kind + "List";
        }
        spec["conversion"] ??= new JsonObject { ["strategy"] = "None" };
    }

    public void PrepareForCreate(JsonObject tree)
    {
        tree["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(),
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
        };
        RecordStorageVersion(tree);
    }

    // With the same write, for from then on objects of two versions may be stored.
    public void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource)
    {
        if (subresource.Length == 0) RecordStorageVersion(tree);
    }

    private static void RecordStorageVersion(JsonObject tree)
    {
        var status = JsonTree.Ensure(tree, "status");
        if (status["storedVersions"] is not JsonArray stored) status["storedVersions"] = stored = [];
        foreach (var version in (JsonTree.At(tree, ["spec", "versions"]) as JsonArray ?? []).OfType<JsonObject>())
            if (JsonTree.Bool(version, "storage") == true && JsonTree.String(version, "name") is { } name && !stored.Any(s => JsonTree.AsString(s) == name)) stored.Add(name);
    }
}
