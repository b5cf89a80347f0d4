using System.Collections.Frozen;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>What of the metadata a write of the status leaves as it is. Of most kinds that is nothing: kubelets label their nodes so.</summary>
/// <remarks>Source: PrepareForUpdate of the status strategies of kube-apiserver.</remarks>
public static class StatusMetadata
{
    private static readonly string[] All = ["labels", "annotations", "finalizers", "ownerReferences"];
    private static readonly string[] Labels = ["labels"];
    private static readonly string[] Owners = ["ownerReferences"];

    private static readonly FrozenSet<ResourceType> Closed = new[]
    {
        ResourceTypes.CustomResourceDefinitions, ResourceTypes.ApiServices, ResourceTypes.FlowSchemas, ResourceTypes.PriorityLevelConfigurations,
        ResourceTypes.ValidatingAdmissionPolicies, ResourceTypes.VolumeAttachments,
    }.ToFrozenSet();

    /// <summary>The names directly in <c>metadata</c> that keep their values.</summary>
    public static IReadOnlyList<string> KeptBy(ResourceSchema schema) =>
        IsClosed(schema) ? All : schema.Type == ResourceTypes.Deployments ? Labels : schema.Type == ResourceTypes.Pods ? Owners : [];

    /// <summary>Whether nothing of the metadata can be written so.</summary>
    public static bool IsClosed(ResourceSchema schema) => schema.IsCustom || Closed.Contains(schema.Type);
}
