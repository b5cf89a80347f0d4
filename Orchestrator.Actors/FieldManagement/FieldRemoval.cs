using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Takes fields out of an object.</summary>
/// <remarks>Source: structured-merge-diff, typed/remove.go.</remarks>
internal static class FieldRemoval
{
    /// <summary>A new tree without what is in <paramref name="fields"/>; maps and lists that lose all they had go as well.</summary>
    public static JsonObject Remove(TypeSchema? type, JsonObject tree, FieldSet fields) => fields.IsEmpty ? tree : RemoveFromMap(type, tree, fields) ?? [];

    /// <summary>Adds to a set the named fields above each of its paths, so that what is emptied by a removal is removed itself.</summary>
    /// <remarks>Source: fieldpath, EnsureNamedFieldsAreMembers.</remarks>
    public static FieldSet WithNamedParents(TypeSchema? type, FieldSet set)
    {
        var nodes = new List<FieldNode>(set.Nodes.Length);
        foreach (var node in set.Nodes)
        {
            var element = node.Element;
            var below = type is null ? null : element.IsField ? FieldStructures.Child(type, element.Value) : type.Items;
            var named = element.IsField && FieldStructures.Names(type, element.Value);
            nodes.Add(new FieldNode(element, node.Member || (named && node.Children is not null), node.Children is null ? null : WithNamedParents(below, node.Children)));
        }
        return FieldSet.Of(nodes);
    }

    private static JsonObject? RemoveFromMap(TypeSchema? type, JsonObject tree, FieldSet fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in tree)
        {
            if (fields.Find(FieldElement.Field(name)) is not { } node)
            {
                result[name] = value?.DeepClone();
                continue;
            }
            if (node.Member) continue;
            var child = FieldStructures.Child(type, name);
            if (FromValue(child, value, node.Children!) is { } kept) result[name] = kept;
            // It is not removed itself, so somebody says it, empty; defaults may fill it again, and to some kinds its absence means more. A key that is data is
            // said by itself, whatever it leads to.
            else if (value is JsonObject && (child is { Kind: SchemaKind.Object } || !FieldStructures.Names(type, name))) result[name] = new JsonObject();
            else if (value is JsonArray && !FieldStructures.Names(type, name)) result[name] = new JsonArray();
        }
        return result.Count == 0 && tree.Count > 0 ? null : result;
    }

    private static JsonNode? FromValue(TypeSchema? type, JsonNode? value, FieldSet fields) => (FieldStructures.Of(type, value), value) switch
    {
        (FieldStructure.Map, JsonObject map) => RemoveFromMap(type, map, fields),
        (FieldStructure.List, JsonArray list) => RemoveFromList(type!, list, fields),
        _ => value?.DeepClone(),
    };

    private static JsonArray? RemoveFromList(TypeSchema type, JsonArray list, FieldSet fields)
    {
        var result = new JsonArray();
        foreach (var item in list)
        {
            var node = FieldElement.OfItem(type, item) is { } element ? fields.Find(element) : null;
            if (node is { Member: true }) continue;
            var left = node is { Children: { } children } ? FromValue(type.Items, item, children) : item?.DeepClone();
            // Of an entry that lost all it had nothing is left, not even its keys.
            if (left is not null || item is null) result.Add(left);
        }
        return result.Count == 0 && list.Count > 0 ? null : result;
    }
}
