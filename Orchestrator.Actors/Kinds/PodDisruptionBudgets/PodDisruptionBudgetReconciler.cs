using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PodDisruptionBudgets;

/// <summary>What a budget protects.</summary>
/// <param name="Pods">The pods that its selector matches.</param>
/// <param name="Scale">How many pods the controller of a pod wants: its identity and the number; null for a pod without such a controller.</param>
public sealed record DisruptionObserved(IReadOnlyList<PodView> Pods, Func<PodView, (string Uid, int Replicas)?> Scale);

/// <summary>Keeps in the status of a budget how many of its pods may go now.</summary>
/// <remarks>Source: kube-controller-manager, disruption/disruption.go.</remarks>
public static class PodDisruptionBudgetReconciler
{
    public const string DisruptionAllowed = "DisruptionAllowed";
    public const string SyncFailed = "SyncFailed";

    /// <summary>After this an allowed eviction that no deletion followed counts as not carried out. Source: DeletionTimeout.</summary>
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    public static ReconcileResult Reconcile(PodDisruptionBudgetView budget, DisruptionObserved observed, ReconcileContext context)
    {
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        if (observed.Pods.Count == 0) actions.Add(Event(budget, warning: false, "NoPods", "No matching pods found"));
        var (expected, desired, unmanaged) = Expect(budget, observed);
        if (unmanaged.Count > 0)
            actions.Add(Event(budget, warning: true, "UnmanagedPods",
                $"Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value. Unmanaged pods: {string.Join(", ", unmanaged)}"));

        var disrupted = new JsonObject();
        TimeSpan? recheck = null;
        foreach (var pod in observed.Pods)
        {
            // A deletion that has begun needs no note any more.
            if (pod.Terminating || !budget.DisruptedPods.TryGetValue(pod.Key.Name, out var since)) continue;
            var left = DeletionTimeout - (context.Now - since);
            if (left < TimeSpan.Zero)
            {
                actions.Add(new EventAction(ResourceTypes.Pods, pod.Key, "v1", "Pod", pod.Uid, true, "NotDeleted", $"Pod was expected by PDB {budget.Key} to be deleted but it wasn't"));
                continue;
            }
            disrupted[pod.Key.Name] = KindTime.Format(since);
            if (recheck is null || left < recheck) recheck = left;
        }
        var healthy = observed.Pods.Count(p => !p.Terminating && !disrupted.ContainsKey(p.Key.Name) && p.Ready);
        // A budget that matches nothing yet stays closed, so that its first pods are not lost before it has seen them.
        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        if (Write(budget, allowed, healthy, desired, expected, disrupted, context.Now) is { } write) actions.Add(write);
        // Events tell of a change; a pass that changes nothing repeats none.
        else actions.Clear();
        return new ReconcileResult(actions.ToImmutable(), recheck + TimeSpan.FromSeconds(1));
    }

    /// <summary>How many pods there should be, and how many of them have to be healthy.</summary>
    private static (int Expected, int Desired, List<string> Unmanaged) Expect(PodDisruptionBudgetView budget, DisruptionObserved observed)
    {
        if (budget.MaxUnavailable is { } unavailable)
        {
            var (scale, unmanaged) = Scale(observed);
            return (scale, Math.Max(0, scale - unavailable.Of(scale, roundUp: true)), unmanaged);
        }
        if (budget.MinAvailable is not { } available) return (observed.Pods.Count, 0, []);
        if (!available.Percent) return (observed.Pods.Count, available.Value, []);
        var (expected, loose) = Scale(observed);
        return (expected, available.Of(expected, roundUp: true), loose);
    }

    private static (int Total, List<string> Unmanaged) Scale(DisruptionObserved observed)
    {
        var controllers = new Dictionary<string, int>(StringComparer.Ordinal);
        var unmanaged = new List<string>();
        foreach (var pod in observed.Pods)
        {
            if (observed.Scale(pod) is { } scale) controllers[scale.Uid] = scale.Replicas;
            else unmanaged.Add(pod.Key.Name);
        }
        return (DeploymentScaling.Total(controllers.Values), unmanaged);
    }

    private static StatusAction? Write(
        PodDisruptionBudgetView budget, long allowed, long healthy, long desired, long expected, JsonObject disrupted, DateTimeOffset now)
    {
        var status = StatusWrite.Current(budget.Source);
        status["observedGeneration"] = budget.Source.Meta.Generation;
        status["disruptionsAllowed"] = allowed;
        status["currentHealthy"] = healthy;
        status["desiredHealthy"] = desired;
        status["expectedPods"] = expected;
        if (disrupted.Count > 0) status["disruptedPods"] = disrupted;
        else status.Remove("disruptedPods");
        SetCondition(status, allowed, budget.Source.Meta.Generation, now);
        // An eviction may charge the budget meanwhile; what it wrote is not lost, as the write is for the version looked at.
        return StatusWrite.IfChanged(ResourceTypes.PodDisruptionBudgets, budget.Source, status);
    }

    /// <summary>Sets the condition that tells whether an eviction is allowed at all.</summary>
    public static void SetCondition(JsonObject status, long allowed, long generation, DateTimeOffset now)
    {
        var (value, reason) = allowed > 0 ? ("True", "SufficientPods") : ("False", "InsufficientPods");
        var old = StatusWrite.Condition(status, DisruptionAllowed);
        var condition = new JsonObject
        {
            ["type"] = DisruptionAllowed,
            ["status"] = value,
            ["observedGeneration"] = generation,
            ["lastTransitionTime"] = JsonTree.String(old, "status") == value ? old!["lastTransitionTime"]?.DeepClone() : KindTime.Format(now),
            ["reason"] = reason,
            ["message"] = "",
        };
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        var at = old is null ? -1 : conditions.IndexOf(old);
        if (at < 0) conditions.Add(condition);
        else conditions[at] = condition;
    }

    private static EventAction Event(PodDisruptionBudgetView budget, bool warning, string reason, string message) =>
        new(ResourceTypes.PodDisruptionBudgets, budget.Key, "policy/v1", "PodDisruptionBudget", budget.Source.Meta.Uid, warning, reason, message);
}
