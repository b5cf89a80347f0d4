using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.VolumeAttachments;

/// <summary>One volume to one node by one driver; none of it changes.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/validation.</remarks>
public sealed class VolumeAttachmentValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        if (JsonTree.String(spec, "attacher") is { Length: > 0 } attacher) StorageNames.ValidateDriver(attacher, Spec.Child("attacher"), faults);
        if (JsonTree.String(spec, "nodeName") is { Length: > 0 } node && ObjectNames.Subdomain(node) is { } fault) faults.Invalid(Spec.Child("nodeName"), node, fault);
        if (JsonTree.Object(spec, "source") is not { } source) return;
        var path = Spec.Child("source");
        var inline = JsonTree.Object(source, "inlineVolumeSpec");
        var named = JsonTree.String(source, "persistentVolumeName");
        if (inline is not null && named is not null) faults.Forbidden(path, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        else if (inline is not null) PersistentVolumeValidation.ValidateSpec(inline, path.Child("inlineVolumeSpec"), inline: true, faults);
        else if (named is null) faults.Required(path, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        else if (named.Length == 0) faults.Required(path.Child("persistentVolumeName"), "must specify non empty persistentVolumeName");
        else if (ObjectNames.Subdomain(named) is { } misnamed) faults.Invalid(path.Child("persistentVolumeName"), named, misnamed);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults) =>
        FieldRules.Immutable(tree["spec"], stored["spec"], Spec, faults);
}
