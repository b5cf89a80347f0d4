using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>A named part of a document of version 2, a path or a definition: its bytes are made once for all documents that have it.</summary>
internal sealed class OpenApiPart
{
    // Descriptions are read by people: nothing in them needs escaping for HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<byte[]> _protobuf;

    private OpenApiPart(string name, byte[] json, Func<string, JsonElement, byte[]> encode)
    {
        (Name, Json) = (name, json);
        _protobuf = new(() =>
        {
            using var document = JsonDocument.Parse(Json);
            return encode(Name, document.RootElement);
        });
    }

    public string Name { get; }

    public byte[] Json { get; }

    /// <summary>The entry of the name and its value, without the field's number and length.</summary>
    public byte[] Protobuf => _protobuf.Value;

    public static OpenApiPart Path(string name, byte[] json) => new(name, json, OpenApiV2Protobuf.EncodePath);

    public static OpenApiPart Definition(string name, byte[] json) => new(name, json, OpenApiV2Protobuf.EncodeDefinition);

    /// <summary>The bytes of what is written.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options)) write(writer);
        return stream.ToArray();
    }

    /// <summary>Writes parts as an object, in the order of their names.</summary>
    public static void WriteAll(Utf8JsonWriter writer, IEnumerable<(string Name, byte[] Json)> parts)
    {
        writer.WriteStartObject();
        foreach (var (name, json) in parts.OrderBy(static p => p.Name, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json, skipInputValidation: true);
        }
        writer.WriteEndObject();
    }
}
