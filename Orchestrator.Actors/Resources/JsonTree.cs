using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Reads values of a JSON tree where they may be absent, or other than they should be.</summary>
public static class JsonTree
{
    public static bool IsString(JsonNode? node, [NotNullWhen(true)] out string? text)
    {
        text = (node as JsonString)?.Value;
        return text is not null;
    }

    public static string? AsString(JsonNode? node) => (node as JsonString)?.Value;

    /// <summary>The number as a whole one; null when it is no number, has a fraction or does not fit.</summary>
    public static long? AsInt64(JsonNode? node) => node is JsonWhole whole ? whole.Value : (node as JsonValue)?.Whole;

    public static double? AsDouble(JsonNode? node) => (node as JsonValue)?.Double;

    public static bool? AsBool(JsonNode? node) => (node as JsonBool)?.Value;

    public static string? String(JsonObject? owner, string name) => AsString(owner?[name]);

    public static long? Int64(JsonObject? owner, string name) => AsInt64(owner?[name]);

    public static bool? Bool(JsonObject? owner, string name) => AsBool(owner?[name]);

    public static JsonObject? Object(JsonObject? owner, string name) => owner?[name] as JsonObject;

    public static JsonArray? Array(JsonObject? owner, string name) => owner?[name] as JsonArray;

    /// <summary>The child object, made when it is absent.</summary>
    public static JsonObject Ensure(JsonObject owner, string name)
    {
        if (owner[name] is JsonObject child) return child;
        child = [];
        owner[name] = child;
        return child;
    }

    /// <summary>The node, frozen (<see cref="JsonNode.Freeze"/>).</summary>
    public static T Frozen<T>(T node) where T : JsonNode
    {
        node.Freeze();
        return node;
    }

    /// <summary>The value at a path of field names, or null.</summary>
    public static JsonNode? At(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node is not JsonObject owner || !owner.TryGetPropertyValue(name, out node)) return null;
        }
        return node;
    }

    /// <summary>What a value is, as Go's messages call it: null, object, array, string, number or bool.</summary>
    public static string KindOf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            _ => "bool",
        },
    };

    /// <summary>The value as JSON in one line, in which only what must be is escaped.</summary>
    public static string ToText(JsonNode? node)
    {
        var text = JsonText.Rent();
        text.Value(node);
        var json = Encoding.UTF8.GetString(text.Written);
        JsonText.Return(text);
        return json;
    }

    /// <summary>The same in UTF-8.</summary>
    public static byte[] ToUtf8(JsonNode? node)
    {
        var text = JsonText.Rent();
        text.Value(node);
        var json = text.Written.ToArray();
        JsonText.Return(text);
        return json;
    }

    /// <summary>Equal as JSON values: the order of fields does not matter, 1 equals 1.0.</summary>
    public static bool DeepEquals(JsonNode? a, JsonNode? b)
    {
        switch (a)
        {
            case null: return b is null;
            case JsonObject left:
                return b is JsonObject right && left.Count == right.Count && ObjectsEqual(left, right);
            case JsonArray left:
                if (b is not JsonArray array || left.Count != array.Count) return false;
                for (var i = 0; i < left.Count; i++)
                    if (!DeepEquals(left[i], array[i])) return false;
                return true;
            default:
                return b is JsonValue && ScalarsEqual(a, b);
        }
    }

    /// <summary>Written, the two are the same text.</summary>
    public static bool SameText(JsonNode? a, JsonNode? b)
    {
        if (ReferenceEquals(a, b)) return true;
        switch (a)
        {
            case null: return false;
            case JsonObject left:
                if (b is not JsonObject right || left.Count != right.Count) return false;
                for (var i = 0; i < left.Count; i++)
                {
                    var (name, value) = left.GetAt(i);
                    var (other, of) = right.GetAt(i);
                    if (!string.Equals(name, other, StringComparison.Ordinal) || !SameText(value, of)) return false;
                }
                return true;
            case JsonArray left:
                if (b is not JsonArray list || left.Count != list.Count) return false;
                for (var i = 0; i < left.Count; i++)
                    if (!SameText(left[i], list[i])) return false;
                return true;
            case JsonString left: return b is JsonString text && string.Equals(left.Value, text.Value, StringComparison.Ordinal);
            case JsonWhole left: return b is JsonWhole number && left.Value == number.Value;
            case JsonBool left: return b is JsonBool flag && left.Value == flag.Value;
            default: return b is JsonValue && b.GetType() == a.GetType() && ToText(a) == ToText(b);
        }
    }

    private static bool ObjectsEqual(JsonObject left, JsonObject right)
    {
        foreach (var (name, value) in left)
            if (!right.TryGetPropertyValue(name, out var other) || !DeepEquals(value, other)) return false;
        return true;
    }

    private static bool ScalarsEqual(JsonNode a, JsonNode b)
    {
        var kind = a.GetValueKind();
        if (kind != b.GetValueKind()) return false;
        return kind switch
        {
            JsonValueKind.String => string.Equals(AsString(a), AsString(b), StringComparison.Ordinal),
            JsonValueKind.Number => AsInt64(a) is { } x && AsInt64(b) is { } y ? x == y : AsDouble(a) == AsDouble(b),
            _ => true,
        };
    }
}
