using Orchestrator.Actors.Admission;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

public sealed partial class ResourceStore
{
    /// <summary>Server-side apply: the object gets what the configuration says, and loses what the manager said before and no longer does.</summary>
    /// <param name="configuration">What the manager wants, as it sent it; not changed.</param>
    /// <param name="subresource">Empty or <c>status</c>. Only the object itself is made when it is not there.</param>
    /// <param name="options">With the manager, and whether it takes fields from others.</param>
    public Task<StoreResult> ApplyAsync(
        ResourceSchema schema, ObjectKey key, JsonObject configuration, string subresource, WriteOptions options, CancellationToken cancellationToken = default) =>
        ApplyAsync(schema, key, _ => (configuration, null), subresource, options, cancellationToken);

    /// <summary>Server-side apply of a configuration that is made from the current state, such as that of a Scale.</summary>
    public Task<StoreResult> ApplyAsync(
        ResourceSchema schema, ObjectKey key, Func<JsonObject, (JsonObject? Configuration, ApiError? Error)> configure, string subresource, WriteOptions options,
        CancellationToken cancellationToken = default)
    {
        return RunAsync(create: subresource.Length == 0 && options.OwnedThrough.Length == 0);

        Task<StoreResult> RunAsync(bool create) => ChangeAsync(schema, key, subresource, Change, options, () => create ? CreateAsync() : null, cancellationToken, check: true);

        ChangedTree Change(JsonObject live, ConversionPass? pass)
        {
            var record = FieldManager.TakeOut(live);
            var (configuration, error) = configure(live);
            if (configuration is null) return new ChangedTree(null, error);
            var (state, owned) = FieldManager.OfApply(
                Catalog, schema, live, configuration, record, Through(subresource, options), options.FieldManager, options.Force, _clock.GetUtcNow(), pass);
            return new ChangedTree(state.Tree, state.Error, owned);
        }

        async Task<StoreResult> CreateAsync()
        {
            var result = await CreateAppliedAsync(schema, key, configure, options, cancellationToken).ConfigureAwait(false);
            // Somebody else was faster; then it is there to be merged with.
            return result.Error is { Reason: "AlreadyExists" } && !options.DryRun ? await RunAsync(create: false).ConfigureAwait(false) : result;
        }
    }

    private async Task<StoreResult> CreateAppliedAsync(
        ResourceSchema schema, ObjectKey key, Func<JsonObject, (JsonObject? Configuration, ApiError? Error)> configure, WriteOptions options, CancellationToken cancellationToken)
    {
        var zero = ZeroObject.Tree(schema);
        var (configuration, error) = configure(zero);
        if (configuration is null) return StoreResult.Refused(error!);
        var (state, owned) = FieldManager.OfApply(Catalog, schema, zero, configuration, null, "", options.FieldManager, options.Force, _clock.GetUtcNow());
        if (state.Tree is not { } tree) return StoreResult.Refused(state.Error!);
        var meta = JsonTree.Object(tree, "metadata");
        if (JsonTree.String(meta, "uid") is { Length: > 0 } uid)
            return StoreResult.Refused(ApiError.Conflict(schema.Type, key.Name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found"));
        if (JsonTree.String(meta, "name") is not { Length: > 0 } name)
            return StoreResult.Refused(ApiError.BadRequest($"the name of the object ({key.Name} based on URL) was undeterminable: Internal error occurred: name must be provided"));
        if (name != key.Name) return StoreResult.Refused(ApiError.BadRequest($"the name of the object ({name}) does not match the name on the URL ({key.Name})"));
        // A version was seen, so there was an object; it has gone since.
        if (JsonTree.String(meta, "resourceVersion") is { Length: > 0 }) return StoreResult.Refused(ApiError.Modified(schema.Type, key.Name));
        var decoded = ObjectDecoder.Check(schema, tree, options.FieldValidation);
        if (decoded.Tree is null) return StoreResult.Refused(decoded.Error!);
        var result = await CreateAsync(schema, key.Namespace, decoded.Tree, options, owned.ToStore() ?? new JsonArray(), cancellationToken).ConfigureAwait(false);
        return result with { Warnings = decoded.Warnings.AddRange(result.Warnings) };
    }

    private OwnedFields OwnedAfter(
        ResourceSchema schema, JsonObject live, JsonObject next, JsonNode? record, JsonNode? given, string subresource, WriteOptions options, ConversionPass? pass) =>
        FieldManager.OfUpdate(Catalog, schema, live, next, record, given, Through(subresource, options), ManagerOf(options), _clock.GetUtcNow(), pass);

    private static string Through(string subresource, WriteOptions options) => options.OwnedThrough.Length > 0 ? options.OwnedThrough : subresource;

    private static string ManagerOf(WriteOptions options) => options.FieldManager.Length > 0 ? options.FieldManager : FieldManagers.ApiServer;

    /// <summary>What a change makes of a tree.</summary>
    /// <param name="Owned">The record, when the change keeps it itself.</param>
    private readonly record struct ChangedTree(JsonObject? Tree, ApiError? Error, OwnedFields? Owned = null);
}
