using System.Text.Json.Nodes;

namespace Orchestrator.Actors.Kinds;

/// <summary>Walks the lists of objects in a tree; what is absent or of another shape has no entries.</summary>
internal static class ObjectLists
{
    public static IEnumerable<(int Index, JsonObject Item)> Entries(this JsonObject? owner, string name)
    {
        if (owner?[name] is not JsonArray list) yield break;
        for (var i = 0; i < list.Count; i++)
            if (list[i] is JsonObject item) yield return (i, item);
    }

    /// <summary>How many entries a list or a map has; 0 where it is absent.</summary>
    public static int CountOf(this JsonObject? owner, string name) => owner?[name] switch
    {
        JsonArray list => list.Count,
        JsonObject map => map.Count,
        _ => 0,
    };
}
