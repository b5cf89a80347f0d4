using System.Text.Json.Nodes;
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
        var conversion = JsonTree.Ensure(spec, "conversion");
        if (string.IsNullOrEmpty(JsonTree.String(conversion, "strategy"))) conversion["strategy"] = "None";
    }

    public void PrepareForCreate(JsonObject tree)
    {
        var stored = new JsonArray();
        if (JsonTree.At(tree, ["spec", "versions"]) is JsonArray versions)
        {
            foreach (var version in versions)
                if (version is JsonObject one && JsonTree.Bool(one, "storage") == true) stored.Add(JsonTree.String(one, "name"));
        }
        tree["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(),
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = stored,
        };
    }
}
