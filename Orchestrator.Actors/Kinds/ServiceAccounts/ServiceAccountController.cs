using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ServiceAccounts;

public sealed class ServiceAccountController : KindController
{
    public override string Name => "serviceaccount";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.Namespaces, ResourceTypes.ServiceAccounts];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (type == ResourceTypes.Namespaces) return change.Kind == ChangeKind.Added ? [change.Object.Key] : [];
        return change.Kind == ChangeKind.Deleted && change.Object.Key.Name == ServiceAccountReconciler.DefaultName
            ? [new ObjectKey("", change.Object.Key.Namespace)] : [];
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context) =>
        caches[ResourceTypes.Namespaces].Get(key) is { } ns
            ? ServiceAccountReconciler.Reconcile(ns,
                caches[ResourceTypes.ServiceAccounts].Get(new ObjectKey(key.Name, ServiceAccountReconciler.DefaultName)) is not null)
            : ReconcileResult.None;
}
