using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Host.ApiServer;

/// <summary>The verbs on stored objects: get, create, update, patch, delete and deletecollection.</summary>
public sealed class ResourceEndpoint(ResourceStore store, ConsistentReads reads, Representations representations)
{
    public Task HandleAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format) => request.Verb switch
    {
        "get" => GetAsync(context, request, schema, format),
        "create" => CreateAsync(context, request, schema, format),
        "update" => UpdateAsync(context, request, schema, format),
        "patch" => PatchAsync(context, request, schema, format),
        "delete" => DeleteAsync(context, request, schema, format),
        _ => DeleteCollectionAsync(context, request, schema, format),
    };

    public static ObjectKey KeyOf(RequestInfo request, ResourceSchema schema) => new(schema.Namespaced ? request.Namespace : "", request.Name);

    private Task GetAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        long? revision = null;
        if (context.Request.QueryString.HasValue)
        {
            var query = context.Request.Query;
            if (query["resourceVersion"].ToString() is { Length: > 0 } version)
            {
                if (!long.TryParse(version, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number))
                    return StatusWriter.WriteAsync(context, ListOptions.InvalidVersion(version));
                revision = number;
            }
            if (query.ContainsKey("asOf") || query["resourceVersionMatch"] == "Exact") return GetThenAsync(context, request, schema, format, revision);
        }
        var pending = reads.AtLeastAsync(schema.StoredAs, revision, context.RequestAborted);
        return pending.IsCompletedSuccessfully
            ? Answer(context, request, schema, format, pending.Result)
            : WaitAsync(pending);

        async Task WaitAsync(ValueTask<(Informer?, ApiError?)> read) =>
            await Answer(context, request, schema, format, await read.ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>An object as it was at one version of its type, or at one time. Kubernetes has this for lists alone.</summary>
    private async Task GetThenAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format, long? revision)
    {
        var error = ListOptions.TryTime(context.Request.Query, "asOf", out var time, out var malformed) ? null : malformed;
        if (error is null && (time is null) == (revision is null or 0)) error = ApiError.BadRequest("one of asOf and a resourceVersion with resourceVersionMatch=Exact must be given");
        if (error is null && time is { } at) (revision, error) = await reads.RevisionAtAsync(schema.StoredAs, at, context.RequestAborted).ConfigureAwait(false);
        StoredObject? found = null;
        if (error is null) (found, error) = await reads.ExactlyAsync(schema.StoredAs, KeyOf(request, schema), revision!.Value, context.RequestAborted).ConfigureAwait(false);
        if (error is null && found is null) error = ApiError.NotFound(schema.Type, request.Name);
        if (error is not null) await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
        else await representations.WriteObjectAsync(context, schema, format, found!).ConfigureAwait(false);
    }

    /// <summary>GET of <c>NAME/history</c>: every retained version of an object, oldest first, also of one that is gone.</summary>
    public async Task WriteHistoryAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var informer = await reads.Registries.ConsistentAsync(schema.StoredAs, context.RequestAborted).ConfigureAwait(false);
        var revision = informer.Revision;
        var versions = await reads.Registries.History.ChangesAsync(schema.StoredAs, 1, KeyOf(request, schema), context.RequestAborted).ConfigureAwait(false);
        if (versions.IsEmpty) await StatusWriter.WriteAsync(context, ApiError.NotFound(schema.Type, request.Name)).ConfigureAwait(false);
        else await representations.WriteListAsync(context, schema, format, [.. versions.Select(v => v.Change.Object)],
            new TableListMeta(revision.ToString(System.Globalization.CultureInfo.InvariantCulture))).ConfigureAwait(false);
    }

    private Task Answer(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format, (Informer? Informer, ApiError? Error) read)
    {
        if (read.Error is { } error) return StatusWriter.WriteAsync(context, error);
        return read.Informer!.Get(KeyOf(request, schema)) is { } o
            ? representations.WriteObjectAsync(context, schema, format, o)
            : StatusWriter.WriteAsync(context, ApiError.NotFound(schema.Type, request.Name));
    }

    private async Task CreateAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "CreateOptions");
        if (error is not null)
        {
            await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
            return;
        }
        var decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, schema, parameters.FieldValidation, isNew: true).ConfigureAwait(false);
        if (decoded.Tree is null)
        {
            await StatusWriter.WriteAsync(context, decoded.Error!).ConfigureAwait(false);
            return;
        }
        ResponseWarnings.Add(context, decoded.Warnings);
        var result = await store.CreateAsync(schema, schema.Namespaced ? request.Namespace : "", decoded.Tree, OptionsOf(context, parameters), context.RequestAborted).ConfigureAwait(false);
        await WriteResultAsync(context, schema, format, result).ConfigureAwait(false);
    }

    private async Task UpdateAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (parameters, error) = WriteParameters.Read(context.Request.Query, "UpdateOptions");
        if (error is not null)
        {
            await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
            return;
        }
        var decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, schema, parameters.FieldValidation).ConfigureAwait(false);
        if (decoded.Tree is null)
        {
            await StatusWriter.WriteAsync(context, decoded.Error!).ConfigureAwait(false);
            return;
        }
        ResponseWarnings.Add(context, decoded.Warnings);
        var result = await store.UpdateAsync(schema, KeyOf(request, schema), decoded.Tree, request.Subresource, OptionsOf(context, parameters), context.RequestAborted).ConfigureAwait(false);
        await WriteResultAsync(context, schema, format, result).ConfigureAwait(false);
    }

    private async Task PatchAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (patch, error) = await PatchRequest.ReadAsync(context, schema.IsCustom).ConfigureAwait(false);
        if (patch is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        var key = KeyOf(request, schema);
        var options = OptionsOf(context, patch.Parameters);
        var result = patch.Configuration is { } configuration
            ? await store.ApplyAsync(schema, key, configuration, request.Subresource, options, context.RequestAborted).ConfigureAwait(false)
            : await store.PatchAsync(schema, key, tree => patch.Apply(schema.Root, tree), request.Subresource, options with { Undecodable = patch.Undecodable, Duplicates = patch.Duplicates },
                context.RequestAborted).ConfigureAwait(false);
        ResponseWarnings.Add(context, patch.Warnings.AddRange(result.Warnings));
        await WriteResultAsync(context, schema, format, result).ConfigureAwait(false);
    }

    private async Task DeleteAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (options, error) = await ReadDeleteOptionsAsync(context).ConfigureAwait(false);
        if (options is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        AddOrphanWarning(context, schema, options);
        var result = await store.DeleteAsync(schema, KeyOf(request, schema), options, context.RequestAborted).ConfigureAwait(false);
        if (result.Error is { } refused) await StatusWriter.WriteAsync(context, refused).ConfigureAwait(false);
        else if (result.Removed && !schema.TellsDeleted)
            await ResponseWriter.WriteJsonAsync(context, format, StatusWriter.Success(schema.Type, request.Name, result.Object?.Meta.Uid ?? "")).ConfigureAwait(false);
        else
        {
            var waits = !result.Removed && (options.OrphanDependents == false || options.Propagation == PropagationPolicy.Foreground);
            await representations.WriteObjectAsync(context, schema, format, result.Object!, waits ? 202 : 200).ConfigureAwait(false);
        }
    }

    private async Task DeleteCollectionAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format)
    {
        var (selected, wrong) = ListOptions.Read(schema, request, context.Request.Query);
        if (selected is null)
        {
            await StatusWriter.WriteAsync(context, wrong!).ConfigureAwait(false);
            return;
        }
        var (options, error) = await ReadDeleteOptionsAsync(context).ConfigureAwait(false);
        if (options is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        if (selected.Continue.Length > 0)
        {
            await StatusWriter.WriteAsync(context, ApiError.BadRequest("continue is not supported by deletecollection: what one call leaves is found by the next")).ConfigureAwait(false);
            return;
        }
        AddOrphanWarning(context, schema, options);
        var (objects, revision, refused) = await store.DeleteCollectionAsync(
            schema, request.Namespace, selected.Selection.Matches, selected.Limit, options, context.RequestAborted).ConfigureAwait(false);
        if (refused is not null) await StatusWriter.WriteAsync(context, refused).ConfigureAwait(false);
        else await representations.WriteListAsync(context, schema, format, [.. objects], new TableListMeta(revision.ToString(System.Globalization.CultureInfo.InvariantCulture))).ConfigureAwait(false);
    }

    // Source: kube-apiserver, registry/batch/job/storage: a Job is the one kind of which that surprises people.
    private static void AddOrphanWarning(HttpContext context, ResourceSchema schema, DeleteOptions options)
    {
        if (schema.Type == ResourceTypes.Jobs && !options.SaysPolicy)
            ResponseWarnings.Add(context, ["child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"]);
    }

    private async ValueTask<(DeleteOptions? Options, ApiError? Error)> ReadDeleteOptionsAsync(HttpContext context)
    {
        var (tree, error) = await BodyDecoder.DecodeDeleteOptionsAsync(context, store.Catalog).ConfigureAwait(false);
        if (error is not null) return (null, error);
        if (tree is null)
        {
            tree = [];
            var query = context.Request.Query;
            if (!ListOptions.TryInt(query, "gracePeriodSeconds", out var grace, out var malformed)) return (null, malformed);
            if (grace is not null) tree["gracePeriodSeconds"] = grace;
            if (query["propagationPolicy"].ToString() is { Length: > 0 } policy) tree["propagationPolicy"] = policy;
            if (ListOptions.Flag(query, "orphanDependents") is { } orphan) tree["orphanDependents"] = orphan;
            if (query["dryRun"] is { Count: > 0 } dryRun) tree["dryRun"] = new JsonArray([.. dryRun.Select(v => (JsonNode?)v)]);
        }
        var (options, fault) = DeleteOptions.Read(tree);
        tree.Remove("kind");
        tree.Remove("apiVersion");
        return (options is null ? null : options with { Given = tree.Count > 0 ? tree : null, User = context.Features.Get<UserInfo>()!, Notes = context.Features.Get<AdmissionNotes>() }, fault);
    }

    private Task WriteResultAsync(HttpContext context, ResourceSchema schema, MediaFormat format, StoreResult result) =>
        result.Error is { } refused
            ? StatusWriter.WriteAsync(context, refused)
            : representations.WriteObjectAsync(context, schema, format, result.Object!, result.Created ? 201 : 200);

    public static WriteOptions OptionsOf(HttpContext context, WriteParameters parameters) => new()
    {
        DryRun = parameters.DryRun,
        FieldManager = FieldManagers.OfRequest(parameters.FieldManager ?? "", context.Request.Headers.UserAgent.ToString()) is { Length: > 0 } manager ? manager : "unknown",
        Force = parameters.Force == true,
        FieldValidation = parameters.FieldValidation,
        Given = parameters.Given,
        User = context.Features.Get<UserInfo>()!,
        Notes = context.Features.Get<AdmissionNotes>(),
    };
}
