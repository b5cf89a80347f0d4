using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>JSON that is written already and goes into an object as it is.</summary>
internal readonly record struct RawJson(ReadOnlyMemory<byte> Utf8)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static RawJson Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options)) write(writer);
        return new RawJson(buffer.WrittenMemory);
    }

    /// <summary>A value for a tree that will be written; it is not for reading.</summary>
    public JsonValue ToNode() => JsonValue.Raw(Utf8);

    public JsonNode? Parse() => JsonNode.Parse(Utf8.Span);
}
