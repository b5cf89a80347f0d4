using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Endpoints;

/// <summary>Endpoints and EndpointSlices of one Service: both follow from the same pods, so one pass writes both.</summary>
public sealed class EndpointsController : KindController
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    public override string Name => "endpoints";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Services, ResourceTypes.Pods, ResourceTypes.EndpointSlices, ResourceTypes.Endpoints, ResourceTypes.Nodes];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Services) return [change.Object.Key];
        // Endpoints without a Service are somebody's own and none of our business.
        if (type == ResourceTypes.Endpoints) return IfService(change.Object.Key, caches);
        if (type == ResourceTypes.EndpointSlices)
            return change.Object.Meta.Labels.TryGetValue(EndpointSliceReconciler.ServiceLabel, out var service)
                ? IfService(new ObjectKey(change.Object.Key.Namespace, service), caches) : [];
        return type == ResourceTypes.Pods ? OfPod(change, caches) : [];
    }

    private static ObjectKey[] IfService(ObjectKey key, ControllerCaches caches) => caches[ResourceTypes.Services].Get(key) is null ? [] : [key];

    private static IEnumerable<ObjectKey> OfPod(ObjectChange change, ControllerCaches caches)
    {
        var now = PodView.Of(change.Object);
        var before = change.Previous is { } previous ? PodView.Of(previous) : null;
        if (change.Kind == ChangeKind.Modified && before is not null && Same(before, now)) return [];
        if (now.PodIP.Length == 0 && before is not { PodIP.Length: > 0 }) return [];
        return caches[ResourceTypes.Services].Objects.InNamespace(change.Object.Key.Namespace)
            .Where(s => ServiceView.Of(s).Selector is { } selector
                && (selector.Matches(now.Meta.Labels) || (before is not null && selector.Matches(before.Meta.Labels))))
            .Select(static s => s.Key);
    }

    private static bool Same(PodView a, PodView b) =>
        a.PodIP == b.PodIP && a.Ready == b.Ready && a.Terminating == b.Terminating && a.Finished == b.Finished && a.NodeName == b.NodeName
        && a.Meta.Labels.Count == b.Meta.Labels.Count && a.Meta.Labels.All(l => b.Meta.Labels.GetValueOrDefault(l.Key) == l.Value);

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.Services].Get(key) is not { } stored) return Abandoned(key, caches);
        var service = ServiceView.Of(stored);
        var pods = caches[ResourceTypes.Pods].Objects.InNamespace(key.Namespace)
            .Where(p => service.Selector?.Matches(p.Meta.Labels) == true).Select(PodView.Of).ToList();
        var slices = EndpointSliceReconciler.Reconcile(new EndpointSliceObserved(service, pods, Slices(key, caches), n => ZoneOf(n, caches)), context);
        var endpoints = EndpointsReconciler.Reconcile(service, pods, caches[ResourceTypes.Endpoints].Get(key));
        return new ReconcileResult([.. slices.Actions, .. endpoints.Actions]);
    }

    // Slices go by their owner reference; Endpoints have none.
    private static ReconcileResult Abandoned(ObjectKey key, ControllerCaches caches) =>
        caches[ResourceTypes.Endpoints].Get(key) is { Meta.Deleting: false } left
            ? new ReconcileResult([new DeleteAction(ResourceTypes.Endpoints, key, left.Meta.Uid)])
            : ReconcileResult.None;

    private static List<StoredObject> Slices(ObjectKey key, ControllerCaches caches) =>
        [.. caches[ResourceTypes.EndpointSlices].Group(CacheGroup.ControlledBy(key.Namespace, "Service", key.Name))
            .Where(static s => s.Meta.Labels.GetValueOrDefault(EndpointSliceReconciler.ManagedByLabel) == EndpointSliceReconciler.ManagedBy)];

    private static string ZoneOf(string node, ControllerCaches caches) =>
        caches[ResourceTypes.Nodes].Get(new ObjectKey("", node)) is { } found ? NodeView.Of(found).Meta.Labels.GetValueOrDefault(ZoneLabel, "") : "";
}
