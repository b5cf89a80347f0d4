using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Gives a claim without a storage class the class that is marked as default.</summary>
/// <remarks>Source: kube-apiserver, admission plugin DefaultStorageClass.</remarks>
public sealed class DefaultStorageClass : IAdmissionPlugin
{
    public string Name => "DefaultStorageClass";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Operation == AdmissionOperation.Create && request.IsOf(ResourceTypes.PersistentVolumeClaims)
            ? DefaultClasses.SetAsync(request, ResourceTypes.StorageClasses, "storageClassName", "volume.beta.kubernetes.io/storage-class",
                ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"], registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);
}

/// <summary>Gives an ingress without a class the class that is marked as default.</summary>
/// <remarks>Source: kube-apiserver, admission plugin DefaultIngressClass.</remarks>
public sealed class DefaultIngressClass : IAdmissionPlugin
{
    public string Name => "DefaultIngressClass";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Operation == AdmissionOperation.Create && request.IsOf(ResourceTypes.Ingresses)
            ? DefaultClasses.SetAsync(request, ResourceTypes.IngressClasses, "ingressClassName", "kubernetes.io/ingress.class",
                ["ingressclass.kubernetes.io/is-default-class"], registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);
}

/// <summary>Classes of which one is the default: the newest of those that are marked so, by name among equals.</summary>
internal static class DefaultClasses
{
    public static async ValueTask<ApiError?> SetAsync(
        AdmissionRequest request, ResourceType classes, string field, string annotation, string[] marks, IRegistries registries, CancellationToken cancellationToken)
    {
        var tree = request.Object!;
        if (JsonTree.At(tree, ["spec", field]) is not null) return null;
        if (JsonTree.At(tree, ["metadata", "annotations"]) is JsonObject annotations && annotations.ContainsKey(annotation)) return null;
        var informer = await registries.InformerAsync(classes, cancellationToken).ConfigureAwait(false);
        var newest = informer.Objects.EnumerateFrom()
            .Where(c => marks.Any(m => c.Meta.Annotations.GetValueOrDefault(m) == "true"))
            .OrderByDescending(static c => c.Meta.CreationTimestamp).ThenBy(static c => c.Key.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        if (newest is not null) JsonTree.Ensure(tree, "spec")[field] = newest.Key.Name;
        return null;
    }
}
