using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <summary>The finalizers of the spec, and the phase that goes with a deletion.</summary>
/// <remarks>Source: ValidateNamespace, ValidateNamespaceFinalizeUpdate and ValidateNamespaceStatusUpdate of kubernetes pkg/apis/core/validation.</remarks>
public sealed class NamespaceValidation : IKindValidation
{
    private static readonly FieldPath Finalizers = FieldPath.Of("spec").Child("finalizers");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
    }

    public void ValidateNew(JsonObject tree, FaultList faults)
    {
        foreach (var name in JsonTree.Object(tree, "spec").Texts("finalizers")) ValidateFinalizer(name, Finalizers, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource == "finalize")
        {
            var names = JsonTree.Object(tree, "spec").Texts("finalizers");
            for (var i = 0; i < names.Length; i++) ValidateFinalizer(names[i], Finalizers.Index(i), faults);
        }
        if (subresource != "status") return;
        var phase = JsonTree.String(JsonTree.Object(tree, "status"), "phase") ?? "";
        var deleting = JsonTree.Object(tree, "metadata")?["deletionTimestamp"] is not null;
        if (phase != (deleting ? "Terminating" : "Active"))
            faults.Invalid(FieldPath.Of("status").Child("Phase"), phase,
                deleting ? "may only be 'Terminating' if `deletionTimestamp` is not empty" : "may only be 'Active' if `deletionTimestamp` is empty");
    }

    private static void ValidateFinalizer(string name, FieldPath path, FaultList faults)
    {
        faults.QualifiedName(path, name);
        if (!name.Contains('/', StringComparison.Ordinal) && name is not ("kubernetes" or "orphan" or "foregroundDeletion"))
            faults.Invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}
