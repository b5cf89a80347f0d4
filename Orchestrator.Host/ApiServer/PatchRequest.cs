using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The body of a PATCH in any of its forms, ready to be applied as often as it takes.</summary>
public sealed class PatchRequest
{
    /// <summary>How much of an outcome is shown that is no object of the kind (bytes): copies may have made it large.</summary>
    private const int ShownMax = 64 * 1024;

    private readonly PatchType _type;
    private readonly byte[] _body;

    private PatchRequest(PatchType type, byte[] body, WriteParameters parameters)
    {
        _type = type;
        _body = body;
        Parameters = parameters;
    }

    /// <summary>Of a server-side apply, what the object shall be like; null for a patch that changes what is there.</summary>
    public JsonObject? Configuration { get; private init; }

    /// <summary>Remarks on the body.</summary>
    public ImmutableArray<string> Warnings { get; private init; } = [];

    /// <summary>Fields that the patch gives more than once, where somebody wants to know; null for none.</summary>
    public List<string>? Duplicates { get; private init; }

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
            "application/merge-patch+json" or "application/apply-patch+yaml" => PatchType.Merge,
            "application/strategic-merge-patch+json" when !custom => PatchType.StrategicMerge,
            _ => null,
        };
        if (type is null)
        {
            string[] accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
            return (null, BodyDecoder.UnsupportedMediaType(custom ? accepted : [.. accepted, "application/strategic-merge-patch+json"]));
        }
        if (Check(parameters, isApply) is { } wrong) return (null, wrong);
        using var body = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        if (body.Error is not null) return (null, body.Error);
        return isApply ? ReadConfiguration(body.Bytes, parameters) : (ReadChanges(type.Value, body.Bytes.ToArray(), parameters), null);
    }

    public (JsonObject? Tree, ApiError? Error) Apply(TypeSchema type, JsonObject current)
    {
        var patched = ObjectPatch.Apply(type, _type, current, _body);
        return (patched.Tree, patched.Error);
    }

    /// <summary>The refusal of a patch whose outcome is no object of the kind.</summary>
    /// <remarks>Source: k8s.io/apiserver, endpoints/handlers/patch.go: a strategic merge shows the patch, the others show the outcome.</remarks>
    public ApiError Undecodable(DecodeFault fault, JsonObject outcome)
    {
        var (shown, text) = _type == PatchType.StrategicMerge
            ? (StrategicMergePatch.GoText(ObjectJson.Parse(_body).Tree), fault.Restoring)
            : (JsonLength.Shorten(outcome, ShownMax), fault.Text);
        return ApiError.Invalid("", "", "", [new ErrorCause("FieldValueInvalid", "patch", $"Invalid value: {GoQuote.Quote(shown)}: {text}")]);
    }

    private static PatchRequest ReadChanges(PatchType type, byte[] body, WriteParameters parameters) => new(type, body, parameters)
    {
        Duplicates = parameters.FieldValidation == FieldValidation.Ignore ? null : ObjectJson.Parse(body).Duplicates,
    };

    // Source: k8s.io/apimachinery, meta/v1/validation ValidatePatchOptions.
    private static ApiError? Check(WriteParameters parameters, bool isApply)
    {
        var faults = new FaultList();
        if (!isApply && parameters.Force is not null) faults.Forbidden(FieldPath.Of("force"), "may not be specified for non-apply patch");
        // Kubectl names itself; every controller must do so too.
        if (isApply && string.IsNullOrEmpty(parameters.FieldManager)) faults.Required(FieldPath.Of("fieldManager"), "is required for apply patch");
        return faults.ToError("meta.k8s.io", "PatchOptions", "");
    }

    private static (PatchRequest? Patch, ApiError? Error) ReadConfiguration(ReadOnlySpan<byte> body, WriteParameters parameters)
    {
        var (json, fault) = YamlReader.ToJson(body, out var duplicates);
        if (fault is not null) return (null, ApiError.BadRequest($"error decoding YAML: {fault}"));
        var parsed = ObjectJson.Parse(json);
        if (parsed.Fault is { } malformed) return (null, ApiError.BadRequest($"error decoding YAML: {malformed}"));
        if (parsed.Tree is not JsonObject configuration)
            return (null, ApiError.BadRequest($"error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {JsonTree.KindOf(parsed.Tree)} into Go value of type map[string]interface {{}}"));
        ImmutableArray<string> warnings = parameters.FieldValidation == FieldValidation.Ignore ? [] : [.. duplicates];
        if (parameters.FieldValidation == FieldValidation.Strict && warnings.Length > 0)
            return (null, ApiError.BadRequest($"error strict decoding YAML: error converting YAML to JSON: {YamlReader.StrictFaults}\n  {string.Join("\n  ", warnings)}"));
        return (new PatchRequest(PatchType.Merge, [], parameters) { Configuration = configuration, Warnings = warnings }, null);
    }
}
