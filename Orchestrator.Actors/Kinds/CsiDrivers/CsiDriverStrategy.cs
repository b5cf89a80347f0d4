using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CsiDrivers;

/// <summary>A driver that does not say so has persistent volumes.</summary>
/// <remarks>Source: kubernetes pkg/apis/storage/v1/defaults.go.</remarks>
public sealed class CsiDriverStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
        if (tree["spec"] is JsonObject spec && spec["volumeLifecycleModes"] is not JsonArray { Count: > 0 }) spec["volumeLifecycleModes"] = new JsonArray("Persistent");
    }
}
