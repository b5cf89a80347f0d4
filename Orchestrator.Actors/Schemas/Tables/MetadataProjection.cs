using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>PartialObjectMetadata: the metadata of an object, cut out of its bytes without parsing it into values.</summary>
public static class MetadataProjection
{
    /// <summary>Writes the object's metadata as <c>meta.k8s.io/<paramref name="version"/></c> PartialObjectMetadata.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> json, string version = "v1")
    {
        output.Write("{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/"u8);
        output.Write(Encoding.UTF8.GetBytes(version));
        output.Write("\",\"metadata\":"u8);
        var range = FindMetadata(json);
        output.Write(range.Length == 0 ? "{}"u8 : json.Slice(range.Start, range.Length));
        output.Write("}"u8);
    }

    /// <summary>Writes a PartialObjectMetadataList of the objects, in their order.</summary>
    public static void WriteList(IBufferWriter<byte> output, IEnumerable<ReadOnlyMemory<byte>> objects, in TableListMeta meta, string version = "v1")
    {
        output.Write("{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/"u8);
        output.Write(Encoding.UTF8.GetBytes(version));
        output.Write("\",\"metadata\":"u8);
        using (var writer = new Utf8JsonWriter(output)) meta.Write(writer);
        output.Write(",\"items\":["u8);
        var first = true;
        foreach (var json in objects)
        {
            if (!first) output.Write(","u8);
            first = false;
            Write(output, json.Span, version);
        }
        output.Write("]}"u8);
    }

    /// <summary>The bytes of an object's metadata within its own; <c>{}</c> when it has none.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        var (start, length) = FindMetadata(json.Span);
        return length == 0 ? "{}"u8.ToArray() : json.Slice(start, length);
    }

    private static (int Start, int Length) FindMetadata(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var here = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (here) return (start, (int)reader.BytesConsumed - start);
        }
        return default;
    }
}
