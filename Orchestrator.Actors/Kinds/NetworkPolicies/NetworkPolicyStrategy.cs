using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.NetworkPolicies;

/// <summary>A policy that does not say what it limits limits what pods take, and what they send where it has rules about that.</summary>
/// <remarks>Source: kubernetes pkg/apis/networking/v1/defaults.go.</remarks>
public sealed class NetworkPolicyStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec || spec["policyTypes"] is JsonArray { Count: > 0 }) return;
        var types = new JsonArray("Ingress");
        if (spec.CountOf("egress") > 0) types.Add("Egress");
        spec["policyTypes"] = types;
    }
}
