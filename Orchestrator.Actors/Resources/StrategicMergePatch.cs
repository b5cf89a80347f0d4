using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Resources;

/// <summary>Kubernetes' own patch: lists merge by a key that the schema names, and directives in the patch delete, replace or order.</summary>
/// <remarks>
/// Directives: <c>$patch: replace|delete|merge</c> in an object or an element, <c>$retainKeys: [...]</c> in an object,
/// <c>$setElementOrder/list</c> and <c>$deleteFromPrimitiveList/list</c> beside a list. Source: k8s.io/apimachinery,
/// util/strategicpatch; the order of merged lists is its order too.
/// </remarks>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string OrderPrefix = "$setElementOrder/";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";

    /// <summary>Changes <paramref name="current"/> and returns it, or refuses the patch with the codes and texts of kube-apiserver, which
    /// takes most faults for its own.</summary>
    public static PatchedObject Apply(TypeSchema type, JsonObject current, JsonObject patch)
    {
        try
        {
            return new PatchedObject(MergeObject(current, patch, type), null);
        }
        catch (PatchFault fault)
        {
            return new PatchedObject(null, fault.Error);
        }
    }

    private static JsonObject MergeObject(JsonObject target, JsonObject patch, TypeSchema? type)
    {
        switch (DirectiveOf(patch))
        {
            case "replace": return (JsonObject)Plain(patch)!;
            case "delete": return [];
            default: break;
        }
        if (patch[RetainKeys] is { } retained) Retain(target, patch, retained);

        // Elements are deleted before others are merged in, and a list may be ordered without being patched.
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeletePrefix, StringComparison.Ordinal)) DeletePrimitives(target, name[DeletePrefix.Length..], value);
            else if (name.StartsWith(OrderPrefix, StringComparison.Ordinal)) OrderOnly(target, patch, name[OrderPrefix.Length..], value, type);
        }
        foreach (var (name, value) in patch)
        {
            if (name.Length > 0 && name[0] == '$' && IsDirective(name)) continue;
            MergeField(target, patch, name, value, FieldTypeOf(type, name, out var field), field);
        }
        return target;
    }

    private static void MergeField(JsonObject target, JsonObject patch, string name, JsonNode? value, TypeSchema? type, FieldSchema? field)
    {
        if (value is null)
        {
            target.Remove(name);
            return;
        }
        var replaces = field is not null && field.Patch.HasFlag(PatchStrategies.Replace);
        switch (value, target[name])
        {
            case (JsonObject part, JsonObject inner) when !replaces:
                var merged = MergeObject(inner, part, type);
                if (!ReferenceEquals(merged, inner)) target[name] = merged;
                break;
            case (JsonArray part, JsonArray inner) when field is not null && field.Patch.HasFlag(PatchStrategies.Merge):
                target[name] = MergeList(inner, part, patch[OrderPrefix + name] as JsonArray, field);
                break;
            case (JsonObject part, _) when DirectiveOf(part) == "delete":
                target.Remove(name);
                break;
            default:
                target[name] = Plain(value);
                break;
        }
    }

    private static TypeSchema? FieldTypeOf(TypeSchema? type, string name, out FieldSchema? field)
    {
        field = null;
        if (type is null) return null;
        if (type.Kind == SchemaKind.Map) return type.Items;
        field = type.Kind == SchemaKind.Object ? type.Field(name) : null;
        return field?.Type;
    }

    private static void Retain(JsonObject target, JsonObject patch, JsonNode retained)
    {
        if (retained is not JsonArray list) throw PatchFault.Malformed("invalid patch format of retainKeys");
        var keep = list.Select(JsonTree.AsString).ToHashSet(StringComparer.Ordinal);
        // A null only clears what the kept fields replace.
        foreach (var (name, value) in patch)
            if (value is not null && !IsDirective(name) && !keep.Contains(name)) throw PatchFault.Contradicts();
        foreach (var name in target.Select(f => f.Key).Where(k => !keep.Contains(k)).ToArray()) target.Remove(name);
    }

    private static void DeletePrimitives(JsonObject target, string name, JsonNode? values)
    {
        if (values is not JsonArray doomed) throw PatchFault.Malformed("invalid patch format of primitive list");
        if (target[name] is not JsonArray list) return;
        for (var i = list.Count - 1; i >= 0; i--)
            if (doomed.Any(d => JsonTree.DeepEquals(d, list[i]))) list.RemoveAt(i);
    }

    private static void OrderOnly(JsonObject target, JsonObject patch, string name, JsonNode? order, TypeSchema? type)
    {
        if (order is not JsonArray wanted) throw PatchFault.Malformed("invalid patch format of setElementOrder list");
        if (patch[name] is JsonArray || target[name] is not JsonArray list) return;
        FieldTypeOf(type, name, out var field);
        if (field is not null) target[name] = Order(list, [.. list.Select(i => Key(i, field))], wanted, field);
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, JsonArray? order, FieldSchema field)
    {
        if (field.Type.Items!.Kind != SchemaKind.Object) return MergePrimitives(target, patch, order, field);
        if (field.PatchMergeKey.Length == 0) throw PatchFault.Malformed($"list {field.Name} has no merge key");
        if (patch.Any(p => p is JsonObject element && DirectiveOf(element) == "replace"))
            return [.. patch.Where(p => !(p is JsonObject element && DirectiveOf(element) == "replace")).Select(Plain)];

        if (order is not null) CheckOrder(patch, order, field);
        var serverOrder = target.Select(i => Key(i, field)).ToList();
        var patched = new JsonArray();
        foreach (var node in patch)
        {
            if (node is not JsonObject element) throw PatchFault.Malformed($"expected an object in list {field.Name}, found {JsonTree.KindOf(node)}");
            if (!element.ContainsKey(field.PatchMergeKey))
                throw PatchFault.Malformed($"map: {GoText(element)} does not contain declared merge key: {field.PatchMergeKey}");
            if (DirectiveOf(element) == "merge") throw PatchFault.Malformed("merging lists cannot yet be specified in the patch");
            var key = Key(element, field);
            if (DirectiveOf(element) == "delete") RemoveAll(target, key, field);
            else MergeElement(target, element, key, field);
            if (DirectiveOf(element) != "delete") patched.Add(element[field.PatchMergeKey]?.DeepClone());
        }
        return Order(target, serverOrder, order ?? patched, field);
    }

    private static void MergeElement(JsonArray target, JsonObject element, string key, FieldSchema field)
    {
        for (var i = 0; i < target.Count; i++)
        {
            if (target[i] is not JsonObject existing || Key(existing, field) != key) continue;
            var merged = MergeObject(existing, element, field.Type.Items);
            if (!ReferenceEquals(merged, existing)) target[i] = merged;
            return;
        }
        target.Add(Plain(element));
    }

    private static void RemoveAll(JsonArray target, string key, FieldSchema field)
    {
        for (var i = target.Count - 1; i >= 0; i--)
            if (Key(target[i], field) == key) target.RemoveAt(i);
    }

    private static JsonArray MergePrimitives(JsonArray target, JsonArray patch, JsonArray? order, FieldSchema field)
    {
        var serverOrder = target.Select(i => Key(i, field)).ToList();
        foreach (var value in patch)
            if (!target.Any(t => JsonTree.DeepEquals(t, value))) target.Add(value?.DeepClone());
        return Order(target, serverOrder, order ?? patch, field);
    }

    /// <summary>Puts what the patch names into its order, and weaves in what only the server has where it was before.</summary>
    /// <example>Server a, b with a patch of c gives c, a, b; a patch of b, c gives a, b, c.</example>
    private static JsonArray Order(JsonArray merged, List<string> serverOrder, JsonArray wanted, FieldSchema field)
    {
        var wantedKeys = wanted.Select(w => w is JsonObject ? Key(w, field) : JsonTree.ToText(w)).ToList();
        var items = merged.ToArray();
        merged.Clear();
        var named = items.Where(i => wantedKeys.Contains(Key(i, field))).OrderBy(i => wantedKeys.IndexOf(Key(i, field))).ToList();
        var place = 0;
        foreach (var own in items.Where(i => !wantedKeys.Contains(Key(i, field))))
        {
            var before = serverOrder.IndexOf(Key(own, field));
            while (place < named.Count && serverOrder.IndexOf(Key(named[place], field)) <= before) place++;
            named.Insert(place++, own);
        }
        return [.. named];
    }

    private static string Key(JsonNode? item, FieldSchema field) =>
        JsonTree.ToText(item is JsonObject element && field.PatchMergeKey.Length > 0 ? element[field.PatchMergeKey] : item);

    private static string? DirectiveOf(JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(Directive, out var node)) return null;
        return JsonTree.AsString(node) switch
        {
            "replace" => "replace",
            "delete" => "delete",
            "merge" => "merge",
            _ => throw PatchFault.Malformed($"unknown patch type: {GoText(node)} in map: {GoText(patch)}"),
        };
    }

    private static bool IsDirective(string name) => name is Directive or RetainKeys
        || name.StartsWith(OrderPrefix, StringComparison.Ordinal) || name.StartsWith(DeletePrefix, StringComparison.Ordinal);

    /// <summary>A copy for where nothing was before: without directives, and without nulls, which would delete.</summary>
    private static JsonNode? Plain(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject part:
                var copy = new JsonObject();
                foreach (var (name, child) in part)
                {
                    if (child is null || IsDirective(name) || (child is JsonObject inner && DirectiveOf(inner) == "delete")) continue;
                    copy[name] = Plain(child);
                }
                return copy;
            case JsonArray list:
                return new JsonArray([.. list.Where(e => !(e is JsonObject element && (DirectiveOf(element) == "delete" || IsBareDirective(element)))).Select(Plain)]);
            default:
                return value?.DeepClone();
        }
    }

    private static bool IsBareDirective(JsonObject element) => element.Count == 1 && element.ContainsKey(Directive);

    /// <summary>What the patch names must come in the order that it asks for.</summary>
    private static void CheckOrder(JsonArray patch, JsonArray order, FieldSchema field)
    {
        var named = patch.Where(p => p is not JsonObject element || DirectiveOf(element) != "delete").Select(p => Key(p, field)).ToList();
        var at = 0;
        foreach (var wanted in order)
            if (at < named.Count && named[at] == (wanted is JsonObject ? Key(wanted, field) : JsonTree.ToText(wanted))) at++;
        if (order.Count > 0 && at < named.Count)
            throw PatchFault.Malformed($"The order in patch list:\n{GoText(patch)}\n doesn't match {OrderPrefix.TrimEnd('/')} list:\n{GoText(order)}\n");
    }

    /// <summary>A value as Go's fmt prints it.</summary>
    /// <summary>JSON as Go prints maps and slices: <c>map[a:1 b:[x y]]</c>.</summary>
    public static string GoText(JsonNode? value) => value switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => $"{p.Key}:{GoText(p.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(GoText))}]",
        _ => JsonTree.AsString(value) ?? JsonTree.ToText(value),
    };

    /// <summary>Source: k8s.io/apiserver, handlers/patch.go interpretStrategicMergePatchError.</summary>
    private sealed class PatchFault(ApiError error) : Exception(error.Message)
    {
        public ApiError Error => error;

        public static PatchFault Malformed(string message) => new(ApiError.BadRequest(message));

        public static PatchFault Contradicts() => new(JsonPatch.Unprocessable);

    }
}
