using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>A claim grows only when it is bound and its storage class allows it.</summary>
/// <remarks>Source: kube-apiserver, admission plugin PersistentVolumeClaimResize.</remarks>
public sealed class PersistentVolumeClaimResize : IAdmissionPlugin
{
    public string Name => "PersistentVolumeClaimResize";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Operation == AdmissionOperation.Update && request.IsOf(ResourceTypes.PersistentVolumeClaims)
            ? CheckAsync(request, registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);

    private static async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var stored = request.Stored!.ToTree();
        if (!PodResources.TryRead(Size(request.Object), out var size) || !PodResources.TryRead(Size(stored), out var before) || size <= before) return null;
        if (JsonTree.At(stored, ["status", "phase"]) is var phase && JsonTree.AsString(phase) != "Bound")
            return Forbidden(request, "Only bound persistent volume claims can be expanded");
        var name = JsonTree.AsString(JsonTree.At(stored, ["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]))
            ?? JsonTree.AsString(JsonTree.At(stored, ["spec", "storageClassName"]));
        var classes = await registries.InformerAsync(ResourceTypes.StorageClasses, cancellationToken).ConfigureAwait(false);
        return !string.IsNullOrEmpty(name) && classes.Get(new ObjectKey("", name))?.ToTree() is { } found && JsonTree.Bool(found, "allowVolumeExpansion") == true
            ? null
            : Forbidden(request, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
    }

    private static JsonNode? Size(JsonObject? claim) => JsonTree.At(claim, ["spec", "resources", "requests", "storage"]);

    private static ApiError Forbidden(AdmissionRequest request, string why) => ApiError.Forbidden(ResourceTypes.PersistentVolumeClaims, request.Key.Name, why);
}
