using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orchestrator.Actors.Kinds;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>Writes stored JSON as the protobuf message of its type. Fields that the type does not number are left out.</summary>
internal static class ProtobufEncoder
{
    private const int EmbeddedDepthMax = 4;

    public static void WriteMessage(ProtobufWriter writer, TypeSchema type, JsonElement value)
    {
        var layout = MessageLayout.Of(type);
        var count = layout.Slots.Length;
        if (count == 0 || value.ValueKind != JsonValueKind.Object) return;

        // Fields go out in the order of their numbers, which also brings those of one embedded message together.
        var values = ArrayPool<JsonElement>.Shared.Rent(count);
        try
        {
            values.AsSpan(0, count).Clear();
            foreach (var property in value.EnumerateObject())
                if (layout.Find(property.Name) is >= 0 and var index) values[index] = property.Value;
            WriteSlots(writer, layout, values.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<JsonElement>.Shared.Return(values, clearArray: true);
        }
    }

    private static void WriteSlots(ProtobufWriter writer, MessageLayout layout, ReadOnlySpan<JsonElement> values)
    {
        Span<int> open = stackalloc int[EmbeddedDepthMax];
        Span<int> starts = stackalloc int[EmbeddedDepthMax];
        var depth = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) continue;
            var slot = layout.Slots[i];
            var around = slot.Path.AsSpan()[..^1];
            var shared = open[..depth].CommonPrefixLength(around);
            while (depth > shared) writer.End(starts[--depth]);
            while (depth < around.Length)
            {
                open[depth] = around[depth];
                starts[depth] = writer.Begin(around[depth]);
                depth++;
            }
            WriteField(writer, slot, layout.Type, values[i]);
        }
        while (depth > 0) writer.End(starts[--depth]);
    }

    private static void WriteField(ProtobufWriter writer, MessageSlot slot, TypeSchema owner, JsonElement value)
    {
        switch (slot.Field.Type.Kind)
        {
            case SchemaKind.List:
                foreach (var item in value.EnumerateArray()) WriteValue(writer, slot.Number, slot.Field.Type.Items!, item);
                break;
            case SchemaKind.Map:
                foreach (var entry in value.EnumerateObject())
                {
                    var start = writer.Begin(slot.Number);
                    writer.Text(1, entry.Name);
                    if (slot.Union != UnionForm.None) WriteUnion(writer, 2, slot.Union, owner, entry.Value);
                    else WriteValue(writer, 2, slot.Field.Type.Items!, entry.Value);
                    writer.End(start);
                }
                break;
            default:
                if (slot.Union != UnionForm.None) WriteUnion(writer, slot.Number, slot.Union, owner, value);
                else WriteValue(writer, slot.Number, slot.Field.Type, value);
                break;
        }
    }

    private static void WriteValue(ProtobufWriter writer, int number, TypeSchema type, JsonElement value)
    {
        switch (type.Kind)
        {
            case SchemaKind.String: writer.Text(number, value.GetString() ?? ""); break;
            case SchemaKind.Int32:
            case SchemaKind.Int64: writer.Int(number, Whole(value)); break;
            case SchemaKind.Double: writer.Double(number, value.GetDouble()); break;
            case SchemaKind.Bool: writer.Bool(number, value.GetBoolean()); break;
            case SchemaKind.Bytes: writer.Bytes(number, value.ValueKind == JsonValueKind.String ? value.GetBytesFromBase64() : []); break;
            default:
                var start = writer.Begin(number);
                WriteWrapped(writer, type, value);
                writer.End(start);
                break;
        }
    }

    /// <summary>The values that are messages of their own.</summary>
    private static void WriteWrapped(ProtobufWriter writer, TypeSchema type, JsonElement value)
    {
        switch (type.Kind)
        {
            case SchemaKind.Object:
                WriteMessage(writer, type, value);
                break;
            case SchemaKind.List:
                // A list within a map is wrapped, since the value of a map cannot be repeated.
                foreach (var item in value.EnumerateArray()) WriteValue(writer, 1, type.Items!, item);
                break;
            case SchemaKind.Quantity:
                writer.Text(1, value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
                break;
            case SchemaKind.IntOrString:
                var text = value.ValueKind == JsonValueKind.String;
                writer.Int(1, text ? 1 : 0);
                writer.Int(2, text ? 0 : Whole(value));
                writer.Text(3, text ? value.GetString()! : "");
                break;
            case SchemaKind.Time:
            case SchemaKind.MicroTime:
                WriteTime(writer, value);
                break;
            case SchemaKind.Duration:
                writer.Int(1, (long)((GoDuration.Parse(value.GetString() ?? "", out _) ?? TimeSpan.Zero).TotalMicroseconds * 1000));
                break;
            case SchemaKind.RawObject:
            case SchemaKind.Any:
                writer.Bytes(1, JsonMarshal.GetRawUtf8Value(value));
                break;
            default:
                throw new InvalidOperationException($"{type} is no message");
        }
    }

    private static void WriteTime(ProtobufWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return;
        var time = DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        writer.Int(1, time.ToUnixTimeSeconds());
        writer.Int(2, time.UtcTicks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
    }

    private static void WriteUnion(ProtobufWriter writer, int number, UnionForm form, TypeSchema schema, JsonElement value)
    {
        var start = writer.Begin(number);
        switch (value.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                writer.Bool(1, value.GetBoolean());
                break;
            case JsonValueKind.Array when form == UnionForm.SchemaOrStrings:
                foreach (var item in value.EnumerateArray()) writer.Text(2, item.GetString() ?? "");
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) WriteValue(writer, 2, schema, item);
                break;
            default:
                if (form == UnionForm.SchemaOrBool) writer.Bool(1, true);
                WriteValue(writer, form == UnionForm.SchemaOrBool ? 2 : 1, schema, value);
                break;
        }
        writer.End(start);
    }

    // A number such as 1e3 or 5.0 is whole too, though its text is not.
    private static long Whole(JsonElement value) => value.TryGetInt64(out var whole) ? whole : (long)value.GetDouble();
}
