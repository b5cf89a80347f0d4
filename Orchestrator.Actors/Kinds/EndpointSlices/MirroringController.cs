using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.EndpointSlices;

/// <summary>The slices of Endpoints that no selector keeps.</summary>
public sealed class MirroringController : KindController
{
    public override string Name => "endpointslicemirroring";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Endpoints, ResourceTypes.Services, ResourceTypes.EndpointSlices];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.EndpointSlices) return Owners("Endpoints", change);
        if (type == ResourceTypes.Endpoints) return IsMirrored(caches[ResourceTypes.Services].Get(change.Object.Key)) || Slices(change.Object.Key, caches).Count > 0 ? [change.Object.Key] : [];
        return IsMirrored(change.Object) || (change.Previous is { } before && IsMirrored(before)) ? [change.Object.Key] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        var endpoints = caches[ResourceTypes.Endpoints].Get(key) is { Meta.Deleting: false } stored
            && stored.Meta.Labels.GetValueOrDefault(MirroringReconciler.SkipLabel) != "true"
            && !stored.Meta.Annotations.ContainsKey(MirroringReconciler.LeaderAnnotation)
            && IsMirrored(caches[ResourceTypes.Services].Get(key)) ? stored : null;
        return MirroringReconciler.Reconcile(endpoints, Slices(key, caches), context);
    }

    // Of a Service with a selector, the slices are made from its pods.
    private static bool IsMirrored(StoredObject? service) => service is not null && ServiceView.Of(service).Selector is null;

    private static List<StoredObject> Slices(ObjectKey key, ControllerCaches caches) =>
        [.. caches[ResourceTypes.EndpointSlices].Group(CacheGroup.ControlledBy(key.Namespace, "Endpoints", key.Name))
            .Where(static s => s.Meta.Labels.GetValueOrDefault(EndpointSliceReconciler.ManagedByLabel) == MirroringReconciler.ManagedBy)];
}
