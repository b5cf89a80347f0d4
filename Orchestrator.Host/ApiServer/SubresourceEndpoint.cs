using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>The subresources whose body is of another kind than the object: scale, binding, eviction and token.</summary>
public sealed class SubresourceEndpoint(ResourceStore store, TokenRequests? tokens = null)
{
    /// <summary>Reads or changes the number of replicas of an object through a Scale.</summary>
    public async Task ScaleAsync(HttpContext context, RequestInfo request, ResourceSchema schema, SubresourceSchema scale, MediaFormat format)
    {
        var key = ResourceEndpoint.KeyOf(request, schema);
        var type = store.Catalog.FindType("autoscaling.v1.Scale");
        if (request.Verb == "get")
        {
            if (await store.GetAsync(schema.StoredAs, key, context.RequestAborted).ConfigureAwait(false) is { } o)
                await ShowScaleAsync(context, schema, scale, format, type, o).ConfigureAwait(false);
            else await StatusWriter.WriteAsync(context, ApiError.NotFound(schema.Type, key.Name)).ConfigureAwait(false);
            return;
        }
        var (change, options, error) = request.Verb == "patch"
            ? await ReadScalePatchAsync(context, schema, scale, type!).ConfigureAwait(false)
            : await ReadScaleAsync(context, scale, type!, key).ConfigureAwait(false);
        var result = error is null ? await WriteAsync(schema, key, change!, options with { OwnedThrough = "scale" }, context.RequestAborted).ConfigureAwait(false) : StoreResult.Refused(error);
        if (result.Error is { } refused) await StatusWriter.WriteAsync(context, refused).ConfigureAwait(false);
        else await ShowScaleAsync(context, schema, scale, format, type, result.Object!).ConfigureAwait(false);
    }

    private async Task ShowScaleAsync(HttpContext context, ResourceSchema schema, SubresourceSchema scale, MediaFormat format, TypeSchema? type, StoredObject o)
    {
        var (tree, error) = await store.ShowAsync(schema, o, context.RequestAborted).ConfigureAwait(false);
        await (error is null ? WriteScaleAsync(context, format, type, ScaleSubresource.Read(scale, tree)) : StatusWriter.WriteAsync(context, error)).ConfigureAwait(false);
    }

    private Task<StoreResult> WriteAsync(ResourceSchema schema, ObjectKey key, ScaleChange change, WriteOptions options, CancellationToken cancellationToken) =>
        change.IsApply ? store.ApplyAsync(schema, key, change.Make, "", options, cancellationToken) : store.PatchAsync(schema, key, change.Make, "", options, cancellationToken);

    /// <summary>POST of serviceaccounts/token: a TokenRequest comes back with its token.</summary>
    public async Task IssueTokenAsync(HttpContext context, RequestInfo request, MediaFormat format)
    {
        if (tokens is null)
        {
            await StatusWriter.WriteAsync(context, DocumentEndpoint.NotAllowed).ConfigureAwait(false);
            return;
        }
        var type = store.Catalog.Type("authentication.v1.TokenRequest");
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "CreateOptions");
        DecodedObject decoded = default;
        if (error is null)
        {
            decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, type, "authentication.k8s.io", "v1", "TokenRequest", parameters.FieldValidation).ConfigureAwait(false);
            error = decoded.Error;
        }
        var tree = decoded.Tree;
        if (error is null)
        {
            var key = new ObjectKey(request.Namespace, request.Name);
            var options = ResourceEndpoint.OptionsOf(context, parameters);
            // Among others a node may ask only for tokens of its own pods.
            error = await store.AdmitAsync(new AdmissionRequest(AdmissionOperation.Create, store.SchemaOf(ResourceTypes.ServiceAccounts), key, tree, null, "token", options.DryRun)
            { User = options.User, Options = options.Given, Notes = options.Notes }, context.RequestAborted).ConfigureAwait(false);
            if (error is null) (tree, error) = await tokens.CreateAsync(key, tree!, options.DryRun, context.RequestAborted).ConfigureAwait(false);
        }
        if (error is not null) await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
        else await Representations.WriteJsonAsync(context, format, type, "authentication.k8s.io/v1", "TokenRequest", JsonTree.ToUtf8(tree), 201).ConfigureAwait(false);
    }

    /// <summary>POST of pods/binding, or of bindings with the pod's name inside.</summary>
    public async Task BindAsync(HttpContext context, RequestInfo request, MediaFormat format)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "CreateOptions");
        DecodedObject decoded = default;
        if (error is null)
        {
            decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, store.Catalog.Type("core.v1.Binding"), "", "v1", "Binding", parameters.FieldValidation).ConfigureAwait(false);
            error = decoded.Error;
        }
        var name = request.Name;
        if (error is null)
        {
            var given = JsonTree.String(JsonTree.Object(decoded.Tree, "metadata"), "name") ?? "";
            if (name.Length == 0) name = given;
            else if (given.Length > 0 && given != name) error = ApiError.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})");
        }
        if (error is null)
        {
            var result = await store.BindAsync(new ObjectKey(request.Namespace, name), decoded.Tree!, ResourceEndpoint.OptionsOf(context, parameters), context.RequestAborted).ConfigureAwait(false);
            error = result.Error;
        }
        if (error is not null) await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
        else await WriteCreatedAsync(context, format).ConfigureAwait(false);
    }

    /// <summary>POST of pods/eviction: a deletion that budgets for disruption can refuse.</summary>
    public async Task EvictAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "CreateOptions");
        DecodedObject decoded = default;
        if (error is null)
        {
            decoded = await BodyDecoder.DecodeEvictionAsync(context, store.Catalog, parameters.FieldValidation).ConfigureAwait(false);
            error = decoded.Error;
        }
        var key = ResourceEndpoint.KeyOf(request, schema);
        if (error is null && JsonTree.String(JsonTree.Object(decoded.Tree, "metadata"), "name") is { Length: > 0 } given && given != key.Name)
            error = ApiError.BadRequest("name in URL does not match name in Eviction object");
        DeleteOptions? options = null;
        if (error is null) (options, error) = DeleteOptions.Read(JsonTree.Object(decoded.Tree, "deleteOptions") ?? []);
        if (options is not null)
        {
            options = options with { DryRun = options.DryRun || parameters.DryRun, User = context.Features.Get<UserInfo>()!, Notes = context.Features.Get<AdmissionNotes>() };
            error = await store.EvictAsync(key, decoded.Tree!, options, context.RequestAborted).ConfigureAwait(false);
        }
        if (error is not null) await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
        else await WriteCreatedAsync(context, format).ConfigureAwait(false);
    }

    private static Task WriteCreatedAsync(HttpContext context, MediaFormat format)
    {
        context.Response.StatusCode = 201;
        return ResponseWriter.WriteJsonAsync(context, format, StatusWriter.Success(default, "", "", 201));
    }

    private async ValueTask<(ScaleChange? Change, WriteOptions Options, ApiError? Error)> ReadScaleAsync(
        HttpContext context, SubresourceSchema scale, TypeSchema type, ObjectKey key)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "UpdateOptions");
        if (error is not null) return (null, WriteOptions.Default, error);
        var decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, type, scale.Group, scale.Version, scale.Kind, parameters.FieldValidation).ConfigureAwait(false);
        if (decoded.Tree is not { } body) return (null, WriteOptions.Default, decoded.Error);
        if (JsonTree.String(JsonTree.Object(body, "metadata"), "name") is { Length: > 0 } given && given != key.Name)
            return (null, WriteOptions.Default, ApiError.BadRequest($"the name of the object ({given}) does not match the name on the URL ({key.Name})"));
        return (new ScaleChange(tree => ApplyScale(scale, body, tree)), ResourceEndpoint.OptionsOf(context, parameters), null);
    }

    private static async ValueTask<(ScaleChange? Change, WriteOptions Options, ApiError? Error)> ReadScalePatchAsync(
        HttpContext context, ResourceSchema schema, SubresourceSchema scale, TypeSchema type)
    {
        var (patch, error) = await PatchRequest.ReadAsync(context, custom: false).ConfigureAwait(false);
        if (patch is null) return (null, WriteOptions.Default, error);
        if (patch.Configuration is { } configuration)
            return (new ScaleChange(_ => ScaleSubresource.Configuration(schema, scale, configuration), IsApply: true), ResourceEndpoint.OptionsOf(context, patch.Parameters), null);
        return (new ScaleChange(tree =>
        {
            var (patched, fault) = patch.Apply(type, ScaleSubresource.Read(scale, tree));
            if (patched is null) return (null, fault);
            var decoded = ObjectDecoder.Decode(type, scale.Group, scale.Version, scale.Kind, JsonTree.ToUtf8(patched), patch.Parameters.FieldValidation);
            return decoded.Tree is null ? (null, decoded.Error) : ApplyScale(scale, decoded.Tree, tree);
        }), ResourceEndpoint.OptionsOf(context, patch.Parameters), null);
    }

    private static (JsonObject? Tree, ApiError? Error) ApplyScale(SubresourceSchema scale, JsonObject body, JsonObject tree)
    {
        var faults = new FaultList();
        ScaleSubresource.Apply(scale, body, tree, faults);
        var meta = JsonTree.Object(body, "metadata");
        if (JsonTree.String(meta, "resourceVersion") is { Length: > 0 } version) JsonTree.Ensure(tree, "metadata")["resourceVersion"] = version;
        if (JsonTree.String(meta, "uid") is { Length: > 0 } uid) JsonTree.Ensure(tree, "metadata")["uid"] = uid;
        return faults.ToError(scale.Group, scale.Kind, JsonTree.String(meta, "name") ?? "") is { } error ? (null, error) : (tree, null);
    }

    /// <param name="Make">From the current state: the new state, or for an apply the configuration of the object.</param>
    private sealed record ScaleChange(Func<JsonObject, (JsonObject?, ApiError?)> Make, bool IsApply = false);

    private static Task WriteScaleAsync(HttpContext context, MediaFormat format, TypeSchema? type, JsonObject scale) =>
        Representations.WriteJsonAsync(context, format, type, "autoscaling/v1", "Scale", JsonTree.ToUtf8(scale));
}
