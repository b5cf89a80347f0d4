using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>A new node takes no pods until it has said that it is ready.</summary>
/// <remarks>Source: kube-apiserver, admission plugin TaintNodesByCondition. The node controller takes the taint away.</remarks>
public sealed class TaintNodesByCondition : IAdmissionPlugin
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    public string Name => "TaintNodesByCondition";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation != AdmissionOperation.Create || !request.IsOf(ResourceTypes.Nodes)) return ValueTask.FromResult<ApiError?>(null);
        var spec = JsonTree.Ensure(request.Object!, "spec");
        if (spec["taints"] is not JsonArray taints) spec["taints"] = taints = [];
        if (!taints.Any(static t => t is JsonObject taint && JsonTree.String(taint, "key") == NotReady && JsonTree.String(taint, "effect") == "NoSchedule"))
            taints.Add(new JsonObject { ["key"] = NotReady, ["effect"] = "NoSchedule" });
        return ValueTask.FromResult<ApiError?>(null);
    }
}
