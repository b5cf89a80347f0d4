using System.Buffers;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Puts what a kubelet says of a pod beside what others say in the same status: their conditions, and fields that are not its own.</summary>
/// <remarks>By splicing bytes, since every status of every pod passes here. Source: kubelet, whose status manager patches what it owns.</remarks>
public static class PodStatusMerge
{
    /// <param name="own">The status as <see cref="PodStatusWriter"/> writes it.</param>
    /// <param name="stored">The pod as it is stored now.</param>
    /// <returns>The whole status; <paramref name="own"/> itself when nobody else says anything.</returns>
    public static ReadOnlyMemory<byte> Over(ReadOnlyMemory<byte> own, StoredObject stored)
    {
        var json = stored.ToArray();
        var reader = new Utf8JsonReader(json);
        var conditions = new List<Range>();
        var fields = new List<Range>();
        if (ObjectJson.Enter(ref reader, "status"u8)) ReadForeign(ref reader, json, conditions, fields);
        return conditions.Count + fields.Count == 0 ? own : Splice(own.Span, json, conditions, fields);
    }

    private static void ReadForeign(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, List<Range> conditions, List<Range> fields)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isForeign = reader.ValueTextEquals("nominatedNodeName"u8) || reader.ValueTextEquals("resize"u8) || reader.ValueTextEquals("resourceClaimStatuses"u8);
            var isConditions = !isForeign && reader.ValueTextEquals("conditions"u8);
            reader.Read();
            if (isConditions && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var from = (int)reader.TokenStartIndex;
                    reader.Skip();
                    var range = from..(int)reader.BytesConsumed;
                    if (!IsOwn(json[range])) conditions.Add(range);
                }
                continue;
            }
            reader.Skip();
            if (isForeign) fields.Add(start..(int)reader.BytesConsumed);
        }
    }

    private static bool IsOwn(ReadOnlySpan<byte> condition)
    {
        var reader = new Utf8JsonReader(condition);
        return ObjectJson.Enter(ref reader, "type"u8) && reader.TokenType == JsonTokenType.String
            && (reader.ValueTextEquals("Ready"u8) || reader.ValueTextEquals("ContainersReady"u8) || reader.ValueTextEquals("Initialized"u8)
                || reader.ValueTextEquals("PodReadyToStartContainers"u8));
    }

    private static ReadOnlyMemory<byte> Splice(ReadOnlySpan<byte> own, ReadOnlySpan<byte> json, List<Range> conditions, List<Range> fields)
    {
        // The conditions of others come behind its own, in their order.
        var reader = new Utf8JsonReader(own);
        var merged = new ArrayBufferWriter<byte>(own.Length + json.Length);
        var (at, isEmpty) = (own.LastIndexOf((byte)'}'), own.IndexOf((byte)'"') < 0);
        if (conditions.Count > 0 && ObjectJson.Enter(ref reader, "conditions"u8) && reader.TokenType == JsonTokenType.StartArray)
        {
            var start = (int)reader.BytesConsumed;
            reader.Skip();
            var end = (int)reader.BytesConsumed - 1;
            merged.Write(own[..end]);
            var isFirst = own[start..end].IndexOf((byte)'{') < 0;
            Write(merged, json, conditions, isFirst);
            merged.Write(own[end..at]);
        }
        else
        {
            merged.Write(own[..at]);
            if (conditions.Count > 0)
            {
                merged.Write(isEmpty ? "\"conditions\":["u8 : ",\"conditions\":["u8);
                Write(merged, json, conditions, isFirst: true);
                merged.Write("]"u8);
                isEmpty = false;
            }
        }
        Write(merged, json, fields, isEmpty);
        merged.Write(own[at..]);
        return merged.WrittenMemory.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> merged, ReadOnlySpan<byte> json, List<Range> parts, bool isFirst)
    {
        foreach (var part in parts)
        {
            if (!isFirst) merged.Write(","u8);
            isFirst = false;
            merged.Write(json[part]);
        }
    }
}
