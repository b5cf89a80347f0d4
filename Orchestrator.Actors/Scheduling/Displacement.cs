using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>Carries out a <see cref="PreemptionPlan"/>: the victims are told why, and then deleted with the grace that is theirs.</summary>
/// <remarks>Source: kube-scheduler, framework/preemption prepareCandidate.</remarks>
internal sealed class Displacement(IRegistries registries, IRegistries writes, ActionRunner runner)
{
    /// <summary>How often a status is written anew when its pod changed meanwhile (count).</summary>
    private const int AttemptsMax = 5;

    /// <param name="outranked">Less important pods that waited for the same room; they are told that it is not for them.</param>
    /// <returns>The first refusal that matters, or null.</returns>
    public async Task<ApiError?> RunAsync(PreemptionPlan plan, ImmutableArray<PodView> outranked, DateTimeOffset now)
    {
        var leaving = plan.Victims.Where(static v => !v.Terminating).ToList();
        await ChangeAsync(leaving, status => StatusWrite.SetCondition(status, "DisruptionTarget", "True", Preemption.ConditionReason,
            $"{SchedulerActor.SchedulerName}: preempting to accommodate a higher priority pod", now), now).ConfigureAwait(false);
        await ChangeAsync(outranked, static status => status.Remove("nominatedNodeName"), now).ConfigureAwait(false);
        var outcome = await runner.RunAsync(
            [.. leaving.Select(static v => (ControllerAction)new DeleteAction(ResourceTypes.Pods, v.Key, v.Uid))], SchedulerActor.SchedulerName).ConfigureAwait(false);
        return outcome.Refusal;
    }

    // A kubelet writes the same statuses, so one that has changed is read again.
    private async Task ChangeAsync(IReadOnlyList<PodView> pods, Func<JsonObject, bool> change, DateTimeOffset now)
    {
        for (var attempt = 0; pods.Count > 0 && attempt < AttemptsMax; attempt++)
        {
            var replacements = new List<ReplaceStatus>();
            foreach (var pod in pods)
            {
                var status = StatusWrite.Current(pod.Source);
                if (change(status))
                    replacements.Add(new ReplaceStatus(pod.Key, JsonTree.ToUtf8(status), pod.Uid, pod.Source.Revision) { Manager = FieldManagers.Scheduler, At = now });
            }
            if (replacements.Count == 0) return;
            var results = await writes.WriteAsync(ResourceTypes.Pods, [.. replacements], static _ => ComponentUsers.Scheduler).ConfigureAwait(false);
            var informer = await registries.ConsistentAsync(ResourceTypes.Pods).ConfigureAwait(false);
            pods = [.. replacements.Where((_, i) => results[i].Error is { Reason: "Conflict" })
                .Select(r => (informer.Get(r.Key), r.Uid)).Where(static p => p.Item1 is { } now && now.Meta.Uid == p.Uid).Select(static p => PodView.Of(p.Item1!))];
        }
    }
}
