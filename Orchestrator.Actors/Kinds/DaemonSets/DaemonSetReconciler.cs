using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ControllerRevisions;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>What the DaemonSet controller sees.</summary>
/// <param name="Candidates">The pods that it controls and those of its namespace that nothing controls.</param>
/// <param name="Revisions">The ControllerRevisions that it controls and those of its namespace that nothing controls.</param>
/// <param name="RevisionNameTaken">Whether any ControllerRevision of the namespace has the name.</param>
public sealed record DaemonSetObserved(
    DaemonSetView Desired, IReadOnlyCollection<PodView> Candidates, IReadOnlyCollection<NodeView> Nodes, IReadOnlyCollection<StoredObject> Revisions,
    Func<string, bool> RevisionNameTaken);

/// <summary>Keeps one pod on every eligible node, and replaces pods of old templates within the bounds of the strategy.</summary>
/// <remarks>Source: kube-controller-manager, daemon/daemon_controller.go and daemon/update.go.</remarks>
public static class DaemonSetReconciler
{
    /// <summary>Most pods created or deleted in one pass (count); source: daemon controller, BurstReplicas = 250.</summary>
    public const int BurstReplicasMax = 250;

    private sealed record NodePods(NodeView Node, bool Run, bool Stay, List<PodView> Pods);

    public static ReconcileResult Reconcile(DaemonSetObserved observed, ReconcileContext context)
    {
        var set = observed.Desired;
        if (set.Meta.Deleting) return ReconcileResult.None;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var owned = Claim(observed, actions);
        var past = RevisionHistory.Claim(set.History, observed.Revisions, actions);
        var current = RevisionHistory.Current(set.History, past, observed.RevisionNameTaken, actions);
        var hash = current.Hash;
        var running = owned.Select(static p => p.Meta.Labels.GetValueOrDefault(DaemonSetView.HashLabel, "")).ToHashSet(StringComparer.Ordinal);
        RevisionHistory.Truncate(set.History, past.Where(p => p != current.Kept),
            p => running.Contains(p.Source.Meta.Labels.GetValueOrDefault(DaemonSetView.HashLabel, "")), countUsed: true, actions);
        var byNode = owned.ToLookup(DaemonPods.NodeOf, StringComparer.Ordinal);
        var nodes = new List<NodePods>(observed.Nodes.Count);
        foreach (var node in observed.Nodes)
        {
            var (run, stay) = DaemonPods.Eligible(set, node);
            nodes.Add(new NodePods(node, run, stay, [.. byNode[node.Name]]));
        }
        var create = new List<string>();
        var delete = new List<PodView>();
        TimeSpan? wait = null;
        foreach (var node in nodes)
        {
            var left = Place(set, node, hash, context, create, delete, actions);
            if (left > TimeSpan.Zero && (wait is null || left < wait)) wait = left;
        }
        // What waits for a node that is gone will never run.
        var known = nodes.Select(static n => n.Node.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in byNode)
            if (gone.Key.Length > 0 && !known.Contains(gone.Key)) delete.AddRange(gone.Where(static p => p.NodeName.Length == 0 && !p.Terminating));
        if (!set.OnDelete) Roll(set, nodes, hash, context.Now, create, delete);
        Emit(set, create, delete, hash, context, actions);
        var status = Status(set, nodes, hash, context.Now);
        if (current.CollisionCount > 0) status["collisionCount"] = current.CollisionCount;
        if (StatusWrite.IfChanged(ResourceTypes.DaemonSets, set.Source, status) is { } write) actions.Add(write);
        var available = ReplicaSets.ReplicaSetReconciler.NextAvailability(set.MinReadySeconds, owned, context.Now);
        return new ReconcileResult(actions.ToImmutable(), wait is null || available < wait ? available : wait);
    }

    private static List<PodView> Claim(DaemonSetObserved observed, ImmutableArray<ControllerAction>.Builder actions)
    {
        var set = observed.Desired;
        var owned = new List<PodView>();
        foreach (var pod in observed.Candidates)
        {
            var matches = set.Selector.Matches(pod.Meta.Labels);
            if (pod.Meta.Controller is { } controller)
            {
                if (controller.Uid != set.Uid) continue;
                if (matches) owned.Add(pod);
                else if (!pod.Terminating) actions.Add(OwnedBody.Release(ResourceTypes.Pods, pod.Source, set.Uid));
            }
            else if (matches && pod.Active)
            {
                actions.Add(OwnedBody.Adopt(ResourceTypes.Pods, pod.Source, set.Identity));
                owned.Add(pod);
            }
        }
        return owned;
    }

    /// <summary>What to do about the pods of one node.</summary>
    /// <returns>How long a pod that failed there is left alone before it is replaced.</returns>
    private static TimeSpan Place(
        DaemonSetView set, NodePods node, string hash, ReconcileContext context, List<string> create, List<PodView> delete,
        ImmutableArray<ControllerAction>.Builder actions)
    {
        var live = node.Pods.Where(static p => !p.Terminating).ToList();
        if (!node.Stay)
        {
            delete.AddRange(live);
            return TimeSpan.Zero;
        }
        var running = new List<PodView>();
        var wait = TimeSpan.Zero;
        foreach (var pod in live)
        {
            if (!pod.Finished)
            {
                running.Add(pod);
                continue;
            }
            // A node that refuses its pod would otherwise refuse the next one at once.
            if (pod.Phase == "Failed" && context.Backoff.Left(node.Node.Name, pod.Uid, context.Now) is var left && left > TimeSpan.Zero)
            {
                wait = left;
                continue;
            }
            delete.Add(pod);
            actions.Add(Event(set, true, pod.Phase == "Failed" ? "FailedDaemonPod" : "SucceededDaemonPod",
                $"Found {(pod.Phase == "Failed" ? "failed" : "succeeded")} daemon pod {pod.Key} on node {node.Node.Name}, will try to {(pod.Phase == "Failed" ? "kill" : "delete")} it"));
        }
        // A pod on its way out still holds the node's ports and volumes.
        if (node.Run && node.Pods.Count == 0) create.Add(node.Node.Name);
        Thin(set, [.. running.OrderByDescending(static p => p.NodeName.Length > 0).ThenBy(static p => p.Meta.CreationTimestamp).ThenBy(static p => p.Uid, StringComparer.Ordinal)],
            hash, context.Now, delete);
        return wait;
    }

    // Of several pods on a node the oldest stays. Where there is a surge, one of the new template stands beside one of an old one, until it
    // can take its place or the old one serves nobody.
    private static void Thin(DaemonSetView set, List<PodView> oldestFirst, string hash, DateTimeOffset now, List<PodView> delete)
    {
        if (!set.Surges)
        {
            delete.AddRange(oldestFirst.Skip(1));
            return;
        }
        var (fresh, old) = (oldestFirst.Find(p => IsCurrent(p, hash)), oldestFirst.Find(p => !IsCurrent(p, hash)));
        delete.AddRange(oldestFirst.Where(p => p != fresh && p != old));
        if (fresh is not null && old is not null && (!old.Ready || fresh.Available(set.MinReadySeconds, now))) delete.Add(old);
    }

    private static void Roll(DaemonSetView set, List<NodePods> nodes, string hash, DateTimeOffset now, List<string> create, List<PodView> delete)
    {
        var wanted = nodes.Where(static n => n.Run).ToList();
        var maxSurge = set.MaxSurge.Of(wanted.Count, roundUp: true);
        var maxUnavailable = set.MaxUnavailable.Of(wanted.Count, roundUp: true);
        if (maxSurge == 0 && maxUnavailable == 0) maxUnavailable = 1;
        var going = delete.ToHashSet();
        var (unavailable, surging) = (0, 0);
        var candidates = new List<(NodeView Node, PodView Old)>();
        foreach (var node in wanted)
        {
            var live = node.Pods.Where(p => p.Active && !going.Contains(p)).ToList();
            var old = live.Find(p => !IsCurrent(p, hash));
            if (!live.Exists(p => p.Available(set.MinReadySeconds, now))) unavailable++;
            if (old is null) continue;
            if (live.Count > 1) surging++;
            else if (old.Available(set.MinReadySeconds, now)) candidates.Add((node.Node, old));
            // One that serves nobody is replaced whatever the bounds say.
            else if (maxSurge > 0) create.Add(node.Node.Name);
            else delete.Add(old);
        }
        if (maxSurge > 0) create.AddRange(candidates.Take(Math.Max(0, maxSurge - surging)).Select(static c => c.Node.Name));
        else delete.AddRange(candidates.Take(Math.Max(0, maxUnavailable - unavailable)).Select(static c => c.Old));
    }

    private static void Emit(
        DaemonSetView set, List<string> create, List<PodView> delete, string hash, ReconcileContext context, ImmutableArray<ControllerAction>.Builder actions)
    {
        if (create.Count > 0)
        {
            var template = JsonTree.At(set.Source.ToTree(), ["spec", "template"])!.AsObject();
            for (var i = 0; i < Math.Min(create.Count, BurstReplicasMax); i++)
            {
                var name = DecidedNames.Generate(set.Key.Name + "-", $"{context.NameSeed}/{create[i]}", 0);
                actions.Add(DaemonPods.Create(set, template, create[i], hash, name) with
                {
                    News = CreationNews.OfPod(Event(set, false, "SuccessfulCreate", $"Created pod: {name}")),
                });
            }
        }
        foreach (var pod in delete.Distinct().Take(BurstReplicasMax))
        {
            actions.Add(new DeleteAction(ResourceTypes.Pods, pod.Key, pod.Uid));
            actions.Add(Event(set, false, "SuccessfulDelete", $"Deleted pod: {pod.Key.Name}"));
        }
    }

    private static JsonObject Status(DaemonSetView set, List<NodePods> nodes, string hash, DateTimeOffset now)
    {
        int desired = 0, current = 0, misscheduled = 0, ready = 0, available = 0, updated = 0;
        foreach (var node in nodes)
        {
            var pod = node.Pods.Where(static p => !p.Finished).OrderByDescending(static p => p.Ready)
                .ThenByDescending(p => IsCurrent(p, hash)).FirstOrDefault();
            if (node.Run) desired++;
            if (pod is null) continue;
            if (!node.Run)
            {
                misscheduled++;
                continue;
            }
            current++;
            if (pod.Ready && !pod.Terminating) ready++;
            if (!pod.Terminating && pod.Available(set.MinReadySeconds, now)) available++;
            if (IsCurrent(pod, hash)) updated++;
        }
        var status = StatusWrite.Current(set.Source);
        status["currentNumberScheduled"] = current;
        status["numberMisscheduled"] = misscheduled;
        status["desiredNumberScheduled"] = desired;
        status["numberReady"] = ready;
        status["observedGeneration"] = set.Meta.Generation;
        StatusWrite.SetCount(status, "updatedNumberScheduled", updated);
        StatusWrite.SetCount(status, "numberAvailable", available);
        StatusWrite.SetCount(status, "numberUnavailable", desired - available);
        return status;
    }

    private static bool IsCurrent(PodView pod, string hash) => pod.Meta.Labels.GetValueOrDefault(DaemonSetView.HashLabel) == hash;

    private static EventAction Event(DaemonSetView set, bool warning, string reason, string message) =>
        new(ResourceTypes.DaemonSets, set.Key, "apps/v1", "DaemonSet", set.Uid, warning, reason, message);
}
