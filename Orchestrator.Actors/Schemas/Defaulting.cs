using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Fills in what a client may leave out: first what the schema says, then what the kind's strategy does.</summary>
public static class Defaulting
{
    public static void Apply(ResourceSchema schema, JsonObject tree)
    {
        // Go cannot tell an absent spec from an empty one, and defaults below it apply to both.
        if (!schema.IsCustom && !schema.IsVirtual && schema.Root.Field("spec") is { Type.Kind: SchemaKind.Object } && tree["spec"] is null)
            tree["spec"] = new JsonObject();
        Apply(schema.Root, tree, typed: !schema.IsCustom);
        KindStrategies.Of(schema.Type)?.ApplyDefaults(tree);
    }

    /// <param name="typed">Built-in types: an empty string counts as absent, as it does in Go.</param>
    public static void Apply(TypeSchema type, JsonObject tree, bool typed)
    {
        // What objects share has its defaults.
        if (tree.IsFrozen) return;
        foreach (var field in type.DefaultedFields)
        {
            if (!tree.TryGetPropertyValue(field.Name, out var value)) tree[field.Name] = field.Default!.DeepClone();
            else if (IsUnset(field, value, typed)) tree[field.Name] = field.Default!.DeepClone();
        }
        for (var i = 0; i < tree.Count; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (value is JsonObject or JsonArray && type.Field(name) is { } field) Descend(field.Type, value, typed);
        }
    }

    private static bool IsUnset(FieldSchema field, JsonNode? value, bool typed)
    {
        if (value is null) return !field.Type.Nullable;
        if (!typed) return false;
        return field.DefaultReplacesZero ? JsonTree.AsInt64(value) == 0 : JsonTree.AsString(value) is "";
    }

    private static void Descend(TypeSchema type, JsonNode? value, bool typed)
    {
        if (type.ItemsDefault is { } fallback && !type.Items!.Nullable) FillNulls(value, fallback);
        switch (type.Kind)
        {
            case SchemaKind.Object when value is JsonObject tree:
                Apply(type, tree, typed || type.Name.Length > 0);
                break;
            case SchemaKind.List when value is JsonArray list && IsComposite(type.Items!):
                for (var i = 0; i < list.Count; i++) Descend(type.Items!, list[i], typed);
                break;
            case SchemaKind.Map when value is JsonObject map && IsComposite(type.Items!):
                for (var i = 0; i < map.Count; i++) Descend(type.Items!, map.GetAt(i).Value, typed);
                break;
            default:
                break;
        }
    }

    private static void FillNulls(JsonNode? value, JsonNode fallback)
    {
        for (var i = 0; i < (value as JsonArray)?.Count; i++)
            if (value[i] is null) value[i] = fallback.DeepClone();
        foreach (var key in (value as JsonObject)?.Where(static p => p.Value is null).Select(static p => p.Key).ToList() ?? []) value![key] = fallback.DeepClone();
    }

    private static bool IsComposite(TypeSchema type) => type.Kind is SchemaKind.Object or SchemaKind.List or SchemaKind.Map;
}
