using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Every container asks the registry for its image, so that nobody runs a private image just because a node has it.</summary>
/// <remarks>Source: kube-apiserver, admission plugin AlwaysPullImages. Off by default.</remarks>
public sealed class AlwaysPullImages : IAdmissionPlugin
{
    public string Name => "AlwaysPullImages";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var concerned = request.Schema.Type == ResourceTypes.Pods && request.Operation is (AdmissionOperation.Create or AdmissionOperation.Update)
            && request.Subresource is ("" or "ephemeralcontainers");
        if (!concerned) return ValueTask.FromResult<ApiError?>(null);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers", "ephemeralContainers"])
            foreach (var container in PodResources.Containers(JsonTree.Object(request.Object, "spec"), list))
                if (request.Operation == AdmissionOperation.Create || list == "ephemeralContainers") container["imagePullPolicy"] = "Always";
        return ValueTask.FromResult<ApiError?>(null);
    }
}
