using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>The scale subresource: a Scale of autoscaling/v1 as a view of any kind that says where its replicas are.</summary>
public static class ScaleSubresource
{
    /// <summary>The Scale of an object.</summary>
    public static JsonObject Read(SubresourceSchema scale, JsonObject tree)
    {
        var meta = JsonTree.Object(tree, "metadata");
        var metadata = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
            if (meta?[name] is { } value) metadata[name] = value.DeepClone();
        var spec = new JsonObject();
        if (At(tree, scale.SpecReplicasPath) is { } replicas && JsonTree.AsInt64(replicas) is { } wanted) spec["replicas"] = wanted;
        var status = new JsonObject { ["replicas"] = JsonTree.AsInt64(At(tree, scale.StatusReplicasPath)) ?? 0 };
        if (SelectorText(At(tree, scale.SelectorPath)) is { Length: > 0 } selector) status["selector"] = selector;
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = spec,
            ["status"] = status,
        };
    }

    /// <summary>Puts the replicas of a Scale into the object; the faults tell what is wrong with the Scale.</summary>
    public static void Apply(SubresourceSchema scale, JsonObject body, JsonObject tree, FaultList faults)
    {
        var replicas = JsonTree.Int64(JsonTree.Object(body, "spec"), "replicas") ?? 0;
        if (replicas < 0)
        {
            faults.Invalid(FieldPath.Of("spec").Child("replicas"), replicas, "must be greater than or equal to 0");
            return;
        }
        var path = Split(scale.SpecReplicasPath);
        var owner = tree;
        foreach (var name in path.AsSpan(0, path.Length - 1)) owner = JsonTree.Ensure(owner, name);
        owner[path[^1]] = replicas;
    }

    private static JsonNode? At(JsonObject tree, string path) => path.Length == 0 ? null : JsonTree.At(tree, Split(path));

    private static string[] Split(string path) => path.TrimStart('.').Split('.');

    // A custom resource keeps the text of its selector in status; built-in kinds have a map or a LabelSelector in spec.
    private static string? SelectorText(JsonNode? selector) => selector switch
    {
        null => null,
        JsonValue value => JsonTree.AsString(value),
        JsonObject map when map.ContainsKey("matchLabels") || map.ContainsKey("matchExpressions") => LabelSelectorJson.Read(map).ToString(),
        JsonObject map => string.Join(',', map.Select(p => $"{p.Key}={JsonTree.AsString(p.Value)}").Order(StringComparer.Ordinal)),
        _ => null,
    };
}
