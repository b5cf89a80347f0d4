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

    /// <summary>What an applied Scale says of the object itself.</summary>
    public static (JsonObject? Configuration, ApiError? Error) Configuration(ResourceSchema schema, SubresourceSchema scale, JsonObject body)
    {
        var (version, kind) = (JsonTree.String(body, "apiVersion") ?? "", JsonTree.String(body, "kind") ?? "");
        if (version != $"{scale.Group}/{scale.Version}" || kind != scale.Kind) return (null, ApiError.BadRequest($"invalid object type: {version}, Kind={kind}"));
        if (JsonTree.Object(body, "metadata")?["managedFields"] is not null) return (null, ApiError.BadRequest("metadata.managedFields must be nil"));
        var configuration = new JsonObject { ["apiVersion"] = schema.ApiVersion, ["kind"] = schema.Kind };
        var metadata = JsonTree.Ensure(configuration, "metadata");
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion"])
            if (JsonTree.String(JsonTree.Object(body, "metadata"), name) is { } value) metadata[name] = value;
        if (JsonTree.Object(body, "spec")?["replicas"] is not { } replicas) return (configuration, null);
        if (JsonTree.AsInt64(replicas) is < 0)
        {
            var faults = new FaultList();
            faults.Invalid(FieldPath.Of("spec").Child("replicas"), replicas, "must be greater than or equal to 0");
            return (null, faults.ToError(scale.Group, scale.Kind, JsonTree.String(metadata, "name") ?? ""));
        }
        Put(scale, configuration, replicas.DeepClone());
        return (configuration, null);
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
        Put(scale, tree, replicas);
    }

    private static void Put(SubresourceSchema scale, JsonObject tree, JsonNode replicas)
    {
        var path = Split(scale.SpecReplicasPath);
        var owner = tree;
        foreach (var name in path.AsSpan(0, path.Length - 1)) owner = JsonTree.Ensure(owner, name);
        owner[path[^1]] = replicas;
    }

    /// <summary>Puts the replicas of a Scale into the object, or tells what is wrong with the Scale.</summary>
    public static ApiError? Take(SubresourceSchema scale, JsonObject body, JsonObject tree)
    {
        var faults = new FaultList();
        Apply(scale, body, tree, faults);
        return faults.ToError(scale.Group, scale.Kind, JsonTree.String(JsonTree.Object(body, "metadata"), "name") ?? "");
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
