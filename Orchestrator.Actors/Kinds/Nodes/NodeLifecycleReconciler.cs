using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>What the node controller sees.</summary>
/// <param name="LastSeen">When the kubelet last renewed its lease or wrote its status.</param>
/// <param name="MemberUnreachable">The cluster member that hosts the kubelet is unreachable or gone.</param>
public sealed record NodeObserved(NodeView Node, IReadOnlyCollection<PodView> Pods, DateTimeOffset LastSeen, bool MemberUnreachable)
{
    /// <summary>Whether another node is ready. Where none is, the fault is more likely here than there, and nobody is evicted for it.</summary>
    public bool OthersReady { get; init; } = true;

    /// <summary>Since when a taint is known that does not say when it was added: whoever taints by hand does not.</summary>
    public IReadOnlyDictionary<Taint, DateTimeOffset> Noticed { get; init; } = ImmutableDictionary<Taint, DateTimeOffset>.Empty;
}

/// <summary>Turns a silent kubelet into conditions and taints, and taints into evictions.</summary>
/// <remarks>Source: kube-controller-manager, nodelifecycle and tainteviction.</remarks>
public static class NodeLifecycleReconciler
{
    /// <summary>How long a kubelet may be silent; source: --node-monitor-grace-period.</summary>
    public static readonly TimeSpan DefaultGracePeriod = TimeSpan.FromSeconds(50);

    /// <summary>The label of nodes that do not count when it is asked whether any node is ready.</summary>
    public const string ExcludeDisruption = "node.kubernetes.io/exclude-disruption";

    private static readonly TimeSpan MarkAgain = TimeSpan.FromSeconds(1);

    /// <summary>The taint by which somebody says that the machine is off, and that nothing runs on it any more.</summary>
    public const string OutOfService = "node.kubernetes.io/out-of-service";

    /// <summary>The taints that say that a node takes no pods for now, and the conditions that they follow.</summary>
    private static readonly ImmutableSortedDictionary<string, string> Pressures = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal,
    [
        KeyValuePair.Create("node.kubernetes.io/disk-pressure", "DiskPressure"),
        KeyValuePair.Create("node.kubernetes.io/memory-pressure", "MemoryPressure"),
        KeyValuePair.Create("node.kubernetes.io/network-unavailable", "NetworkUnavailable"),
        KeyValuePair.Create("node.kubernetes.io/pid-pressure", "PIDPressure"),
    ]);

    private static readonly ImmutableArray<string> ReportedByKubelet = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    public static ReconcileResult Reconcile(NodeObserved observed, TimeSpan gracePeriod, ReconcileContext context)
    {
        var node = observed.Node;
        if (node.Meta.Deleting) return ReconcileResult.None;
        var actions = ImmutableArray.CreateBuilder<ControllerAction>();
        var silentIn = observed.LastSeen + gracePeriod - context.Now;
        var silent = observed.MemberUnreachable || silentIn <= TimeSpan.Zero;
        if (silent) ReportUnknown(node, context.Now, actions);
        var ready = silent ? "Unknown" : node.Condition("Ready")?.Status ?? "Unknown";
        var taints = Taints(node, ready, observed.OthersReady, context.Now);
        if (!Same(taints, node.Taints)) actions.Add(Write(node, taints));
        var marked = ready != "True" && MarkPods(observed, context.Now, actions);
        if (ready != "True" && node.Taints.Any(static t => t.Key == OutOfService)) Release(observed.Pods, context.Now, actions);
        var next = Evict(observed, taints, context.Now, actions);
        if (!silent && (next is null || silentIn < next)) next = silentIn;
        // A kubelet that wrote at the same time was not overwritten, and what pods say triggers nothing here.
        if (marked && (next is null || next > MarkAgain)) next = MarkAgain;
        return new ReconcileResult(actions.ToImmutable(), next);
    }

    private static void ReportUnknown(NodeView node, DateTimeOffset now, ImmutableArray<ControllerAction>.Builder actions)
    {
        var status = StatusWrite.Current(node.Source);
        var changed = false;
        foreach (var type in ReportedByKubelet)
        {
            var old = StatusWrite.Condition(status, type);
            if (JsonTree.String(old, "status") == "Unknown") continue;
            var heartbeat = JsonTree.String(old, "lastHeartbeatTime") ?? KindTime.Format(node.Meta.CreationTimestamp);
            changed |= StatusWrite.SetCondition(status, type, "Unknown", old is null ? "NodeStatusNeverUpdated" : "NodeStatusUnknown",
                old is null ? "Kubelet never posted node status." : "Kubelet stopped posting node status.", now);
            StatusWrite.Condition(status, type)!["lastHeartbeatTime"] = heartbeat;
        }
        if (!changed) return;
        actions.Add(new StatusAction(ResourceTypes.Nodes, node.Source.Key, node.Meta.Uid, status, node.Source.Revision));
        actions.Add(new EventAction(ResourceTypes.Nodes, node.Source.Key, "v1", "Node", node.Meta.Uid, false, "NodeNotReady",
            $"Node {node.Name} status is now: NodeNotReady"));
    }

    // Source: nodelifecycle, handleDisruption and doNoScheduleTaintingPass: with every zone fully disrupted only NoSchedule is left.
    private static ImmutableArray<Taint> Taints(NodeView node, string ready, bool othersReady, DateTimeOffset now)
    {
        var wanted = ready switch { "True" => "", "False" => Taint.NotReadyKey, _ => Taint.UnreachableKey };
        string[] effects = othersReady ? [Taint.NoSchedule, Taint.NoExecute] : [Taint.NoSchedule];
        var taints = node.Taints.Where(t => (t.Key is not (Taint.NotReadyKey or Taint.UnreachableKey) || (t.Key == wanted && effects.Contains(t.Effect)))
            && (t.Key != Taint.UnschedulableKey || node.Unschedulable)
            && (t.Effect != Taint.NoSchedule || !Pressures.TryGetValue(t.Key, out var pressure) || Presses(node, pressure))).ToList();
        if (wanted.Length > 0)
        {
            foreach (var effect in effects)
                if (!taints.Exists(t => t.Key == wanted && t.Effect == effect)) taints.Add(new Taint(wanted, "", effect, now));
        }
        if (node.Unschedulable && !taints.Exists(static t => t.Key == Taint.UnschedulableKey))
            taints.Add(new Taint(Taint.UnschedulableKey, "", Taint.NoSchedule, now));
        foreach (var (key, pressure) in Pressures)
            if (Presses(node, pressure) && !taints.Exists(t => t.Key == key && t.Effect == Taint.NoSchedule)) taints.Add(new Taint(key, "", Taint.NoSchedule, now));
        return [.. taints];
    }

    private static bool Presses(NodeView node, string condition) => node.Condition(condition) is { Status: "True" };

    private static bool Same(ImmutableArray<Taint> a, ImmutableArray<Taint> b) => a.Length == b.Length && a.All(b.Contains);

    private static PatchAction Write(NodeView node, ImmutableArray<Taint> taints)
    {
        var list = new JsonArray();
        foreach (var taint in taints)
        {
            var made = new JsonObject { ["key"] = taint.Key, ["effect"] = taint.Effect };
            if (taint.Value.Length > 0) made["value"] = taint.Value;
            if (taint.Added is { } added) made["timeAdded"] = KindTime.Format(added);
            list.Add(made);
        }
        // The list is written as a whole, so it must be the list that was read.
        return new PatchAction(ResourceTypes.Nodes, node.Source.Key, node.Meta.Uid,
            new JsonObject { ["spec"] = new JsonObject { ["taints"] = list.Count > 0 ? list : null } }, node.Source.Revision);
    }

    // Nobody else can say so while the kubelet is silent, and Services must stop sending to these pods.
    private static bool MarkPods(NodeObserved observed, DateTimeOffset now, ImmutableArray<ControllerAction>.Builder actions)
    {
        var marked = false;
        foreach (var pod in observed.Pods)
        {
            if (pod.Finished || !pod.Ready) continue;
            var status = StatusWrite.Current(pod.Source);
            var condition = StatusWrite.Condition(status, "Ready")!;
            condition["status"] = "False";
            condition["lastTransitionTime"] = KindTime.Format(now);
            actions.Add(new StatusAction(ResourceTypes.Pods, pod.Key, pod.Uid, status, pod.Source.Revision));
            actions.Add(new EventAction(ResourceTypes.Pods, pod.Key, "v1", "Pod", pod.Uid, true, "NodeNotReady", "Node is not ready"));
            marked = true;
        }
        return marked;
    }

    // No kubelet will say that these have ended. Source: podgc, gcTerminating.
    private static void Release(IReadOnlyCollection<PodView> pods, DateTimeOffset now, ImmutableArray<ControllerAction>.Builder actions)
    {
        foreach (var pod in pods)
            if (pod.Terminating && !PodCollection.IsKept(pod)) actions.Add(PodDisruption.End(pod, null, "", now));
    }

    private static TimeSpan? Evict(NodeObserved observed, ImmutableArray<Taint> taints, DateTimeOffset now, ImmutableArray<ControllerAction>.Builder actions)
    {
        var executing = taints.Where(static t => t.Effect == Taint.NoExecute).ToList();
        if (executing.Count == 0) return null;
        TimeSpan? next = null;
        foreach (var pod in observed.Pods)
        {
            if (!pod.Active || EvictionTime(pod, executing, observed.Noticed, now) is not { } at) continue;
            if (at > now)
            {
                if (next is null || at - now < next) next = at - now;
                continue;
            }
            actions.Add(new EventAction(ResourceTypes.Pods, pod.Key, "v1", "Pod", pod.Uid, false, "TaintManagerEviction", $"Marking for deletion Pod {pod.Key}"));
            actions.Add(new DeleteAction(ResourceTypes.Pods, pod.Key, pod.Uid)
            {
                Before = PodDisruption.Status(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", now) is { } status
                    ? new StatusAction(ResourceTypes.Pods, pod.Key, pod.Uid, status, pod.Source.Revision) : null,
            });
        }
        return next;
    }

    /// <summary>When the pod must leave: now when a taint is not borne, null when all are borne for ever.</summary>
    private static DateTimeOffset? EvictionTime(PodView pod, List<Taint> taints, IReadOnlyDictionary<Taint, DateTimeOffset> noticed, DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        // A pod that came to a tainted node bears the taint from then on.
        var came = pod.Condition("PodScheduled")?.LastTransition ?? pod.Meta.CreationTimestamp;
        foreach (var taint in taints)
        {
            var borne = pod.Tolerations.Where(t => t.Tolerates(taint)).ToList();
            if (borne.Count == 0) return now;
            var limited = borne.Where(static t => t.Seconds is not null).ToList();
            if (limited.Count == 0) continue;
            var since = taint.Added ?? (noticed.TryGetValue(taint, out var known) ? known : now);
            var at = (since > came ? since : came).Plus(Math.Max(0, limited.Min(static t => t.Seconds!.Value)));
            if (earliest is null || at < earliest) earliest = at;
        }
        return earliest;
    }
}
