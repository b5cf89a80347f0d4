using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>Which pods are a Job's: it adopts orphans that it selects, and lets pods go that it selects no longer.</summary>
/// <remarks>Source: kube-controller-manager, controller_ref_manager.go: with the owner comes and goes the finalizer that lets the pod be counted.</remarks>
internal static class JobPodClaims
{
    /// <summary>The pods that count for the Job, those that it adopts now among them; what is to be done about others goes to <paramref name="actions"/>.</summary>
    public static List<PodView> Claim(JobView job, IReadOnlyCollection<PodView> candidates, List<ControllerAction> actions)
    {
        var owned = new List<PodView>(candidates.Count);
        foreach (var pod in candidates)
        {
            var matches = job.Selector.Matches(pod.Meta.Labels);
            if (pod.Meta.Controller is { } controller)
            {
                if (controller.Uid != job.Uid) continue;
                if (matches || job.Meta.Deleting) owned.Add(pod);
                else actions.Add(Release(job, pod));
            }
            else if (matches && !job.Meta.Deleting && !pod.Terminating)
            {
                actions.Add(Adopt(job, pod));
                owned.Add(pod);
            }
        }
        return owned;
    }

    private static PatchAction Adopt(JobView job, PodView pod) =>
        With(OwnedBody.Adopt(ResourceTypes.Pods, pod.Source, job.Identity), [.. pod.Meta.Finalizers.Where(static f => f != JobView.TrackingFinalizer), JobView.TrackingFinalizer]);

    private static PatchAction Release(JobView job, PodView pod) =>
        With(OwnedBody.Release(ResourceTypes.Pods, pod.Source, job.Uid), [.. pod.Meta.Finalizers.Where(static f => f != JobView.TrackingFinalizer)]);

    private static PatchAction With(PatchAction owners, List<string> finalizers)
    {
        owners.Patch["metadata"]!["finalizers"] = finalizers.Count > 0 ? new JsonArray([.. finalizers.Select(static f => (JsonNode)f)]) : null;
        return owners;
    }
}
