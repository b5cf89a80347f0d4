using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>A finalizer that stays on an object while something uses it.</summary>
/// <remarks>Source: kube-controller-manager, pvcprotection and pvprotection.</remarks>
public static class InUseFinalizer
{
    /// <summary>Takes the finalizer from an object that is going and that nothing uses; gives it to one that was made without it.</summary>
    /// <param name="inUse">Asked only for an object that is going.</param>
    public static ReconcileResult Reconcile(ResourceType type, StoredObject o, string finalizer, Func<bool> inUse)
    {
        var held = o.Meta.Finalizers.Contains(finalizer);
        if (o.Meta.Deleting ? !held || inUse() : held) return ReconcileResult.None;
        var rest = o.Meta.Finalizers.Where(f => f != finalizer);
        var wanted = new JsonArray([.. (o.Meta.Deleting ? rest : rest.Append(finalizer)).Select(static f => (JsonNode)f)]);
        // The whole list is written, so nobody else may have changed it.
        return new ReconcileResult([new PatchAction(type, o.Key, o.Meta.Uid,
            new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = wanted.Count > 0 ? wanted : null } }, o.Revision)]);
    }
}
