using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>The envelope of a protobuf body: what kind of object follows.</summary>
public sealed record ProtobufEnvelope(string ApiVersion, string Kind, ReadOnlyMemory<byte> Raw);

/// <summary>Kubernetes' protobuf, from and to the stored JSON bytes, by the field numbers of the schemas.</summary>
/// <remarks>A body is the four bytes <c>k8s\0</c> and a runtime.Unknown, whose raw bytes are the message of the kind.</remarks>
public static class ProtobufTranscoder
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    /// <summary>The media type of a stream of watch frames.</summary>
    public const string WatchMediaType = MediaType + ";stream=watch";

    /// <summary>The largest body that is read (bytes).</summary>
    /// <remarks>Source: the limit of kube-apiserver for request bodies, 3 MiB.</remarks>
    public const int BodyBytesMax = 3 * 1024 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Reads the envelope of a body.</summary>
    public static (ProtobufEnvelope? Envelope, ApiError? Error) ReadEnvelope(ReadOnlyMemory<byte> body)
    {
        if (body.Length > BodyBytesMax) return (null, new ApiError(413, "RequestEntityTooLarge", $"the body is larger than {BodyBytesMax} bytes"));
        if (!body.Span.StartsWith(Magic)) return (null, ApiError.BadRequest("the body does not begin with the prefix of Kubernetes' protobuf"));
        try
        {
            return (Unwrap(body[Magic.Length..]), null);
        }
        catch (ProtobufFormatException e)
        {
            return (null, Malformed(e));
        }
    }

    /// <summary>The JSON of a body, apiVersion and kind included.</summary>
    /// <returns>The bytes, or why they are refused: 400 for what is no protobuf of the kind, 415 for a kind that has no protobuf form.</returns>
    public static (byte[]? Json, ApiError? Error) Decode(SchemaCatalog catalog, ReadOnlyMemory<byte> body)
    {
        var (envelope, error) = ReadEnvelope(body);
        if (envelope is null) return (null, error);
        if (FindType(catalog, envelope.ApiVersion, envelope.Kind) is not { } type)
            return (null, new ApiError(415, "UnsupportedMediaType", $"{envelope.ApiVersion}, Kind={envelope.Kind} has no protobuf form"));
        return Decode(type, envelope);
    }

    /// <summary>The JSON of an unwrapped body whose type is known.</summary>
    public static (byte[]? Json, ApiError? Error) Decode(TypeSchema type, ProtobufEnvelope envelope)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(256, envelope.Raw.Length * 2));
        try
        {
            using var writer = new Utf8JsonWriter(output, Options);
            writer.WriteStartObject();
            if (envelope.ApiVersion.Length > 0) writer.WriteString("apiVersion"u8, envelope.ApiVersion);
            if (envelope.Kind.Length > 0) writer.WriteString("kind"u8, envelope.Kind);
            new ProtobufDecoder(envelope.Raw, writer).WriteFields(type, 0, envelope.Raw.Length, 0);
            writer.WriteEndObject();
        }
        catch (ProtobufFormatException e)
        {
            return (null, Malformed(e));
        }
        return (output.WrittenSpan.ToArray(), null);
    }

    /// <summary>The type of a kind's protobuf message; null for kinds that have none, as custom resources.</summary>
    public static TypeSchema? FindType(SchemaCatalog catalog, string apiVersion, string kind)
    {
        // Clients send options under the version of the group that they talk to.
        if (kind is "DeleteOptions" or "Status") return catalog.FindType("meta.v1." + kind);
        // What clients before 1.22 evict with; the fields are the same.
        if (kind == "Eviction" && apiVersion == "policy/v1beta1") apiVersion = "policy/v1";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var group = slash < 0 ? "" : apiVersion[..slash];
        var version = apiVersion[(slash + 1)..];
        if (catalog.FindKind(group, version, kind) is { } resource) return resource.IsCustom ? null : resource.Root;
        var dot = group.IndexOf('.', StringComparison.Ordinal);
        var package = group.Length == 0 ? "core" : dot < 0 ? group : group[..dot];
        return catalog.FindType($"{package}.{version}.{kind}");
    }

    /// <summary>The message of one object without an envelope, as lists hold it: worth keeping per version.</summary>
    public static byte[] EncodeRaw(TypeSchema type, ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        using var writer = new ProtobufWriter();
        ProtobufEncoder.WriteMessage(writer, type, document.RootElement);
        return writer.Written.ToArray();
    }

    /// <summary>The message of a PartialObjectMetadata: the metadata of an object of any kind, custom ones too.</summary>
    public static byte[] EncodeMetadata(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(MetadataProjection.Of(json));
        using var writer = new ProtobufWriter();
        var metadata = writer.Begin(1);
        ProtobufEncoder.WriteMessage(writer, SchemaCatalog.BuiltIn.Type("meta.v1.ObjectMeta"), document.RootElement);
        writer.End(metadata);
        return writer.Written.ToArray();
    }

    /// <summary>Writes a whole body from JSON.</summary>
    public static void Encode(IBufferWriter<byte> output, TypeSchema type, string apiVersion, string kind, ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        using var writer = new ProtobufWriter();
        ProtobufEncoder.WriteMessage(writer, type, document.RootElement);
        Wrap(output, apiVersion, kind, writer.Written);
    }

    /// <summary>Puts a message into its envelope.</summary>
    public static void Wrap(IBufferWriter<byte> output, string apiVersion, string kind, ReadOnlySpan<byte> raw)
    {
        using var writer = new ProtobufWriter();
        WriteUnknown(writer, apiVersion, kind, raw);
        output.Write(Magic);
        output.Write(writer.Written);
    }

    /// <summary>Writes a list of messages made by <see cref="EncodeRaw"/>.</summary>
    public static void EncodeList(
        IBufferWriter<byte> output, string apiVersion, string listKind, IEnumerable<ReadOnlyMemory<byte>> items, string resourceVersion,
        string continueToken = "", long? remainingItems = null)
    {
        using var list = new ProtobufWriter();
        var meta = list.Begin(1);
        list.Text(2, resourceVersion);
        if (continueToken.Length > 0) list.Text(3, continueToken);
        if (remainingItems is { } remaining) list.Int(4, remaining);
        list.End(meta);
        foreach (var item in items) list.Bytes(2, item.Span);
        Wrap(output, apiVersion, listKind, list.Written);
    }

    /// <summary>Writes one frame of a watch: the length in four bytes, then a WatchEvent around a whole body.</summary>
    /// <param name="output">Where the frame goes.</param>
    /// <param name="eventType">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
    /// <param name="apiVersion">That of the object.</param>
    /// <param name="kind">That of the object; Status for ERROR.</param>
    /// <param name="raw">The message of the object.</param>
    public static void EncodeWatchFrame(IBufferWriter<byte> output, string eventType, string apiVersion, string kind, ReadOnlySpan<byte> raw)
    {
        var body = new ArrayBufferWriter<byte>(raw.Length + 64);
        Wrap(body, apiVersion, kind, raw);
        using var writer = new ProtobufWriter();
        writer.Text(1, eventType);
        var embedded = writer.Begin(2);
        writer.Bytes(1, body.WrittenSpan);
        writer.End(embedded);
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), (uint)writer.Length);
        output.Advance(4);
        output.Write(writer.Written);
    }

    private static void WriteUnknown(ProtobufWriter writer, string apiVersion, string kind, ReadOnlySpan<byte> raw)
    {
        var meta = writer.Begin(1);
        writer.Text(1, apiVersion);
        writer.Text(2, kind);
        writer.End(meta);
        writer.Bytes(2, raw);
        writer.Text(3, "");
        writer.Text(4, "");
    }

    private static ProtobufEnvelope Unwrap(ReadOnlyMemory<byte> unknown)
    {
        string apiVersion = "", kind = "";
        ReadOnlyMemory<byte> raw = default;
        var reader = new ProtobufReader(unknown.Span);
        while (reader.TryRead(out var field))
        {
            if (field is { Number: 1, Wire: WireType.Length })
            {
                var meta = unknown.Span.Slice(field.Offset, field.Length);
                var inner = new ProtobufReader(meta);
                while (inner.TryRead(out var part))
                {
                    if (part.Wire != WireType.Length) continue;
                    var text = System.Text.Encoding.UTF8.GetString(meta.Slice(part.Offset, part.Length));
                    if (part.Number == 1) apiVersion = text;
                    else if (part.Number == 2) kind = text;
                }
            }
            else if (field is { Number: 2, Wire: WireType.Length })
            {
                raw = unknown.Slice(field.Offset, field.Length);
            }
            else if (field is { Number: 3, Wire: WireType.Length, Length: > 0 })
            {
                throw new ProtobufFormatException("encoded contents are not known here");
            }
        }
        return new ProtobufEnvelope(apiVersion, kind, raw);
    }

    private static ApiError Malformed(ProtobufFormatException e) => ApiError.BadRequest($"the body is malformed protobuf: {e.Message}");
}
