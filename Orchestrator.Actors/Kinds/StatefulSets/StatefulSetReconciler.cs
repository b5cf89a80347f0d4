using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.StatefulSets;

/// <summary>What the StatefulSet controller sees.</summary>
/// <param name="Candidates">The pods that it controls and those of its namespace that nothing controls.</param>
/// <param name="Revisions">The ControllerRevisions that it controls and those of its namespace that nothing controls.</param>
/// <param name="Find">Any object of the set's namespace, by type and name.</param>
public sealed record StatefulSetObserved(
    StatefulSetView Desired, IReadOnlyCollection<PodView> Candidates, IReadOnlyCollection<StoredObject> Revisions,
    Func<ResourceType, string, StoredObject?> Find);

/// <summary>Keeps one pod for each number, in order, with its claims, and replaces pods of old templates from the last to the first.</summary>
/// <remarks>Source: kube-controller-manager, statefulset/stateful_set_control.go.</remarks>
public static class StatefulSetReconciler
{
    /// <summary>The actions that move the pods toward the spec; none when they are there and the status says so.</summary>
    public static ReconcileResult Reconcile(StatefulSetObserved observed, ReconcileContext context)
    {
        var set = observed.Desired;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var owned = Claim(observed, actions);
        var past = RevisionHistory.Claim(set.History, observed.Revisions, actions);
        // A set on its way out makes no history; what it has tells what its pods are.
        var update = set.Meta.Deleting
            ? new CurrentRevision(past.LastOrDefault()?.Name ?? set.StatusRevision, "", past.LastOrDefault(), set.CollisionCount)
            : RevisionHistory.Current(set.History, past, name => observed.Find(ResourceTypes.ControllerRevisions, name) is not null, actions);
        var current = past.FirstOrDefault(p => p.Name == set.StatusRevision);
        var pass = new StatefulSetPass(observed, owned, update, current, context, actions);
        if (!set.Meta.Deleting) pass.Run();
        pass.WriteStatus();
        if (!set.Meta.Deleting)
        {
            var used = owned.Select(static p => StatefulPods.RevisionOf(p.Pod)).Append(update.Name).Append(current?.Name ?? "").ToHashSet(StringComparer.Ordinal);
            RevisionHistory.Truncate(set.History, past, p => used.Contains(p.Name), countUsed: false, actions);
        }
        return new ReconcileResult(actions.ToImmutable(),
            ReplicaSets.ReplicaSetReconciler.NextAvailability(set.MinReadySeconds, [.. owned.Select(static o => o.Pod)], context.Now));
    }

    private static List<(int Ordinal, PodView Pod)> Claim(StatefulSetObserved observed, ImmutableArray<ControllerAction>.Builder actions)
    {
        var set = observed.Desired;
        var owned = new List<(int, PodView)>();
        foreach (var pod in observed.Candidates)
        {
            var ordinal = StatefulPods.OrdinalIn(set, pod);
            var matches = ordinal is not null && set.Selector.Matches(pod.Meta.Labels);
            if (pod.Meta.Controller is { } controller)
            {
                if (controller.Uid != set.Uid) continue;
                if (matches) owned.Add((ordinal!.Value, pod));
                else if (!set.Meta.Deleting) actions.Add(OwnedBody.Release(ResourceTypes.Pods, pod.Source, set.Uid));
            }
            else if (matches && !set.Meta.Deleting && !pod.Terminating)
            {
                actions.Add(OwnedBody.Adopt(ResourceTypes.Pods, pod.Source, set.Identity));
                owned.Add((ordinal!.Value, pod));
            }
        }
        return owned;
    }
}
