using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>A parsed document, or why it is none.</summary>
/// <param name="Tree">The root; null when there is a fault or when the document is <c>null</c>.</param>
/// <param name="Fault">In the words of Go's encoding/json; null when the document is well-formed.</param>
/// <param name="Duplicates">Paths of fields that were given more than once; the last one won. Null for none.</param>
public readonly record struct ParsedJson(JsonNode? Tree, string? Fault, List<string>? Duplicates);

/// <summary>Reads a JSON text into a tree that may be changed.</summary>
/// <remarks>Values are created as our own code would create them, not as slices of a document: changing the tree is
/// then cheap and it holds on to no buffer. A number keeps its exact text.</remarks>
public static class ObjectJson
{
    /// <summary>Deepest nesting (levels). Deeper text is refused, so that no recursion over a tree can exhaust the stack.</summary>
    public const int DepthMax = 100;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = DepthMax };

    public static ParsedJson Parse(ReadOnlySpan<byte> utf8)
    {
        // A byte order mark is not JSON, but editors write it and Kubernetes reads past it.
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        List<string>? duplicates = null;
        try
        {
            return new ParsedJson(Read(utf8, ref duplicates), null, duplicates);
        }
        catch (JsonException)
        {
            return new ParsedJson(null, JsonSyntax.Explain(utf8, DepthMax), null);
        }
        catch (InvalidOperationException)
        {
            // A string that is no valid UTF-16 once unescaped, as "\ud800".
            return new ParsedJson(null, "invalid UTF-16 surrogate in string", null);
        }
    }

    /// <summary>The tree of a text of which nothing is said but what it says.</summary>
    /// <exception cref="JsonException">The text is no JSON, or too deep.</exception>
    internal static JsonNode? Read(ReadOnlySpan<byte> utf8)
    {
        List<string>? duplicates = null;
        try
        {
            return Read(utf8, ref duplicates);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    /// <summary>The tree of the value at which the reader stands.</summary>
    internal static JsonNode? Read(ref Utf8JsonReader reader)
    {
        List<string>? duplicates = null;
        return ReadValue(ref reader, null, ref duplicates);
    }

    /// <summary>Where the fields of a well-formed text stand, by their paths (count of fields before them): for the first time, and again.</summary>
    public static (Dictionary<string, int> First, Dictionary<string, int> Again) Places(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var again = new Dictionary<string, int>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(utf8, Options);
        // Of each object or list that the reader is in: where it is, and the elements seen if it is a list.
        var open = new Stack<(string Path, int Element)>();
        var (at, place) = ("", 0);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var owner = open.Peek().Path;
                    var name = reader.GetString()!;
                    at = owner.Length == 0 ? name : $"{owner}.{name}";
                    if (!first.TryAdd(at, place)) again.TryAdd(at, place);
                    place++;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
                default:
                    var path = at;
                    if (open.TryPeek(out var top) && top.Element >= 0)
                    {
                        path = $"{top.Path}[{top.Element.ToString(CultureInfo.InvariantCulture)}]";
                        open.Pop();
                        open.Push((top.Path, top.Element + 1));
                    }
                    if (reader.TokenType == JsonTokenType.StartObject) open.Push((path, -1));
                    else if (reader.TokenType == JsonTokenType.StartArray) open.Push((path, 0));
                    break;
            }
        }
        return (first, again);
    }

    private static JsonNode? Read(ReadOnlySpan<byte> utf8, ref List<string>? duplicates)
    {
        var reader = new Utf8JsonReader(utf8, Options);
        reader.Read();
        var tree = ReadValue(ref reader, null, ref duplicates);
        // Reading on is what finds text after the value.
        reader.Read();
        return tree;
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, Trail? trail, ref List<string>? duplicates) => reader.TokenType switch
    {
        JsonTokenType.StartObject => ReadObject(ref reader, trail, ref duplicates),
        JsonTokenType.StartArray => ReadArray(ref reader, trail, ref duplicates),
        JsonTokenType.String => RecentStrings.ReadLeaf(ref reader),
        JsonTokenType.True => JsonValue.Create(true),
        JsonTokenType.False => JsonValue.Create(false),
        JsonTokenType.Number => ReadNumber(ref reader),
        _ => null,
    };

    private static JsonObject ReadObject(ref Utf8JsonReader reader, Trail? trail, ref List<string>? duplicates)
    {
        var tree = new JsonObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            var composite = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
            var value = ReadValue(ref reader, composite ? new Trail(trail, name, 0) : null, ref duplicates);
            if (tree.TryAdd(name, value)) continue;
            (duplicates ??= []).Add(new Trail(trail, name, 0).ToString());
            tree[name] = value;
        }
        return tree;
    }

    private static JsonArray ReadArray(ref Utf8JsonReader reader, Trail? trail, ref List<string>? duplicates)
    {
        var tree = new JsonArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var composite = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
            tree.Add(ReadValue(ref reader, composite ? new Trail(trail, null, tree.Count) : null, ref duplicates));
        }
        return tree;
    }

    private static JsonValue ReadNumber(ref Utf8JsonReader reader)
    {
        // "-0" and "1.0" and "1e3" would lose their text as a long or a double.
        if (reader.TryGetInt64(out var whole) && !reader.ValueSpan.SequenceEqual("-0"u8)) return JsonValue.Create(whole);
        return JsonValue.Number(reader.ValueSpan);
    }

    /// <summary>Where the reader is; made for objects and lists only, and put into words only for a fault.</summary>
    private sealed class Trail(Trail? parent, string? name, int index)
    {
        public override string ToString()
        {
            var before = parent?.ToString() ?? "";
            if (name is null) return $"{before}[{index.ToString(CultureInfo.InvariantCulture)}]";
            return before.Length == 0 ? name : $"{before}.{name}";
        }
    }
}
