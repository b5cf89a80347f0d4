using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ReplicaSets;

/// <summary>What the ReplicaSet controller sees, or that of ReplicationControllers.</summary>
/// <param name="Candidates">The pods that it controls and those of its namespace that nothing controls.</param>
/// <param name="Siblings">Pods of the other ReplicaSets of the same Deployment: they tell which nodes are crowded.</param>
public sealed record ReplicaSetObserved(ReplicaSetView Desired, IReadOnlyCollection<PodView> Candidates, IReadOnlyCollection<PodView> Siblings);

/// <summary>Keeps as many pods as the spec asks for.</summary>
public static class ReplicaSetReconciler
{
    /// <summary>Most pods created or deleted in one pass (count).</summary>
    /// <remarks>Source: kube-controller-manager, replicaset controller, BurstReplicas = 500.</remarks>
    public const int BurstReplicasMax = 500;

    /// <summary>The actions that move the pods toward the spec; none when they are there and the status says so.</summary>
    public static ReconcileResult Reconcile(ReplicaSetObserved observed, ReconcileContext context)
    {
        var set = observed.Desired;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var owned = Claim(observed, actions);
        var live = owned.Where(static p => p.Active).ToList();
        var shortfall = 0;
        if (!set.Meta.Deleting)
        {
            var missing = set.Replicas - live.Count;
            if (missing > 0) Create(set, Math.Min(missing, BurstReplicasMax), context, actions);
            else if (missing < 0) Delete(observed, live, Math.Min(-missing, BurstReplicasMax), context, actions);
            shortfall = missing;
        }
        var status = Status(set, live, shortfall, context);
        if (StatusWrite.IfChanged(set.Kind.Type, set.Source, status) is { } write) actions.Add(write);
        return new ReconcileResult(actions.ToImmutable(), NextAvailability(set.MinReadySeconds, live, context.Now));
    }

    /// <summary>When the next ready pod of <paramref name="pods"/> becomes available, or null.</summary>
    internal static TimeSpan? NextAvailability(int minReadySeconds, IReadOnlyCollection<PodView> pods, DateTimeOffset now)
    {
        if (minReadySeconds == 0) return null;
        TimeSpan? next = null;
        foreach (var pod in pods)
        {
            if (pod.Condition("Ready") is not { Status: "True", LastTransition: { } since }) continue;
            var wait = since.Plus(minReadySeconds) - now;
            if (wait > TimeSpan.Zero && (next is null || wait < next)) next = wait;
        }
        return next;
    }

    private static List<PodView> Claim(ReplicaSetObserved observed, ImmutableArray<ControllerAction>.Builder actions)
    {
        var set = observed.Desired;
        var owned = new List<PodView>(observed.Candidates.Count);
        foreach (var pod in observed.Candidates)
        {
            var matches = set.Selector.Matches(pod.Meta.Labels);
            if (pod.Meta.Controller is { } controller)
            {
                if (controller.Uid != set.Uid) continue;
                if (matches) owned.Add(pod);
                else if (!set.Meta.Deleting && !pod.Terminating) actions.Add(OwnedBody.Release(ResourceTypes.Pods, pod.Source, set.Uid));
            }
            else if (matches && !set.Meta.Deleting && pod.Active)
            {
                actions.Add(OwnedBody.Adopt(ResourceTypes.Pods, pod.Source, set.Identity));
                owned.Add(pod);
            }
        }
        return owned;
    }

    private static void Create(ReplicaSetView set, int count, ReconcileContext context, ImmutableArray<ControllerAction>.Builder actions)
    {
        var template = JsonTree.At(set.Source.ToTree(), ["spec", "template"])!.AsObject();
        var prefix = set.Key.Name + "-";
        for (var i = 0; i < count; i++)
        {
            var name = DecidedNames.Generate(prefix, context.NameSeed, i);
            actions.Add(new CreateAction(ResourceTypes.Pods, new ObjectKey(set.Key.Namespace, name),
                OwnedBody.Pod(template, set.Key.Namespace, name, prefix, set.Identity))
            { News = i < EventsMax ? CreationNews.OfPod(Event(set, "SuccessfulCreate", $"Created pod: {name}")) : null });
        }
    }

    private static void Delete(
        ReplicaSetObserved observed, List<PodView> live, int count, ReconcileContext context, ImmutableArray<ControllerAction>.Builder actions)
    {
        var crowds = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in live.Concat(observed.Siblings.Where(static p => p.Active)))
            crowds[pod.NodeName] = crowds.GetValueOrDefault(pod.NodeName) + 1;
        var victims = live.Order(new PodRanking(crowds, context.Now)).Take(count).ToList();
        for (var i = 0; i < victims.Count; i++)
        {
            actions.Add(new DeleteAction(ResourceTypes.Pods, victims[i].Key, victims[i].Uid));
            if (i < EventsMax) actions.Add(Event(observed.Desired, "SuccessfulDelete", $"Deleted pod: {victims[i].Key.Name}"));
        }
    }

    /// <summary>Most events about single pods in one pass (count): a burst of 500 pods needs no 500 events.</summary>
    private const int EventsMax = 25;

    private static JsonObject Status(ReplicaSetView set, List<PodView> live, int missing, ReconcileContext context)
    {
        int labeled = 0, ready = 0, available = 0;
        foreach (var pod in live)
        {
            if (set.TemplateLabels.Matches(pod.Meta.Labels)) labeled++;
            if (!pod.Ready) continue;
            ready++;
            if (pod.Available(set.MinReadySeconds, context.Now)) available++;
        }
        var status = StatusWrite.Current(set.Source);
        status["replicas"] = live.Count;
        StatusWrite.SetCount(status, "fullyLabeledReplicas", labeled);
        StatusWrite.SetCount(status, "readyReplicas", ready);
        StatusWrite.SetCount(status, "availableReplicas", available);
        status["observedGeneration"] = set.Meta.Generation;
        if (context.Failure is { } failure && missing != 0)
            StatusWrite.SetCondition(status, "ReplicaFailure", "True", missing > 0 ? "FailedCreate" : "FailedDelete", failure, context.Now);
        else StatusWrite.RemoveCondition(status, "ReplicaFailure");
        return status;
    }

    private static EventAction Event(ReplicaSetView set, string reason, string message) =>
        new(set.Kind.Type, set.Key, set.Kind.ApiVersion, set.Kind.Name, set.Uid, false, reason, message);
}
