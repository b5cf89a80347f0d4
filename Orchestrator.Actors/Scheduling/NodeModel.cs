using System.Collections.Immutable;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Scheduling;

/// <summary>The nodes and what runs on them, kept up to date change by change; the scheduler works on nothing else.</summary>
/// <remarks>One writer: the scheduler. A pod is counted from the moment it is assumed, before the registry has confirmed its binding.</remarks>
public sealed class NodeModel
{
    private readonly Dictionary<string, NodeSnapshot> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, Counted> _pods = [];
    private readonly List<NodeSnapshot> _nodes = [];
    private readonly Dictionary<ObjectKey, (PodView Pod, string Node)> _nominated = [];
    private readonly SortedDictionary<int, int> _priorities = [];

    private sealed record Counted(PodView View, string NodeName, bool Assumed);

    /// <summary>The known nodes, in no particular order.</summary>
    public IReadOnlyList<NodeSnapshot> Nodes => _nodes;

    /// <summary>Rises with every change but a placement by the scheduler itself.</summary>
    public long Revision { get; private set; }

    /// <summary>Pods counted here that carry required anti-affinity, which can keep others away.</summary>
    public int PodsWithAntiAffinity { get; private set; }

    /// <summary>Whether any counted pod is less important than that.</summary>
    public bool HasBelow(int priority)
    {
        foreach (var (least, _) in _priorities) return least < priority;
        return false;
    }

    /// <summary>Room is being made for pods that wait.</summary>
    public bool HasNominated => _nominated.Count > 0;

    /// <summary>Notes that room is being made for <paramref name="pod"/>: less important pods shall not take it.</summary>
    public void Nominate(PodView pod, string nodeName) => _nominated[pod.Key] = (pod, nodeName);

    public bool Unnominate(ObjectKey pod) => _nominated.Remove(pod);

    /// <summary>The pods, at least as important as <paramref name="pod"/>, for which room is being made on a node.</summary>
    public IEnumerable<PodView> NominatedTo(string nodeName, PodView pod) =>
        _nominated.Values.Where(n => n.Node == nodeName && n.Pod.Key != pod.Key && n.Pod.Priority >= pod.Priority).Select(static n => n.Pod);

    /// <summary>The less important pods that waited for room on a node.</summary>
    public ImmutableArray<PodView> NominatedBelow(string nodeName, int priority) =>
        [.. _nominated.Values.Where(n => n.Node == nodeName && n.Pod.Priority < priority).Select(static n => n.Pod)];

    public NodeSnapshot? Find(string name) => _byName.TryGetValue(name, out var node) && node.View is not null ? node : null;

    public bool IsAssumed(ObjectKey pod) => _pods.TryGetValue(pod, out var counted) && counted.Assumed;

    /// <summary>Takes in a new version of a node; returns what it may help.</summary>
    public ClusterEvents Set(NodeView view)
    {
        var node = Slot(view.Name);
        var old = node.View;
        if (old is not null && SamePlace(old, view))
        {
            // A heartbeat: nothing that a filter reads has moved.
            return ClusterEvents.None;
        }
        node.Set(view);
        Revision++;
        if (old is not null) return ClusterEvents.NodeChanged;
        _nodes.Add(node);
        return ClusterEvents.NodeAdded;
    }

    public void RemoveNode(string name)
    {
        if (!_byName.TryGetValue(name, out var node) || node.View is null) return;
        Revision++;
        node.Set(null);
        _nodes.Remove(node);
        if (node.PodCount == 0) _byName.Remove(name);
    }

    /// <summary>Takes in a new version of a pod; returns what it may help.</summary>
    public ClusterEvents Set(PodView pod)
    {
        if (pod.NodeName.Length == 0)
        {
            // Our own binding may be on its way; an older version of the pod must not take it back.
            if (_pods.TryGetValue(pod.Key, out var assumed) && assumed.View.Uid != pod.Uid) return Remove(pod.Key);
            return ClusterEvents.None;
        }
        if (pod.Finished) return Remove(pod.Key);
        _nominated.Remove(pod.Key);
        var known = _pods.TryGetValue(pod.Key, out var counted);
        if (known && counted!.NodeName != pod.NodeName) Uncount(pod.Key);
        var fresh = !known || counted!.NodeName != pod.NodeName;
        Count(pod, pod.NodeName, assumed: false);
        if (!fresh) return ClusterEvents.None;
        Revision++;
        return ClusterEvents.PodPlaced;
    }

    public ClusterEvents Remove(ObjectKey pod)
    {
        _nominated.Remove(pod);
        if (!Uncount(pod)) return ClusterEvents.None;
        Revision++;
        return ClusterEvents.PodRemoved;
    }

    /// <summary>Counts a pod on the node that was chosen for it.</summary>
    public void Assume(PodView pod, string nodeName)
    {
        _nominated.Remove(pod.Key);
        Uncount(pod.Key);
        Count(pod, nodeName, assumed: true);
    }

    /// <summary>Takes an assumed pod back, because its binding was refused.</summary>
    public void Forget(ObjectKey pod)
    {
        if (!IsAssumed(pod)) return;
        Uncount(pod);
        Revision++;
    }

    private static bool SamePlace(NodeView a, NodeView b) =>
        a.Meta.Uid == b.Meta.Uid && a.Unschedulable == b.Unschedulable && a.Ready == b.Ready && a.PodsMax == b.PodsMax
        && a.Allocatable.CpuMilli == b.Allocatable.CpuMilli && a.Allocatable.MemoryBytes == b.Allocatable.MemoryBytes
        && a.Allocatable.EphemeralStorageBytes == b.Allocatable.EphemeralStorageBytes
        && a.Allocatable.Extended.SequenceEqual(b.Allocatable.Extended)
        && a.Taints.SequenceEqual(b.Taints) && a.Images.Count == b.Images.Count
        && a.Meta.Labels.Count == b.Meta.Labels.Count
        && a.Meta.Labels.All(l => b.Meta.Labels.TryGetValue(l.Key, out var other) && other == l.Value);

    private NodeSnapshot Slot(string name)
    {
        if (!_byName.TryGetValue(name, out var node)) _byName[name] = node = new NodeSnapshot(name);
        return node;
    }

    private void Count(PodView pod, string nodeName, bool assumed)
    {
        var known = _pods.TryGetValue(pod.Key, out var before);
        _pods[pod.Key] = new Counted(pod, nodeName, assumed);
        Slot(nodeName).Add(pod);
        if (known) Tally(before!.View.Priority, -1);
        Tally(pod.Priority, 1);
        if (known) PodsWithAntiAffinity -= before!.View.Placement.AntiAffinity.IsEmpty ? 0 : 1;
        PodsWithAntiAffinity += pod.Placement.AntiAffinity.IsEmpty ? 0 : 1;
    }

    private bool Uncount(ObjectKey key)
    {
        if (!_pods.Remove(key, out var counted)) return false;
        Tally(counted.View.Priority, -1);
        PodsWithAntiAffinity -= counted.View.Placement.AntiAffinity.IsEmpty ? 0 : 1;
        if (!_byName.TryGetValue(counted.NodeName, out var node)) return true;
        node.Remove(key);
        if (node.View is null && node.PodCount == 0) _byName.Remove(counted.NodeName);
        return true;
    }

    private void Tally(int priority, int change)
    {
        var count = _priorities.GetValueOrDefault(priority) + change;
        if (count == 0) _priorities.Remove(priority);
        else _priorities[priority] = count;
    }
}
