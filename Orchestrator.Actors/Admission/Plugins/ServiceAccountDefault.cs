using System.Text.Json.Nodes;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Every pod runs as a service account of its namespace, the one named <c>default</c> unless it says otherwise.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ServiceAccount. The account <c>default</c> is not looked up: its controller
/// makes it with the namespace, and a pod that comes first must not fail for it.</remarks>
public sealed class ServiceAccountDefault : IAdmissionPlugin
{
    public string Name => "ServiceAccount";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || request.Schema.Type != ResourceTypes.Pods || request.Subresource.Length > 0)
            return ValueTask.FromResult<ApiError?>(null);
        if (JsonTree.Object(request.Object, "spec") is not { } spec || IsMirrorPod(request.Object!)) return ValueTask.FromResult<ApiError?>(null);

        var name = JsonTree.String(spec, "serviceAccountName");
        if (string.IsNullOrEmpty(name)) spec["serviceAccountName"] = name = "default";
        spec["serviceAccount"] = name;
        return name == "default" ? ValueTask.FromResult<ApiError?>(null) : CheckAsync(request, name, registries, cancellationToken);
    }

    private static async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, string name, IRegistries registries, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(request.Key.Namespace, name);
        var informer = await registries.InformerAsync(ResourceTypes.ServiceAccounts, cancellationToken).ConfigureAwait(false);
        if (informer.Get(key) is not null) return null;
        informer = await registries.ConsistentAsync(ResourceTypes.ServiceAccounts, cancellationToken).ConfigureAwait(false);
        return informer.Get(key) is not null
            ? null
            : ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"error looking up service account {key}: serviceaccount \"{name}\" not found");
    }

    private static bool IsMirrorPod(JsonObject pod) =>
        JsonTree.At(pod, ["metadata", "annotations"]) is JsonObject annotations && annotations.ContainsKey("kubernetes.io/config.mirror");
}
