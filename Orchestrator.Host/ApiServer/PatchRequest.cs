using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The body of a PATCH in any of its forms, ready to be applied as often as it takes.</summary>
public sealed class PatchRequest
{
    private readonly PatchType _type;

    private PatchRequest(PatchType type, bool isApply, byte[] body, WriteParameters parameters)
    {
        _type = type;
        IsApply = isApply;
        Body = body;
        Parameters = parameters;
    }

    /// <summary>A server-side apply: the body says what the object shall be like and makes it when it is not there.</summary>
    /// <remarks>Fields are merged by the schema and the applier wins; owners of fields are not kept, so nothing that is left out is removed.</remarks>
    public bool IsApply { get; }

    /// <summary>The patch as JSON.</summary>
    public byte[] Body { get; }

    public WriteParameters Parameters { get; }

    public static async ValueTask<(PatchRequest? Patch, ApiError? Error)> ReadAsync(HttpContext context, bool custom)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "PatchOptions");
        if (error is not null) return (null, error);
        var mediaType = BodyDecoder.MediaTypeOf(context.Request.ContentType);
        var isApply = mediaType is "application/apply-patch+yaml";
        PatchType? type = mediaType switch
        {
            "application/json-patch+json" => PatchType.Json,
            "application/merge-patch+json" => PatchType.Merge,
            "application/strategic-merge-patch+json" when !custom => PatchType.StrategicMerge,
            "application/apply-patch+yaml" => custom ? PatchType.Merge : PatchType.StrategicMerge,
            _ => null,
        };
        if (type is null)
        {
            string[] accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
            return (null, BodyDecoder.UnsupportedMediaType(custom ? accepted : [.. accepted, "application/strategic-merge-patch+json"]));
        }
        if (isApply && string.IsNullOrEmpty(parameters.FieldManager))
        {
            var faults = new FaultList();
            faults.Required(FieldPath.Of("fieldManager"), "is required for apply patch");
            return (null, faults.ToError("meta.k8s.io", "PatchOptions", ""));
        }
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is not null) return (null, body.Error);
        if (!isApply) return (new PatchRequest(type.Value, false, body.Bytes.ToArray(), parameters), null);
        var (json, fault) = YamlReader.ToJson(body.Bytes);
        return fault is null ? (new PatchRequest(type.Value, true, json!, parameters), null) : (null, ApiError.BadRequest($"error decoding YAML: {fault}"));
    }

    public (JsonObject? Tree, ApiError? Error) Apply(TypeSchema type, JsonObject current)
    {
        var patched = ObjectPatch.Apply(type, _type, current, Body);
        return (patched.Tree, patched.Error);
    }
}
