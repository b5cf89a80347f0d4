using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Objects are only made in namespaces that exist and are not going away, and some namespaces stay for good.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/namespace/lifecycle. A namespace that goes away between this check and the commit
/// is emptied again by its controller, which lists until nothing is left.</remarks>
public sealed class NamespaceLifecycle : IAdmissionPlugin
{
    public string Name => "NamespaceLifecycle";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation == AdmissionOperation.Delete)
            return ValueTask.FromResult(request.Schema.Type == ResourceTypes.Namespaces && IsImmortal(request.Key.Name)
                ? ApiError.Forbidden(ResourceTypes.Namespaces, request.Key.Name, "this namespace may not be deleted")
                : null);
        if (request.Operation != AdmissionOperation.Create || !request.Schema.Namespaced || request.Subresource.Length > 0 || IsReview(request))
            return ValueTask.FromResult<ApiError?>(null);

        var pending = registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken);
        return pending.IsCompletedSuccessfully && pending.Result.Get(new ObjectKey("", request.Key.Namespace)) is { } ns
            ? ValueTask.FromResult(Refusal(request, ns))
            : CheckAsync(request, registries, cancellationToken);
    }

    private static async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        // The namespace may have been made a moment ago through another process.
        var informer = await registries.ConsistentAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return informer.Get(new ObjectKey("", request.Key.Namespace)) is { } ns
            ? Refusal(request, ns)
            : ApiError.NotFound(ResourceTypes.Namespaces, request.Key.Namespace);
    }

    private static ApiError? Refusal(AdmissionRequest request, StoredObject ns)
    {
        if (!ns.Meta.Deleting) return null;
        var name = ns.Key.Name;
        return ApiError.Forbidden(request.Schema.Type, request.Key.Name, $"unable to create new content in namespace {name} because it is being terminated") with
        {
            Causes = [new ErrorCause("NamespaceTerminating", "metadata.namespace", $"namespace {name} is being terminated")],
        };
    }

    private static bool IsImmortal(string name) => name is "default" or "kube-system" or "kube-public";

    // A question about access is stored nowhere, so it may be asked of namespaces that do not exist.
    private static bool IsReview(AdmissionRequest request) => request.Schema.Group is "authorization.k8s.io";
}
