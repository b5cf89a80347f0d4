using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>No instance of a custom kind is made while its definition is being deleted.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/customresource_handler.go.</remarks>
public sealed class DefinitionLifecycle : IAdmissionPlugin
{
    internal const string PluginName = "CustomResourceDefinitionLifecycle";

    public string Name => PluginName;

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Operation == AdmissionOperation.Create && request.Schema.IsCustom && request.Subresource.Length == 0
            ? CheckAsync(request, registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);

    private static async ValueTask<ApiError?> CheckAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var informer = await registries.ConsistentAsync(ResourceTypes.CustomResourceDefinitions, cancellationToken).ConfigureAwait(false);
        var type = request.Schema.Type;
        return informer.Get(new ObjectKey("", type.ToString())) is { Meta.Deleting: true }
            ? new ApiError(405, "MethodNotAllowed", "create not allowed while custom resource definition is terminating") { Group = type.Group, Kind = type.Plural }
            : null;
    }
}
