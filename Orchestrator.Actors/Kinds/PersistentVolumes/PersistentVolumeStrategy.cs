using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>A new volume waits for its claim.</summary>
/// <remarks>Source: kubernetes pkg/registry/core/persistentvolume/strategy.go.</remarks>
public sealed class PersistentVolumeStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    /// <summary>What the gate VolumeAttributesClass is for.</summary>
    public void DropClosed(JsonObject tree, JsonObject? stored)
    {
        if (stored?["spec"]?["volumeAttributesClassName"] is null) (tree["spec"] as JsonObject)?.Remove("volumeAttributesClassName");
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject
    {
        ["phase"] = "Pending",
        ["lastPhaseTransitionTime"] = tree["metadata"]?["creationTimestamp"]?.DeepClone(),
    };
}
