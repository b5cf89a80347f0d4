using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>What budgets say to the eviction of a pod. Pure.</summary>
/// <remarks>Source: kube-apiserver, registry/core/pod/storage/eviction.go.</remarks>
public static class PodEviction
{
    /// <summary>Most evictions that the controller has not confirmed yet (count).</summary>
    public const int DisruptedPodsMax = 2000;

    private const string Violates = "Cannot evict pod as it would violate the pod's disruption budget.";

    private static readonly ResourceType Budget = ResourceTypes.PodDisruptionBudgets;

    /// <summary>A pod that does not run, or is leaving, disrupts nothing.</summary>
    public static bool NeedsNoBudget(PodView pod) => pod.Phase is "Succeeded" or "Failed" or "Pending" || pod.Terminating;

    /// <summary>An unready pod may go without a charge while the budget's own bound is met by others, or always when the budget says so.</summary>
    public static bool MayGoUnhealthy(PodView pod, PodDisruptionBudgetView budget) =>
        !pod.Ready && (budget.AlwaysAllowUnhealthy || (budget.CurrentHealthy >= budget.DesiredHealthy && budget.DesiredHealthy > 0));

    /// <summary>The status of a budget that allows one more eviction, or the refusal.</summary>
    public static (JsonObject? Status, ApiError? Error) Charge(PodDisruptionBudgetView budget, string pod, DateTimeOffset now)
    {
        var name = budget.Key.Name;
        if (budget.ObservedGeneration < budget.Source.Meta.Generation)
            return (null, TooMany($"The disruption budget {name} is still being processed by the server.", 10));
        if (budget.DisruptionsAllowed < 0) return (null, ApiError.Forbidden(Budget, name, "pdb disruptions allowed is negative"));
        if (budget.DisruptedPods.Count > DisruptedPodsMax)
            return (null, ApiError.Forbidden(Budget, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
        if (budget.DisruptionsAllowed == 0)
            return (null, TooMany(budget.SyncFailure is { } failure
                ? $"The disruption budget {name} does not allow evicting pods currently because it failed sync: {failure}"
                : string.Create(CultureInfo.InvariantCulture, $"The disruption budget {name} needs {budget.DesiredHealthy} healthy pods and has {budget.CurrentHealthy} currently"), 0));

        var status = StatusWrite.Current(budget.Source);
        var allowed = budget.DisruptionsAllowed - 1;
        status["disruptionsAllowed"] = allowed;
        PodDisruptionBudgetReconciler.SetCondition(status, allowed, budget.Source.Meta.Generation, now);
        JsonTree.Ensure(status, "disruptedPods")[pod] = KindTime.Format(now);
        return (status, null);
    }

    private static ApiError TooMany(string why, int retryAfterSeconds) =>
        ApiError.TooManyRequests(Violates, retryAfterSeconds) with { Causes = [new ErrorCause("DisruptionBudget", "", why)] };
}
