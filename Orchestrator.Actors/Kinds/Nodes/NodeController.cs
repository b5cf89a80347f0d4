using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>The life of one node, and the end of the pods of a node that is gone.</summary>
/// <param name="gracePeriod">How long a kubelet may be silent.</param>
/// <param name="unreachable">Whether the cluster member that hosts the kubelet of that node is known to be unreachable or gone.</param>
public sealed class NodeController(TimeSpan gracePeriod, Func<NodeView, bool> unreachable) : KindController
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _missing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _firstSeen = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, ImmutableDictionary<Taint, DateTimeOffset>> _noticed = new(StringComparer.Ordinal);

    public override string Name => "node";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Nodes, ResourceTypes.Pods, ResourceTypes.Leases];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Nodes) return KeysOf(change, caches);
        // Leases are looked at when they would have run out; their renewals are no news.
        if (type != ResourceTypes.Pods || change.Kind == ChangeKind.Deleted) return [];
        var pod = PodView.Of(change.Object);
        if (pod.NodeName.Length == 0 || (change.Previous is { } previous && PodView.Of(previous).NodeName == pod.NodeName)) return [];
        var key = new ObjectKey("", pod.NodeName);
        var node = caches[ResourceTypes.Nodes].Get(key);
        return node is null || !NodeView.Of(node).Taints.IsEmpty ? [key] : [];
    }

    // The first node that is well again, and the last one that fails, change what holds for all others.
    private static IEnumerable<ObjectKey> KeysOf(ObjectChange change, ControllerCaches caches)
    {
        var node = NodeView.Of(change.Object);
        var before = change.Kind == ChangeKind.Deleted ? node.Ready : change.Previous is { } previous && NodeView.Of(previous).Ready;
        var now = change.Kind != ChangeKind.Deleted && node.Ready;
        if (before == now || OthersReady(node.Name, caches)) return [change.Object.Key];
        return caches[ResourceTypes.Nodes].Objects.EnumerateFrom().Select(static o => o.Key).Append(change.Object.Key).Distinct();
    }

    private static bool OthersReady(string name, ControllerCaches caches) =>
        caches[ResourceTypes.Nodes].Objects.EnumerateFrom().Select(NodeView.Of)
            .Any(n => n.Name != name && n.Ready && !n.Meta.Labels.ContainsKey(NodeLifecycleReconciler.ExcludeDisruption));

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        List<PodView> pods = [.. caches[ResourceTypes.Pods].Group(CacheGroup.OnNode(key.Name)).Select(PodView.Of)];
        if (caches[ResourceTypes.Nodes].Get(key) is not { } stored)
        {
            _firstSeen.TryRemove(key.Name, out _);
            _noticed.TryRemove(key.Name, out _);
            if (pods.Count == 0) _missing.TryRemove(key.Name, out _);
            return PodCollection.Orphaned(pods, pods.Count == 0 ? context.Now : _missing.GetOrAdd(key.Name, context.Now), context.Now);
        }
        _missing.TryRemove(key.Name, out _);
        var node = NodeView.Of(stored);
        var observed = new NodeObserved(node, pods, LastSeen(node, caches, context.Now), unreachable(node))
        {
            OthersReady = OthersReady(node.Name, caches),
            Noticed = Notice(node, context.Now),
        };
        return NodeLifecycleReconciler.Reconcile(observed, gracePeriod, context);
    }

    // Since when the taints are known that do not say it themselves.
    private ImmutableDictionary<Taint, DateTimeOffset> Notice(NodeView node, DateTimeOffset now)
    {
        var before = _noticed.GetValueOrDefault(node.Name, ImmutableDictionary<Taint, DateTimeOffset>.Empty);
        var known = node.Taints.Where(static t => t is { Effect: Taint.NoExecute, Added: null }).Distinct()
            .ToImmutableDictionary(static t => t, t => before.GetValueOrDefault(t, now));
        if (known.IsEmpty) _noticed.TryRemove(node.Name, out _);
        else _noticed[node.Name] = known;
        return known;
    }

    // A controller that has just started gives every kubelet a full period: it may have been the one that was away.
    private DateTimeOffset LastSeen(NodeView node, ControllerCaches caches, DateTimeOffset now)
    {
        var seen = _firstSeen.GetOrAdd(node.Name, now);
        if (node.Condition("Ready") is { Status: "Unknown" }) seen = DateTimeOffset.MinValue;
        if (node.Meta.CreationTimestamp > seen) seen = node.Meta.CreationTimestamp;
        if (caches[ResourceTypes.Leases].Get(new ObjectKey("kube-node-lease", node.Name)) is not { } lease) return seen;
        using var document = JsonDocument.Parse(lease.Json);
        return KindTime.Read(document.RootElement.Get("spec"), "renewTime") is { } renewed && renewed > seen ? renewed : seen;
    }
}
