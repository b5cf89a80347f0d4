using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Volumes and claims get a finalizer that keeps them while they are in use.</summary>
/// <remarks>Source: kube-apiserver, admission plugin StorageObjectInUseProtection. The controllers of the kinds take it away.</remarks>
public sealed class StorageObjectInUseProtection : IAdmissionPlugin
{
    public const string ClaimFinalizer = "kubernetes.io/pvc-protection";
    public const string VolumeFinalizer = "kubernetes.io/pv-protection";

    public string Name => "StorageObjectInUseProtection";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create) return ValueTask.FromResult<ApiError?>(null);
        var finalizer = request.IsOf(ResourceTypes.PersistentVolumeClaims) ? ClaimFinalizer : request.IsOf(ResourceTypes.PersistentVolumes) ? VolumeFinalizer : null;
        if (finalizer is null) return ValueTask.FromResult<ApiError?>(null);
        var metadata = JsonTree.Ensure(request.Object!, "metadata");
        if (metadata["finalizers"] is not JsonArray finalizers) metadata["finalizers"] = finalizers = [];
        if (!finalizers.Any(f => JsonTree.AsString(f) == finalizer)) finalizers.Add(finalizer);
        return ValueTask.FromResult<ApiError?>(null);
    }
}
