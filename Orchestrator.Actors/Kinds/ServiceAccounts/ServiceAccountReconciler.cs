using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ServiceAccounts;

/// <summary>Gives every namespace the service account that pods use when they name none.</summary>
public static class ServiceAccountReconciler
{
    public const string DefaultName = "default";

    public static ReconcileResult Reconcile(StoredObject ns, bool exists) => exists || ns.Meta.Deleting
        ? ReconcileResult.None
        : new ReconcileResult([new CreateAction(ResourceTypes.ServiceAccounts, new ObjectKey(ns.Key.Name, DefaultName), new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ServiceAccount",
            ["metadata"] = new JsonObject { ["name"] = DefaultName, ["namespace"] = ns.Key.Name },
        })]);
}
