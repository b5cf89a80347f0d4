using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>The fields that nobody owns: those of the system, and those that a write through this path cannot change.</summary>
/// <remarks>Source: apimachinery, stripmeta.go; kube-apiserver, the GetResetFields of the strategies.</remarks>
internal static class IgnoredFields
{
    /// <summary>The names directly in <c>metadata</c> that belong to the system.</summary>
    internal static readonly string[] SystemMetadataNames =
        ["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"];

    private static readonly FieldSet SystemFields = SystemMetadataNames.Aggregate(
        FieldSet.Path("apiVersion").Union(FieldSet.Path("kind")).Union(FieldSet.Path("metadata")), static (set, name) => set.Union(FieldSet.Path("metadata", name)));

    private static readonly FieldSet Spec = FieldSet.Path("spec");
    private static readonly FieldSet Status = FieldSet.Path("status");
    private static readonly FieldSet ClosedStatus = Spec.Union(FieldSet.Path("metadata"));
    private static readonly FieldSet DeploymentStatus = Spec.Union(FieldSet.Path("metadata", "labels"));
    private static readonly FieldSet PodStatus = Spec.Union(FieldSet.Path("metadata", "deletionTimestamp")).Union(FieldSet.Path("metadata", "ownerReferences"));

    /// <summary>A set without the fields of the system.</summary>
    public static FieldSet Strip(FieldSet set) => set.Difference(SystemFields);

    /// <summary>What a write through the subresource resets, whatever it says.</summary>
    public static FieldSet ResetBy(ResourceSchema schema, string subresource)
    {
        if (subresource != "status") return schema.HasStatus ? Status : FieldSet.Empty;
        if (schema.IsCustom) return CustomStatus(schema);
        if (schema.Type == ResourceTypes.Pods) return PodStatus;
        if (StatusMetadata.IsClosed(schema)) return ClosedStatus;
        return schema.Type == ResourceTypes.Deployments ? DeploymentStatus : Spec;
    }

    // Through the status of a custom resource nothing else can be written.
    private static FieldSet CustomStatus(ResourceSchema schema) =>
        schema.Root.Fields.Where(f => f.Name is not ("status" or "apiVersion" or "kind")).Aggregate(FieldSet.Empty, static (set, f) => set.Union(FieldSet.Path(f.Name)));
}
