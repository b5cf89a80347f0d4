using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>The part of <c>metadata</c> that belongs to the system and not to the client.</summary>
/// <remarks>Source: k8s.io/apiserver, registry/rest, BeforeCreate and BeforeUpdate.</remarks>
internal static class SystemMetadata
{
    /// <summary>The metadata of the tree, made when it is absent.</summary>
    public static JsonObject Of(JsonObject tree) => JsonTree.Ensure(tree, "metadata");

    /// <summary>Raises the generation when the object has one.</summary>
    public static void RaiseGeneration(JsonObject meta)
    {
        if (JsonTree.Int64(meta, "generation") is { } generation and > 0) meta["generation"] = generation + 1;
    }

    /// <summary>The version that the client says it has seen: null when it says none.</summary>
    public static (long? Revision, ApiError? Error) Precondition(JsonObject tree, ResourceSchema schema)
    {
        var text = JsonTree.String(JsonTree.Object(tree, "metadata"), "resourceVersion");
        if (string.IsNullOrEmpty(text) || text == "0") return (null, null);
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)) return (revision, null);
        var faults = new FaultList();
        faults.Invalid(FieldPath.Of("metadata").Child("resourceVersion"), text, $"strconv.ParseUint: parsing {GoQuote.Quote(text)}: invalid syntax");
        return (null, faults.ToError(schema.Group, schema.Kind, JsonTree.String(JsonTree.Object(tree, "metadata"), "name") ?? ""));
    }

    /// <summary>Makes the namespace of the body that of the request; a body that names another is refused.</summary>
    public static ApiError? MatchNamespace(JsonObject tree, ResourceSchema schema, string ns)
    {
        var meta = Of(tree);
        var given = JsonTree.String(meta, "namespace") ?? "";
        if (!schema.Namespaced)
        {
            // As in Kubernetes, a namespace on an object that has none is dropped, not refused.
            meta.Remove("namespace");
            return null;
        }
        if (given.Length == 0)
        {
            meta["namespace"] = ns;
            return null;
        }
        return given == ns
            ? null
            : ApiError.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
    }

    /// <summary>A body that may leave the name to the path, as what is created under an object may.</summary>
    public static ApiError? FillName(JsonObject tree, string name)
    {
        if (string.IsNullOrEmpty(JsonTree.String(Of(tree), "name"))) Of(tree)["name"] = name;
        return MatchName(tree, name);
    }

    /// <summary>The name of the body must be that of the request; none is refused as well.</summary>
    public static ApiError? MatchName(JsonObject tree, string name)
    {
        var given = JsonTree.String(Of(tree), "name") ?? "";
        if (given.Length == 0) return ApiError.BadRequest($"the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return given == name
            ? null
            : ApiError.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})");
    }
}
