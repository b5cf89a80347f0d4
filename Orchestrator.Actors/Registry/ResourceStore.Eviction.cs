using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

public sealed partial class ResourceStore
{
    /// <summary>Deletes a pod as far as the budgets that cover it allow.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="eviction">The decoded Eviction of policy/v1.</param>
    /// <param name="options">The options of its deletion, with the user and the dry run of the request.</param>
    /// <returns>The refusal, or null.</returns>
    /// <remarks>A budget is charged by compare-and-swap of its status before the pod is deleted, so that evictions through several
    /// processes cannot together take more than it allows. Source: kube-apiserver, registry/core/pod/storage/eviction.go.</remarks>
    public async Task<ApiError?> EvictAsync(ObjectKey pod, JsonObject eviction, DeleteOptions options, CancellationToken cancellationToken = default)
    {
        var schema = SchemaOf(ResourceTypes.Pods);
        var request = new AdmissionRequest(AdmissionOperation.Create, schema, pod, eviction, null, "eviction", options.DryRun) { User = options.User, Notes = options.Notes };
        if (await AdmitAsync(request, cancellationToken).ConfigureAwait(false) is { } forbidden) return forbidden;
        for (var attempt = 1; ; attempt++)
        {
            if (await GetAsync(ResourceTypes.Pods, pod, cancellationToken).ConfigureAwait(false) is not { } stored) return ApiError.NotFound(ResourceTypes.Pods, pod.Name);
            if (ObjectDeletion.CheckPreconditions(schema, stored, options) is { } conflict) return conflict;
            var (pinned, refused) = await SpendBudgetAsync(PodView.Of(stored), options.DryRun, cancellationToken).ConfigureAwait(false);
            if (refused is not null) return refused;
            // A pod that was let go for the state that it was in must still be in it.
            var exact = pinned || options.ResourceVersion is not null;
            if (!options.DryRun) stored = await TellOfEvictionAsync(stored, exact, cancellationToken).ConfigureAwait(false);
            var deletion = options with { Uid = options.Uid ?? stored.Meta.Uid, ResourceVersion = exact ? Text(stored.Revision) : null };
            var deleted = await DeleteAsync(schema, pod, deletion, cancellationToken).ConfigureAwait(false);
            if (deleted.Error is { Reason: "Conflict" } && pinned && options.ResourceVersion is null && attempt < AttemptsMax) continue;
            return deleted.Error;
        }
    }

    /// <summary>Says on the pod why it goes.</summary>
    /// <param name="exact">It must still be at this version; a deletion at this version finds out when it is not.</param>
    /// <returns>The pod as it is then.</returns>
    private async Task<StoredObject> TellOfEvictionAsync(StoredObject stored, bool exact, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var pod = PodView.Of(stored);
            if (pod.Terminating || PodDisruption.Status(pod, "EvictionByEvictionAPI", "Eviction API: evicting", _clock.GetUtcNow()) is not { } status) break;
            var written = await UpdateStatusAsync(ResourceTypes.Pods, new StatusUpdate(stored.Key, JsonTree.ToUtf8(status), stored.Meta.Uid, stored.Revision),
                cancellationToken: cancellationToken).ConfigureAwait(false);
            if (written.Object is { } told) return told;
            if (exact || written.Error is not { Reason: "Conflict" }) break;
            // Its kubelet writes the same status.
            if (await GetAsync(ResourceTypes.Pods, stored.Key, cancellationToken).ConfigureAwait(false) is not { } now || now.Meta.Uid != stored.Meta.Uid) break;
            stored = now;
        }
        return stored;
    }

    private async ValueTask<(bool Pinned, ApiError? Error)> SpendBudgetAsync(PodView pod, bool dryRun, CancellationToken cancellationToken)
    {
        if (PodEviction.NeedsNoBudget(pod)) return (pod.Phase == "Pending" && !pod.Terminating, null);
        for (var attempt = 1; ; attempt++)
        {
            var budgets = (await Registries.ConsistentAsync(ResourceTypes.PodDisruptionBudgets, cancellationToken).ConfigureAwait(false)).Objects
                .InNamespace(pod.Key.Namespace).Select(PodDisruptionBudgetView.Of).Where(b => b.Selector.Matches(pod.Meta.Labels)).Take(2).ToList();
            if (budgets.Count == 0) return (false, null);
            if (budgets.Count > 1)
                return (false, new ApiError(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
            if (PodEviction.MayGoUnhealthy(pod, budgets[0])) return (true, null);
            var (status, refused) = PodEviction.Charge(budgets[0], pod.Key.Name, _clock.GetUtcNow());
            if (status is null || dryRun) return (false, refused);
            var budget = budgets[0].Source;
            var written = await UpdateStatusAsync(ResourceTypes.PodDisruptionBudgets,
                new StatusUpdate(budget.Key, JsonTree.ToUtf8(status), budget.Meta.Uid, budget.Revision), cancellationToken: cancellationToken).ConfigureAwait(false);
            if (written.Error is null or { Reason: "NotFound" }) return (false, null);
            if (written.Error.Reason != "Conflict") return (false, written.Error);
            if (attempt == AttemptsMax)
                return (false, ApiError.TooManyRequests($"couldn't update PodDisruptionBudget \"{budget.Key.Name}\" due to conflicts", 10));
        }
    }

    private static string Text(long revision) => revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
