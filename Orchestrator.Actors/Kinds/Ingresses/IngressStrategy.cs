using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Ingresses;

/// <summary>A new ingress has no address.</summary>
public sealed class IngressStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
}
