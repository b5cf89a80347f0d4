using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>Tells in the status of a policy what the check of its types has found.</summary>
/// <param name="catalog">The kinds as they are served now.</param>
/// <remarks>Source: kubernetes, pkg/controller/validatingadmissionpolicystatus.</remarks>
public sealed class ValidatingAdmissionPolicyController(Func<SchemaCatalog> catalog) : KindController
{
    public override string Name => "validatingadmissionpolicy-status";

    public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.ValidatingAdmissionPolicies];

    public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches)
    {
        if (change.Kind != ChangeKind.Deleted) yield return change.Object.Key;
    }

    public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
    {
        if (caches[ResourceTypes.ValidatingAdmissionPolicies].Get(key) is not { Meta.Deleting: false } stored) return ReconcileResult.None;
        var tree = stored.ToTree();
        var generation = JsonTree.Int64(tree["metadata"] as JsonObject, "generation") ?? 0;
        var status = StatusWrite.Current(stored);
        if (JsonTree.Int64(status, "observedGeneration") == generation) return ReconcileResult.None;
        status["observedGeneration"] = generation;
        var warnings = PolicyTypeCheck.Check(tree, catalog());
        status["typeChecking"] = warnings.Count == 0 ? new JsonObject() : new JsonObject { ["expressionWarnings"] = warnings };
        return StatusWrite.IfChanged(ResourceTypes.ValidatingAdmissionPolicies, stored, status) is { } write ? new ReconcileResult([write]) : ReconcileResult.None;
    }
}
