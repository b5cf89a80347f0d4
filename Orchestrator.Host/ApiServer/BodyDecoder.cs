using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Protobuf;

namespace Orchestrator.Host.ApiServer;

/// <summary>The parameters of a request that writes.</summary>
public readonly record struct WriteParameters(bool DryRun, string FieldManager, FieldValidation FieldValidation)
{
    /// <summary>An apply takes fields that others own; null when the request does not say.</summary>
    public bool? Force { get; init; }

    /// <summary>What the query says, as the options object of meta/v1 without its kind; null when it says nothing.</summary>
    public JsonObject? Given { get; init; }

    /// <param name="optionsKind">CreateOptions, UpdateOptions or PatchOptions, as faults name it.</param>
    public static (WriteParameters Parameters, ApiError? Error) Read(IQueryCollection query, string optionsKind)
    {
        if (query.Count == 0) return (default, null);
        var faults = new FaultList();
        var dryRun = query["dryRun"];
        var manager = query["fieldManager"].ToString();
        if (manager.Length > FieldManagers.LengthMax) faults.TooLong(FieldPath.Of("fieldManager"), FieldManagers.LengthMax);
        if (FieldManagers.Fault(manager) is { } unprintable) faults.Invalid(FieldPath.Of("fieldManager"), manager, unprintable);
        if (dryRun.Any(static value => value != "All")) faults.NotSupported(FieldPath.Of("dryRun"), dryRun.ToArray(), ["All"]);
        var validation = FieldValidation.Warn;
        if (query["fieldValidation"].ToString() is { Length: > 0 } text && !Enum.TryParse(text, out validation))
            faults.NotSupported(FieldPath.Of("fieldValidation"), text, ["", "Ignore", "Strict", "Warn"]);
        JsonObject? given = null;
        if (dryRun.Count > 0) (given ??= [])["dryRun"] = new JsonArray([.. dryRun.Select(static v => (JsonNode?)v)]);
        if (manager.Length > 0) (given ??= [])["fieldManager"] = manager;
        if (query["fieldValidation"].ToString() is { Length: > 0 } said) (given ??= [])["fieldValidation"] = said;
        return (new WriteParameters(dryRun.Count > 0, manager, validation) { Force = ListOptions.Flag(query, "force"), Given = given }, faults.ToError("meta.k8s.io", optionsKind, ""));
    }
}

/// <summary>Turns bodies of any content type into trees.</summary>
public static class BodyDecoder
{
    /// <summary>415 in upstream's words.</summary>
    public static ApiError UnsupportedMediaType(params IEnumerable<string> accepted) => new(415, "UnsupportedMediaType",
        $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted)}");

    /// <summary>Reads the body of a create or an update of <paramref name="schema"/>.</summary>
    /// <param name="isNew">A create (<see cref="ObjectDecoder.DecodeNew"/>).</param>
    public static async ValueTask<DecodedObject> DecodeAsync(HttpContext context, SchemaCatalog catalog, ResourceSchema schema, FieldValidation validation, bool isNew = false)
    {
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is { } tooLarge) return new DecodedObject(null, [], tooLarge);
        var (json, error) = ToJson(context.Request.ContentType, body, catalog, schema.IsCustom, out var duplicates);
        if (error is not null) return new DecodedObject(null, [], error);
        return isNew
            ? ObjectDecoder.DecodeNew(schema, json is null ? body.Bytes : json, validation, duplicates)
            : ObjectDecoder.Decode(schema, json is null ? body.Bytes : json, validation, duplicates);
    }

    /// <summary>Reads a body of a type that is no resource of its own, such as Scale.</summary>
    public static async ValueTask<DecodedObject> DecodeAsync(
        HttpContext context, SchemaCatalog catalog, TypeSchema type, string group, string version, string kind, FieldValidation validation)
    {
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is { } tooLarge) return new DecodedObject(null, [], tooLarge);
        var (json, error) = ToJson(context.Request.ContentType, body, catalog, custom: false);
        if (error is not null) return new DecodedObject(null, [], error);
        return ObjectDecoder.Decode(type, group, version, kind, json is null ? body.Bytes : json, validation);
    }

    /// <summary>Reads an Eviction; clients before 1.22 send it in the version that there was then, which has the same fields.</summary>
    public static async ValueTask<DecodedObject> DecodeEvictionAsync(HttpContext context, SchemaCatalog catalog, FieldValidation validation)
    {
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is { } tooLarge) return new DecodedObject(null, [], tooLarge);
        var (json, error) = ToJson(context.Request.ContentType, body, catalog, custom: false);
        if (error is not null) return new DecodedObject(null, [], error);
        var version = ObjectJson.Parse(json is null ? body.Bytes : json).Tree is JsonObject tree && JsonTree.AsString(tree["apiVersion"]) == "policy/v1beta1" ? "v1beta1" : "v1";
        return ObjectDecoder.Decode(catalog.Type("policy.v1.Eviction"), "policy", version, "Eviction", json is null ? body.Bytes : json, validation);
    }

    /// <summary>Reads DeleteOptions, which clients send under the version of the group that they talk to, or not at all.</summary>
    public static async ValueTask<(JsonObject? Tree, ApiError? Error)> DecodeDeleteOptionsAsync(HttpContext context, SchemaCatalog catalog)
    {
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is { } tooLarge) return (null, tooLarge);
        if (body.Bytes.IsEmpty) return (null, null);
        var (json, error) = ToJson(context.Request.ContentType, body, catalog, custom: false);
        if (error is not null) return (null, error);
        var parsed = ObjectJson.Parse(json is null ? body.Bytes : json);
        if (parsed.Tree is JsonObject tree && JsonTree.AsString(tree["kind"]) is null or "" or "DeleteOptions")
        {
            ((JsonObject)parsed.Tree)["apiVersion"] = "v1";
            json = JsonTree.ToUtf8(parsed.Tree);
        }
        var decoded = ObjectDecoder.Decode(catalog.Type("meta.v1.DeleteOptions"), "", "v1", "DeleteOptions", json is null ? body.Bytes : json, FieldValidation.Ignore);
        return (decoded.Tree, decoded.Error);
    }

    /// <summary>The JSON of a body; null when the body is JSON already.</summary>
    private static (byte[]? Json, ApiError? Error) ToJson(string? contentType, in RequestBody body, SchemaCatalog catalog, bool custom) =>
        ToJson(contentType, body, catalog, custom, out _);

    private static (byte[]? Json, ApiError? Error) ToJson(string? contentType, in RequestBody body, SchemaCatalog catalog, bool custom, out YamlDuplicates? duplicates)
    {
        duplicates = null;
        switch (MediaTypeOf(contentType))
        {
            case "" or MediaFormat.JsonType:
                return (null, null);
            case MediaFormat.YamlType:
                var (json, fault) = YamlReader.ToJson(body.Bytes, out var lines);
                if (lines.Count > 0) duplicates = new YamlDuplicates(YamlReader.StrictFaults, lines);
                return fault is null ? (json, null) : (null, ApiError.BadRequest(fault));
            case MediaFormat.ProtobufType when !custom:
                // The transcoder may keep what it is given, and the pooled buffer goes back.
                return ProtobufTranscoder.Decode(catalog, body.Bytes.ToArray());
            default:
                return (null, UnsupportedMediaType(custom
                    ? [MediaFormat.JsonType, MediaFormat.YamlType]
                    : [MediaFormat.JsonType, MediaFormat.YamlType, MediaFormat.ProtobufType]));
        }
    }

    /// <summary>The media type without its parameters, in lower case.</summary>
    public static string MediaTypeOf(string? contentType)
    {
        if (contentType is null or MediaFormat.JsonType) return contentType ?? "";
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? contentType : contentType[..end]).Trim().ToLowerInvariant();
    }
}
