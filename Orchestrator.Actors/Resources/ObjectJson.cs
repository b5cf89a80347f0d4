using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>A parsed document, or why it is none.</summary>
/// <param name="Tree">The root; null when there is a fault or when the document is <c>null</c>.</param>
/// <param name="Fault">In the words of Go's encoding/json; null when the document is well-formed.</param>
/// <param name="Duplicates">Paths of fields that were given more than once; the last one won. Null for none.</param>
public readonly record struct ParsedJson(JsonNode? Tree, string? Fault, List<string>? Duplicates);

/// <summary>A field of the root whose value may be known by its text.</summary>
/// <param name="Name">The field's.</param>
/// <param name="Find">The frozen tree of the object with which a text begins, and the object's length (bytes); null when it is not known.</param>
internal sealed record KnownField(string Name, KnownField.Finder Find)
{
    public delegate (JsonObject Tree, int Length)? Finder(ReadOnlySpan<byte> text);
}

/// <summary>Reads a JSON text into a tree that may be changed.</summary>
/// <remarks>Values are created as our own code would create them, not as slices of a document: changing the tree is
/// then cheap and it holds on to no buffer. A number keeps its exact text.</remarks>
public static class ObjectJson
{
    /// <summary>Deepest nesting (levels). Deeper text is refused, so that no recursion over a tree can exhaust the stack.</summary>
    public const int DepthMax = 100;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = DepthMax };

    private static readonly JsonReaderState BehindField = StateBehindField();

    public static ParsedJson Parse(ReadOnlySpan<byte> utf8) => Parse(utf8, null, out _);

    /// <summary>Reads the text of an object of which one field may be known by its text.</summary>
    /// <param name="known">Finds the field's value: the frozen tree of the object with which a text begins, and its length; null for none.</param>
    /// <param name="part">Where the value of that field stands when it is an object that was read and not found.</param>
    internal static ParsedJson Parse(ReadOnlySpan<byte> utf8, KnownField? known, out Range part)
    {
        part = default;
        // A byte order mark is not JSON, but editors write it and Kubernetes reads past it.
        var mark = utf8.StartsWith("\uFEFF"u8) ? 3 : 0;
        utf8 = utf8[mark..];
        List<string>? duplicates = null;
        try
        {
            if (known is null) return new ParsedJson(Read(utf8, ref duplicates), null, duplicates);
            var tree = Read(utf8, known, ref duplicates, ref part);
            if (part.End.Value > 0) part = (part.Start.Value + mark)..(part.End.Value + mark);
            return new ParsedJson(tree, null, duplicates);
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

    /// <summary>Moves into the object that comes next, or on which the reader stands, and to the value of one of its fields.</summary>
    /// <returns>False when there is no such object or field; the reader is then behind it.</returns>
    public static bool Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType != JsonTokenType.StartObject && (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var here = reader.ValueTextEquals(name);
            reader.Read();
            if (here) return true;
            reader.Skip();
        }
        return false;
    }

    /// <summary>Goes on behind the value of a field of the root.</summary>
    /// <param name="rest">The text from there on.</param>
    internal static Utf8JsonReader ReadOn(ReadOnlySpan<byte> rest) => new(rest, isFinalBlock: true, BehindField);

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

    private static JsonNode? Read(ReadOnlySpan<byte> utf8, KnownField known, ref List<string>? duplicates, ref Range part)
    {
        var reader = new Utf8JsonReader(utf8, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return Read(utf8, ref duplicates);
        var tree = new JsonObject();
        // Where the text of the present reader begins.
        var from = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            JsonNode? value;
            var start = from + (int)reader.TokenStartIndex;
            if (name != known.Name || reader.TokenType != JsonTokenType.StartObject) value = ReadField(ref reader, name, ref duplicates);
            else if (known.Find(utf8[start..]) is (var found, var length))
            {
                value = found;
                from = start + length;
                reader = ReadOn(utf8[from..]);
            }
            else
            {
                value = ReadField(ref reader, name, ref duplicates);
                part = start..(from + (int)reader.BytesConsumed);
            }
            Put(tree, name, value, null, ref duplicates);
        }
        reader.Read();
        return tree;
    }

    // The state of a reader that has read a value of the root and is about to read what follows.
    private static JsonReaderState StateBehindField()
    {
        var reader = new Utf8JsonReader("{\"\":{}"u8, isFinalBlock: false, new JsonReaderState(Options));
        while (reader.Read()) continue;
        return reader.CurrentState;
    }

    private static JsonNode? ReadField(ref Utf8JsonReader reader, string name, ref List<string>? duplicates) =>
        ReadValue(ref reader, reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? new Trail(null, name, 0) : null, ref duplicates);

    private static void Put(JsonObject tree, string name, JsonNode? value, Trail? trail, ref List<string>? duplicates)
    {
        if (tree.TryAdd(name, value)) return;
        (duplicates ??= []).Add(new Trail(trail, name, 0).ToString());
        tree[name] = value;
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
            Put(tree, name, value, trail, ref duplicates);
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
