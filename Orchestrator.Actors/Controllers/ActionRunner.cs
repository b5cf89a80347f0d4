using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>What became of the actions of one pass.</summary>
/// <param name="Revisions">The newest version that the pass wrote, by type: what the caches must show before the next pass.</param>
/// <param name="Refusal">The first refusal that matters, or null.</param>
/// <param name="CreateRefusal">The first refusal of a creation, or null.</param>
public sealed record ActionOutcome(ImmutableDictionary<ResourceType, long> Revisions, ApiError? Refusal, ApiError? CreateRefusal)
{
    /// <summary>The first refusal of a deletion of each type.</summary>
    public ImmutableArray<string> DeleteRefusals { get; init; } = [];
}

/// <summary>Carries out the actions of one pass, as batches: one commit per type and verb.</summary>
public sealed class ActionRunner(ResourceStore store, EventRecorder events)
{
    private sealed class Pass(string component)
    {
        public WriteOptions Options { get; } = new() { FieldManager = FieldManagers.ControllerManager, User = ComponentUsers.Controller(component) };
        public Dictionary<ResourceType, long> Revisions { get; } = [];
        public ApiError? Refusal { get; set; }
        public ApiError? CreateRefusal { get; set; }
        public List<string> DeleteRefusals { get; } = [];
        public List<EventAction> News { get; } = [];

        public void Wrote(ResourceType type, StoredObject? o)
        {
            if (o is not null && o.Revision > Revisions.GetValueOrDefault(type)) Revisions[type] = o.Revision;
        }
    }

    /// <summary>Patches first, so that what was adopted or released is so when pods come and go; the status last.</summary>
    public async Task<ActionOutcome> RunAsync(ImmutableArray<ControllerAction> actions, string component, CancellationToken cancellationToken = default)
    {
        var pass = new Pass(component);
        foreach (var patch in actions.OfType<PatchAction>()) await PatchAsync(pass, patch, cancellationToken).ConfigureAwait(false);
        foreach (var group in actions.OfType<CreateAction>().GroupBy(static a => a.Type))
        {
            await CreateAsync(pass, group.Key, [.. group], cancellationToken).ConfigureAwait(false);
            // What comes later may need what could not be made, as pods their claims.
            if (pass.CreateRefusal is not null) break;
        }
        var told = await TellAsync(pass, [.. actions.OfType<DeleteAction>()], cancellationToken).ConfigureAwait(false);
        foreach (var group in told.GroupBy(static a => (a.Type, a.Propagation, a.GraceSeconds)))
            await DeleteAsync(pass, group.Key.Type, group.Key.Propagation, group.Key.GraceSeconds, [.. group], cancellationToken).ConfigureAwait(false);
        foreach (var group in actions.OfType<StatusAction>().Where(a => !a.IfCreated || pass.CreateRefusal is null).GroupBy(static a => a.Type))
            await StatusAsync(pass, group.Key, [.. group], cancellationToken).ConfigureAwait(false);
        var source = new EventSource(component, FieldManagers.ControllerManager);
        foreach (var e in pass.News) events.Record(e, source);
        if (pass.CreateRefusal is null)
            foreach (var e in actions.OfType<EventAction>()) events.Record(e, source);
        return new ActionOutcome(pass.Revisions.ToImmutableDictionary(), pass.Refusal, pass.CreateRefusal) { DeleteRefusals = [.. pass.DeleteRefusals] };
    }

    private async Task PatchAsync(Pass pass, PatchAction patch, CancellationToken cancellationToken)
    {
        var result = await store.PatchAsync(store.SchemaOf(patch.Type), patch.Key, tree =>
        {
            var metadata = JsonTree.Object(tree, "metadata");
            if (JsonTree.String(metadata, "uid") != patch.Uid) return (null, ApiError.NotFound(patch.Type, patch.Key.Name));
            if (patch.IfRevision is { } revision && JsonTree.String(metadata, "resourceVersion") is { } version
                && version != revision.ToString(System.Globalization.CultureInfo.InvariantCulture))
                return (null, ApiError.Modified(patch.Type, patch.Key.Name));
            Merge(tree, patch.Patch);
            return (tree, null);
        }, patch.Subresource, pass.Options, cancellationToken).ConfigureAwait(false);
        pass.Wrote(patch.Type, result.Object);
        if (result.Error is { Reason: not "NotFound" } error) pass.Refusal ??= error;
    }

    private async Task CreateAsync(Pass pass, ResourceType type, ImmutableArray<CreateAction> creates, CancellationToken cancellationToken)
    {
        var results = await store.CreateManyAsync(type, [.. creates.Select(static c => c.Body)], pass.Options, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < results.Length; i++)
        {
            pass.Wrote(type, results[i].Object);
            // A decision that is carried out again after a failure finds what it made before.
            if (results[i].Error is not { } error || error.Reason == "AlreadyExists")
            {
                if (creates[i].News is { } news) pass.News.Add(news.Created);
                continue;
            }
            if (creates[i].News is { } bad) pass.News.Add(bad.Refusal(error.Message));
            pass.CreateRefusal ??= error;
            pass.Refusal ??= error;
        }
    }

    /// <summary>Writes what statuses say before their objects go.</summary>
    /// <returns>What may be deleted now; the rest comes with the next try.</returns>
    private async Task<List<DeleteAction>> TellAsync(Pass pass, ImmutableArray<DeleteAction> deletes, CancellationToken cancellationToken)
    {
        var left = new List<DeleteAction>(deletes.Length);
        left.AddRange(deletes.Where(static d => d.Before is null));
        foreach (var group in deletes.Where(static d => d.Before is not null).GroupBy(static d => d.Type))
        {
            var all = group.ToList();
            var results = await WriteStatusesAsync(pass, group.Key, [.. all.Select(static d => d.Before!)], cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < all.Count; i++)
            {
                if (results[i].Error is { Reason: not "NotFound" } error) pass.Refusal ??= error;
                else left.Add(all[i]);
            }
        }
        return left;
    }

    private async Task DeleteAsync(
        Pass pass, ResourceType type, string? propagation, long? grace, ImmutableArray<DeleteAction> deletes, CancellationToken cancellationToken)
    {
        var options = new DeleteOptions
        {
            User = pass.Options.User,
            GracePeriodSeconds = grace,
            Propagation = propagation is null ? PropagationPolicy.Unspecified : Enum.Parse<PropagationPolicy>(propagation),
        };
        var results = await store.DeleteManyAsync(type, [.. deletes.Select(static d => new DeleteTarget(d.Key, d.Uid) { Owners = d.Owners })], options, cancellationToken)
            .ConfigureAwait(false);
        ApiError? refusal = null;
        foreach (var result in results)
        {
            pass.Wrote(type, result.Object);
            if (result.Error is { Reason: not ("NotFound" or "Conflict") } error) refusal ??= error;
        }
        if (refusal is null) return;
        pass.Refusal ??= refusal;
        pass.DeleteRefusals.Add(refusal.Message);
    }

    private async Task StatusAsync(Pass pass, ResourceType type, ImmutableArray<StatusAction> writes, CancellationToken cancellationToken)
    {
        foreach (var result in await WriteStatusesAsync(pass, type, writes, cancellationToken).ConfigureAwait(false))
            if (result.Error is { Reason: not ("NotFound" or "Conflict") } error) pass.Refusal ??= error;
    }

    private async Task<ImmutableArray<StoreResult>> WriteStatusesAsync(Pass pass, ResourceType type, ImmutableArray<StatusAction> writes, CancellationToken cancellationToken)
    {
        var updates = writes.Select(static s => new StatusUpdate(s.Key, JsonTree.ToUtf8(s.Status), s.Uid, s.IfRevision)).ToList();
        var results = await store.UpdateStatusManyAsync(type, updates, pass.Options, cancellationToken).ConfigureAwait(false);
        foreach (var result in results) pass.Wrote(type, result.Object);
        return results;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null) target.Remove(name);
            else if (value is JsonObject map) Merge(JsonTree.Ensure(target, name), map);
            else target[name] = value.DeepClone();
        }
    }
}
