using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Tells a heartbeat from a change that must survive its owner.</summary>
/// <remarks>
/// A Lease whose renewTime alone moves says that its holder lives, and losing that costs a renewal. Who the holder is must not be lost:
/// after a fail-over a second one would be let in beside it.
/// </remarks>
internal static class Heartbeat
{
    public static bool IsOnly(StoredObject before, StoredObject after) => JsonNode.DeepEquals(Lasting(before), Lasting(after));

    private static JsonObject Lasting(StoredObject o)
    {
        var tree = o.ToTree();
        (tree["spec"] as JsonObject)?.Remove("renewTime");
        if (tree["metadata"] is JsonObject metadata)
        {
            metadata.Remove("resourceVersion");
            metadata.Remove("managedFields");
        }
        return tree;
    }
}
