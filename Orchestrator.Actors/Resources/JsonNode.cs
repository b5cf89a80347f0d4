using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Actors.Resources;

/// <summary>A JSON value of a tree: an object, a list, or a leaf. The value <c>null</c> is the reference <c>null</c>.</summary>
/// <remarks>
/// Its members are named as those of System.Text.Json.Nodes, whose trees cost more than ours do: names are hashed, values are boxed,
/// and a node has a parent, so that it has to be copied to stand in a second tree. A node of ours knows of no parent and may stand in
/// several trees. Leaves never change; objects and lists do, and then in each tree that they stand in: what is shared is not to be
/// changed in place, and what is shared by all is frozen (<see cref="Freeze"/>). Two nodes are equal if they are the same; values are compared by <see cref="DeepEquals"/>.
/// Reading from several threads is safe while nobody writes.
/// </remarks>
[DebuggerDisplay("{ToJsonString(),nq}")]
[JsonConverter(typeof(JsonNodeConverter))]
public abstract class JsonNode
{
    private static readonly UTF8Encoding Strict = new(false, true);

    private protected JsonNode()
    {
    }

    /// <summary>The field of an object; null when it is absent or null.</summary>
    /// <exception cref="InvalidOperationException">The node is no object.</exception>
    public JsonNode? this[string name]
    {
        get => AsObject().Get(name);
        set => AsObject().Set(name, value);
    }

    /// <summary>The element of a list.</summary>
    /// <exception cref="InvalidOperationException">The node is no list.</exception>
    public JsonNode? this[int index]
    {
        get => AsArray().Get(index);
        set => AsArray().Set(index, value);
    }

    [return: NotNullIfNotNull(nameof(value))]
    public static implicit operator JsonNode?(string? value) => JsonValue.Create(value);

    public static implicit operator JsonNode(bool value) => JsonValue.Create(value);

    public static implicit operator JsonNode(int value) => JsonValue.Create(value);

    public static implicit operator JsonNode(long value) => JsonValue.Create(value);

    public static implicit operator JsonNode(double value) => JsonValue.Create(value);

    public static implicit operator JsonNode?(bool? value) => value is { } given ? JsonValue.Create(given) : null;

    public static implicit operator JsonNode?(int? value) => value is { } given ? JsonValue.Create(given) : null;

    public static implicit operator JsonNode?(long? value) => value is { } given ? JsonValue.Create(given) : null;

    public static implicit operator JsonNode?(double? value) => value is { } given ? JsonValue.Create(given) : null;

    public static explicit operator string?(JsonNode? node) => node?.GetValue<string>();

    public static explicit operator bool(JsonNode node) => node.GetValue<bool>();

    public static explicit operator int(JsonNode node) => node.GetValue<int>();

    public static explicit operator long(JsonNode node) => node.GetValue<long>();

    public static explicit operator double(JsonNode node) => node.GetValue<double>();

    public static explicit operator bool?(JsonNode? node) => node?.GetValue<bool>();

    public static explicit operator int?(JsonNode? node) => node?.GetValue<int>();

    public static explicit operator long?(JsonNode? node) => node?.GetValue<long>();

    public static explicit operator double?(JsonNode? node) => node?.GetValue<double>();

    /// <summary>Reads a JSON text. Of a field that is given twice the last one wins; it stands where the first one stood.</summary>
    /// <exception cref="JsonException">The text is no JSON, or too deep (<see cref="ObjectJson.DepthMax"/>).</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8) => ObjectJson.Read(utf8);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <exception cref="ArgumentException">The text is no UTF-16.</exception>
    public static JsonNode? Parse(string text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return ObjectJson.Read(buffer.AsSpan(0, Strict.GetBytes(text, buffer)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Equal as JSON values: the order of fields does not matter, 1 equals 1.0.</summary>
    public static bool DeepEquals(JsonNode? a, JsonNode? b) => JsonTree.DeepEquals(a, b);

    public abstract JsonValueKind GetValueKind();

    /// <summary>A copy of which no part is shared that can change.</summary>
    public abstract JsonNode DeepClone();

    /// <summary>Makes the node, with all below it, one that cannot be changed any more, so that trees may share it: what would change it
    /// throws an <see cref="InvalidOperationException"/>. A copy of it can be changed.</summary>
    public virtual void Freeze()
    {
    }

    public abstract void WriteTo(Utf8JsonWriter writer);

    internal abstract void WriteTo(JsonText text);

    /// <exception cref="InvalidOperationException">The node is no object.</exception>
    public JsonObject AsObject() => this as JsonObject ?? throw NotA("object");

    /// <exception cref="InvalidOperationException">The node is no list.</exception>
    public JsonArray AsArray() => this as JsonArray ?? throw NotA("array");

    /// <summary>What a leaf says.</summary>
    /// <typeparam name="T">string, bool, int, long or double.</typeparam>
    /// <exception cref="InvalidOperationException">The node is no leaf, or its value is none of that type.</exception>
    public T GetValue<T>() => this is JsonValue leaf && leaf.TryGetValue(out T? value) ? value : throw NotA(typeof(T).Name);

    /// <summary>The node as JSON.</summary>
    /// <param name="options">How characters are escaped and whether lines are broken; other options say nothing. Null for one line in
    /// which all but plain ASCII is escaped.</param>
    public string ToJsonString(JsonSerializerOptions? options = null) =>
        Write(options is null ? default : new JsonWriterOptions { Encoder = options.Encoder, Indented = options.WriteIndented, SkipValidation = true });

    /// <summary>The text of a string; of all else the JSON, in lines.</summary>
    public override string ToString() => Write(new JsonWriterOptions { Indented = true, SkipValidation = true });

    private protected string Write(JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options)) WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private protected static InvalidOperationException Frozen() => new("a JSON value that trees share was about to be changed in place");

    private InvalidOperationException NotA(string wanted) => new($"a JSON value of the kind {GetValueKind()} was taken for one of the kind {wanted}");
}
