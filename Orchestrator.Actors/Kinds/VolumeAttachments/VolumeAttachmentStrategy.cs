using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.VolumeAttachments;

/// <summary>Nothing is attached at first.</summary>
public sealed class VolumeAttachmentStrategy : IKindStrategy
{
    public void ApplyDefaults(JsonObject tree)
    {
    }

    public void PrepareForCreate(JsonObject tree) => tree["status"] = new JsonObject { ["attached"] = false };
}
