using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>A document about the API: its bytes, made once, and the ETag by which clients keep a copy.</summary>
/// <param name="Body">UTF-8 JSON, or protobuf where the document has such a form.</param>
/// <param name="ETag">A hash of the body, quoted as HTTP wants it.</param>
public sealed record DiscoveryDocument(ReadOnlyMemory<byte> Body, string ETag)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static DiscoveryDocument Create(Action<Utf8JsonWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options)) write(writer);
        return Of(stream.ToArray());
    }

    internal static DiscoveryDocument Of(ReadOnlyMemory<byte> body) => new(body, $"\"{Convert.ToHexString(SHA256.HashData(body.Span))}\"");
}
