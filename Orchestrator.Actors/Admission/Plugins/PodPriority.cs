using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Turns the name of a pod's priority class into its priority.</summary>
/// <remarks>Source: kube-apiserver, admission plugin Priority. Only the two classes of the system exist so far.</remarks>
public sealed class PodPriority : IAdmissionPlugin
{
    public string Name => "Priority";

    private const int SystemClusterCritical = 2_000_000_000;
    private const int SystemNodeCritical = 2_000_001_000;

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Admit(request));

    private static ApiError? Admit(AdmissionRequest request)
    {
        if (request.Operation != AdmissionOperation.Create || request.Schema.Type != ResourceTypes.Pods || request.Subresource.Length > 0) return null;
        if (JsonTree.Object(request.Object, "spec") is not { } spec) return null;
        var name = JsonTree.String(spec, "priorityClassName");
        int? priority = name switch
        {
            null or "" => 0,
            "system-cluster-critical" => SystemClusterCritical,
            "system-node-critical" => SystemNodeCritical,
            _ => null,
        };
        if (priority is not { } value)
            return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"no PriorityClass with name {name} was found");
        if (JsonTree.Int64(spec, "priority") is { } given && given != value)
            return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name,
                $"the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name");
        spec["priority"] = value;
        if (!spec.ContainsKey("preemptionPolicy")) spec["preemptionPolicy"] = "PreemptLowerPriority";
        return null;
    }
}
