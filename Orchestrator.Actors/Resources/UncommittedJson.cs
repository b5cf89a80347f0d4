using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>An object ready to be committed: its JSON with <c>"resourceVersion":""</c>, and where the number goes.</summary>
/// <param name="Bytes">The whole object in UTF-8.</param>
/// <param name="VersionOffset">The index between the two quotes of the empty resourceVersion (bytes).</param>
/// <remarks>The version is known only at commit; splicing it in costs one copy and no second serialization.</remarks>
public readonly record struct UncommittedJson(ReadOnlyMemory<byte> Bytes, int VersionOffset)
{
    /// <summary>A buffer that one large object made larger than this is not kept (bytes).</summary>
    private const int KeptMax = 256 * 1024;

    // What a thread writes into, again and again, so that an object costs only its own bytes.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    // Objects are read by JSON parsers and by people in the journal, never embedded in HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Serializes <paramref name="tree"/>, the one time that happens; its <c>metadata</c> must be an object.</summary>
    public static UncommittedJson From(JsonObject tree)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(16 * 1024);
        // A tree that could not be written left its beginning behind.
        buffer.ResetWrittenCount();
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        writer.Reset(buffer);
        var offset = -1;
        writer.WriteStartObject();
        foreach (var (name, value) in tree)
        {
            writer.WritePropertyName(name);
            if (name == "metadata") offset = WriteMetadata(writer, value!.AsObject());
            else if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer);
        }
        writer.WriteEndObject();
        writer.Flush();
        if (offset < 0) throw new ArgumentException("the object has no metadata", nameof(tree));
        if (buffer.Capacity > KeptMax) _buffer = null;
        return new UncommittedJson(buffer.WrittenSpan.ToArray(), offset);
    }

    private static int WriteMetadata(Utf8JsonWriter writer, JsonObject metadata)
    {
        writer.WriteStartObject();
        writer.WriteString("resourceVersion"u8, ReadOnlySpan<byte>.Empty);
        var offset = (int)(writer.BytesCommitted + writer.BytesPending) - 1;
        foreach (var (name, value) in metadata)
        {
            if (name == "resourceVersion") continue;
            writer.WritePropertyName(name);
            if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer);
        }
        writer.WriteEndObject();
        return offset;
    }

    /// <summary>The final bytes of this object as of <paramref name="revision"/>.</summary>
    public byte[] WithRevision(long revision)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(revision, digits, out var length);
        var final = new byte[Bytes.Length + length];
        Bytes.Span[..VersionOffset].CopyTo(final);
        digits[..length].CopyTo(final.AsSpan(VersionOffset));
        Bytes.Span[VersionOffset..].CopyTo(final.AsSpan(VersionOffset + length));
        return final;
    }
}
