using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>JSON that is written already and goes into an object as it is.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct RawJson(ReadOnlyMemory<byte> Utf8)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonTypeInfo<RawJson> Info = (JsonTypeInfo<RawJson>)JsonSerializerOptions.Default.GetTypeInfo(typeof(RawJson));

    public static RawJson Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options)) write(writer);
        return new RawJson(buffer.WrittenMemory);
    }

    /// <summary>A value for a tree that will be written; it is not for reading.</summary>
    public JsonValue ToNode() => JsonValue.Create(this, Info)!;

    public JsonNode? Parse() => JsonNode.Parse(Utf8.Span);

    private sealed class Converter : JsonConverter<RawJson>
    {
        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.SerializeToUtf8Bytes(JsonElement.ParseValue(ref reader)));

        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) => writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }
}
