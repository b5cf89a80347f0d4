using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

public sealed partial class ResourceStore
{
    /// <summary>Deletes an object, or marks it when it has a grace period or finalizers; what it owns is the garbage collector's.</summary>
    public async Task<DeleteResult> DeleteAsync(
        ResourceSchema schema, ObjectKey key, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DeleteOptions.Default;
        while (true)
        {
            if (await GetAsync(schema.StoredAs, key, cancellationToken).ConfigureAwait(false) is not { } stored)
                return DeleteResult.Refused(ApiError.NotFound(schema.Type, key.Name));
            if (await CheckShownAsync(schema, stored, cancellationToken).ConfigureAwait(false) is { } unconverted) return DeleteResult.Refused(unconverted);
            var (write, decided) = await PlanDeletionAsync(schema, stored, options, cancellationToken).ConfigureAwait(false);
            if (write is null) return decided!;
            var result = await WriteAsync(schema.StoredAs, write, cancellationToken).ConfigureAwait(false);
            if (result.Error is null) return new DeleteResult(result.Object, write is RemoveObject, null);
            // What the client demands is checked when it is planned again: who loses against other writers only tries again, for as long as
            // somebody waits. Source: k8s.io/apiserver, GuaranteedUpdate.
            if (result.Error.Reason != "Conflict") return DeleteResult.Refused(Renamed(result.Error, schema));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Deletes what <paramref name="matches"/> in a namespace (empty: in all); returns it as it was listed, and that list's version.</summary>
    /// <param name="limit">Most objects to delete, the first by key; 0 for all.</param>
    /// <remarks>Source: k8s.io/apiserver, registry/generic DeleteCollection: it deletes what one list returns.</remarks>
    public async Task<(ImmutableArray<StoredObject> Objects, long Revision, ApiError? Error)> DeleteCollectionAsync(
        ResourceSchema schema, string ns, Func<StoredObject, bool> matches, long limit = 0, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        var index = (await Registries.ConsistentAsync(schema.StoredAs, cancellationToken).ConfigureAwait(false)).Objects;
        var (objects, unconverted) = await SelectAsync(schema, ns.Length > 0 ? index.InNamespace(ns) : index.EnumerateFrom(), matches,
            limit > 0 ? limit : long.MaxValue, cancellationToken).ConfigureAwait(false);
        if (unconverted is not null) return ([], 0, unconverted);
        var results = await DeleteManyAsync(schema.StoredAs, [.. objects.Select(o => new DeleteTarget(o.Key, o.Meta.Uid))], options, cancellationToken).ConfigureAwait(false);
        foreach (var result in results)
            if (result.Error is { Reason: not ("NotFound" or "Conflict") } error) return ([], 0, error);
        return (objects, index.Revision, null);
    }

    // A selector speaks of fields as the version of the request has them, which only a webhook may know.
    private async ValueTask<(ImmutableArray<StoredObject> Objects, ApiError? Error)> SelectAsync(
        ResourceSchema schema, IEnumerable<StoredObject> all, Func<StoredObject, bool> matches, long limit, CancellationToken cancellationToken)
    {
        var asks = schema.Conversion is not null && Converter is not null && ObjectConversion.IsReadAnew(schema);
        var selected = ImmutableArray.CreateBuilder<StoredObject>();
        foreach (var batch in all.Chunk(CustomResourceConverter.BatchMax))
        {
            IReadOnlyList<StoredObject> shown = [];
            if (asks)
            {
                (shown, var unconverted) = await Converter!.ShowAsync(schema, batch, cancellationToken).ConfigureAwait(false);
                if (unconverted is not null) return ([], unconverted);
            }
            for (var i = 0; i < batch.Length; i++)
            {
                if (!matches(asks ? shown[i] : ObjectConversion.Show(schema, batch[i]))) continue;
                selected.Add(batch[i]);
                if (selected.Count >= limit) return (selected.ToImmutable(), null);
            }
        }
        return (selected.ToImmutable(), null);
    }

    /// <summary>Deletes many objects of one type in one commit; those that lose against another writer are tried again alone.</summary>
    public async Task<ImmutableArray<DeleteResult>> DeleteManyAsync(
        ResourceType type, IReadOnlyList<DeleteTarget> targets, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DeleteOptions.Default;
        var schema = SchemaOf(type);
        var objects = (await Registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false)).Objects;
        var results = new DeleteResult[targets.Count];
        var writes = new List<(int Index, ObjectWrite Write)>();
        for (var i = 0; i < targets.Count; i++)
        {
            if (objects.Get(targets[i].Key) is not { } stored)
            {
                results[i] = DeleteResult.Refused(ApiError.NotFound(type, targets[i].Key.Name));
                continue;
            }
            var (write, decided) = await PlanDeletionAsync(schema, stored, Of(targets[i], options), cancellationToken).ConfigureAwait(false);
            if (write is null) results[i] = decided!;
            else writes.Add((i, write));
        }
        if (writes.Count == 0) return [.. results];
        var written = await Registries.WriteAsync(type, [.. writes.Select(w => w.Write)], cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < writes.Count; i++)
        {
            var (index, write) = writes[i];
            var target = targets[index];
            results[index] = written[i].Error switch
            {
                null => new DeleteResult(written[i].Object, write is RemoveObject, null),
                { Reason: "Conflict" } => await DeleteAsync(schema, target.Key, Of(target, options), cancellationToken).ConfigureAwait(false),
                { } error => DeleteResult.Refused(error),
            };
        }
        return [.. results];
    }

    private async ValueTask<(ObjectWrite? Write, DeleteResult? Decided)> PlanDeletionAsync(
        ResourceSchema schema, StoredObject stored, DeleteOptions options, CancellationToken cancellationToken)
    {
        if (ObjectDeletion.CheckPreconditions(schema, stored, options) is { } conflict) return (null, DeleteResult.Refused(conflict));
        var request = new AdmissionRequest(AdmissionOperation.Delete, schema, stored.Key, null, stored, "", options.DryRun) { User = options.User, Options = options.Given, Notes = options.Notes };
        if (await _admission.AdmitAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } forbidden) return (null, DeleteResult.Refused(forbidden));
        if (await _admission.ValidateAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } denied) return (null, DeleteResult.Refused(denied));
        var plan = ObjectDeletion.Plan(schema, stored, options, _clock.GetUtcNow());
        if (plan.Step == DeletionStep.Pending) return (null, new DeleteResult(stored, false, null));
        if (plan.Step == DeletionStep.Remove)
            return options.DryRun
                ? (null, new DeleteResult(stored, true, null))
                : (new RemoveObject(stored.Key, stored.Meta.Uid, stored.Revision), null);
        var json = UncommittedJson.From(plan.Marked!);
        return options.DryRun
            ? (null, new DeleteResult(new StoredObject(stored.Key, stored.Revision, json.WithRevision(stored.Revision)), false, null))
            : (new ReplaceObject(stored.Key, json, stored.Meta.Uid, stored.Revision), null);
    }

    private static DeleteOptions Of(DeleteTarget target, DeleteOptions options) =>
        target.Uid is null && target.Owners is null ? options : options with { Uid = target.Uid ?? options.Uid, Owners = target.Owners };
}
