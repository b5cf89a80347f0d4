using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Nodes;

/// <summary>Bounds how many ended pods are kept. One entity for the whole cluster, woken only beyond the bound.</summary>
public sealed class PodCollectionController : KindController
{
    public override string Name => "pod-collection";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Pods];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) =>
        change.Kind != ChangeKind.Deleted && PodView.Of(change.Object).Finished && caches[type].GroupCount(CacheGroup.Ended) > PodCollection.TerminatedMax
            ? [new ObjectKey("", "ended")] : [];

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context) =>
        PodCollection.Terminated(caches[ResourceTypes.Pods].Group(CacheGroup.Ended).Select(PodView.Of));
}
