using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Orchestrator.Actors.Kinds;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>Writes protobuf messages as the JSON of their type. Fields that the type does not number are skipped.</summary>
internal sealed class ProtobufDecoder(ReadOnlyMemory<byte> bytes, Utf8JsonWriter writer)
{
    /// <summary>The deepest nesting of messages that is followed.</summary>
    /// <remarks>As deep as our JSON reader goes, so that what is stored can be read again.</remarks>
    public const int DepthMax = 60;

    private readonly List<Found> _found = [];

    /// <summary>Writes the fields of the message at a range of the bytes; the caller writes the braces around them.</summary>
    public void WriteFields(TypeSchema type, int offset, int length, int depth)
    {
        if (depth > DepthMax) throw new ProtobufFormatException($"messages are nested deeper than {DepthMax}");
        var layout = MessageLayout.Of(type);
        var first = _found.Count;
        Gather(layout.Root, offset, length);

        // Fields may come in any order, and an item of a list at a time. Equal slots keep the order of the bytes.
        var count = _found.Count - first;
        _found.Sort(first, count, Found.Order);
        for (var at = first; at < first + count;)
        {
            var end = at + 1;
            while (end < first + count && _found[end].Slot == _found[at].Slot) end++;
            WriteSlot(layout, layout.Slots[_found[at].Slot], at, end, depth);
            at = end;
        }
        _found.RemoveRange(first, count);
    }

    private void Gather(MessageNode node, int offset, int length)
    {
        var reader = new ProtobufReader(bytes.Span.Slice(offset, length));
        while (reader.TryRead(out var field))
        {
            if (node.Child(field.Number) is not { } child) continue;
            var at = field.Wire == WireType.Length ? offset + field.Offset : offset + reader.At;
            if (child.Slot >= 0) _found.Add(new Found(child.Slot, field.Wire, field.Value, at, field.Length));
            else if (field.Wire == WireType.Length) Gather(child, at, field.Length);
            else throw new ProtobufFormatException($"field {field.Number} is no message");
        }
    }

    private void WriteSlot(MessageLayout layout, MessageSlot slot, int first, int end, int depth)
    {
        var type = slot.Field.Type;
        switch (type.Kind)
        {
            case SchemaKind.List:
                writer.WriteStartArray(slot.Field.Name);
                for (var i = first; i < end; i++) WriteItems(type.Items!, _found[i], depth);
                writer.WriteEndArray();
                break;
            case SchemaKind.Map:
                writer.WriteStartObject(slot.Field.Name);
                WriteEntries(layout, slot, first, end, depth);
                writer.WriteEndObject();
                break;
            default:
                // Of a field that comes twice, the last one counts.
                var last = _found[end - 1];
                if (IsUnset(slot, last)) break;
                writer.WritePropertyName(slot.Field.Name);
                if (slot.Union == UnionForm.None) WriteValue(type, last, depth);
                else WriteUnion(slot.Union, layout.Type, last, depth);
                break;
        }
    }

    private static bool IsUnset(MessageSlot slot, Found found) => slot.Field.Type.Kind switch
    {
        SchemaKind.Time or SchemaKind.MicroTime or SchemaKind.RawObject or SchemaKind.Any => found.Wire == WireType.Length && found.Length == 0,
        _ => slot.SkipsZero && found.Length == 0 && found.Value == 0,
    };

    /// <summary>One item, or all of those that one field packs.</summary>
    private void WriteItems(TypeSchema type, Found found, int depth)
    {
        if (found.Wire != WireType.Length || type.Kind is not (SchemaKind.Int32 or SchemaKind.Int64 or SchemaKind.Bool))
        {
            WriteValue(type, found, depth);
            return;
        }
        var reader = new ProtobufReader(bytes.Span.Slice(found.Offset, found.Length));
        while (reader.At < found.Length) WriteValue(type, found with { Wire = WireType.Varint, Value = reader.Varint() }, depth);
    }

    private void WriteEntries(MessageLayout layout, MessageSlot slot, int first, int end, int depth)
    {
        var entries = new Dictionary<string, Found?>(StringComparer.Ordinal);
        for (var i = first; i < end; i++)
        {
            var entry = _found[i];
            var key = "";
            Found? value = null;
            var reader = new ProtobufReader(Range(entry));
            while (reader.TryRead(out var field))
            {
                var at = entry.Offset + (field.Wire == WireType.Length ? field.Offset : reader.At);
                if (field.Number == 1) key = Text(new Found(0, field.Wire, 0, at, field.Length));
                else if (field.Number == 2) value = new Found(0, field.Wire, field.Value, at, field.Length);
            }
            entries[key] = value;
        }

        foreach (var (key, value) in entries)
        {
            writer.WritePropertyName(key);
            var found = value ?? new Found(0, WireOf(slot.Field.Type.Items!.Kind), 0, 0, 0);
            if (slot.Union == UnionForm.None) WriteValue(slot.Field.Type.Items!, found, depth);
            else WriteUnion(slot.Union, layout.Type, found, depth);
        }
    }

    private static WireType WireOf(SchemaKind kind) => kind switch
    {
        SchemaKind.Int32 or SchemaKind.Int64 or SchemaKind.Bool => WireType.Varint,
        SchemaKind.Double => WireType.Fixed64,
        _ => WireType.Length,
    };

    private void WriteValue(TypeSchema type, Found found, int depth)
    {
        if (found.Wire != WireOf(type.Kind)) throw new ProtobufFormatException($"a field of type {type} has the wire type {(int)found.Wire}");
        switch (type.Kind)
        {
            case SchemaKind.String: writer.WriteStringValue(Utf8Of(Range(found))); break;
            case SchemaKind.Int32: writer.WriteNumberValue((int)found.Value); break;
            case SchemaKind.Int64: writer.WriteNumberValue((long)found.Value); break;
            case SchemaKind.Double: WriteDouble(BitConverter.UInt64BitsToDouble(found.Value)); break;
            case SchemaKind.Bool: writer.WriteBooleanValue(found.Value != 0); break;
            case SchemaKind.Bytes: writer.WriteBase64StringValue(Range(found)); break;
            case SchemaKind.Object:
                writer.WriteStartObject();
                WriteFields(type, found.Offset, found.Length, depth + 1);
                writer.WriteEndObject();
                break;
            case SchemaKind.List:
                writer.WriteStartArray();
                foreach (var item in Wrapped(found)) WriteItems(type.Items!, item, depth + 1);
                writer.WriteEndArray();
                break;
            case SchemaKind.Quantity:
                var quantity = Wrapped(found) is [.., var amount] ? Text(amount) : "";
                writer.WriteStringValue(quantity.Length == 0 ? "0" : quantity);
                break;
            case SchemaKind.IntOrString: WriteIntOrString(found); break;
            case SchemaKind.Time:
            case SchemaKind.MicroTime: WriteTime(found, type.Kind == SchemaKind.MicroTime); break;
            case SchemaKind.Duration:
                writer.WriteStringValue(GoDuration.Format(TimeSpan.FromMicroseconds((Wrapped(found) is [.., var nanos] ? (long)nanos.Value : 0) / 1000)));
                break;
            default: WriteRaw(found); break;
        }
    }

    private void WriteDouble(double value)
    {
        if (!double.IsFinite(value)) throw new ProtobufFormatException("a number is not finite");
        writer.WriteNumberValue(value);
    }

    private void WriteIntOrString(Found found)
    {
        long kind = 0, number = 0;
        var text = "";
        var reader = new ProtobufReader(Range(found));
        while (reader.TryRead(out var field))
        {
            if (field is { Number: 1, Wire: WireType.Varint }) kind = (long)field.Value;
            else if (field is { Number: 2, Wire: WireType.Varint }) number = (int)field.Value;
            else if (field is { Number: 3, Wire: WireType.Length }) text = Text(new Found(0, field.Wire, 0, found.Offset + field.Offset, field.Length));
        }
        if (kind == 0) writer.WriteNumberValue(number);
        else writer.WriteStringValue(text);
    }

    private void WriteTime(Found found, bool micro)
    {
        long seconds = 0, nanos = 0;
        var reader = new ProtobufReader(Range(found));
        while (reader.TryRead(out var field))
        {
            if (field is { Number: 1, Wire: WireType.Varint }) seconds = (long)field.Value;
            else if (field is { Number: 2, Wire: WireType.Varint }) nanos = (int)field.Value;
        }
        if (seconds == 0 && nanos == 0)
        {
            writer.WriteNullValue();
            return;
        }
        if (seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds() || nanos is < 0 or > 999_999_999)
            throw new ProtobufFormatException("a time is out of range");
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / TimeSpan.NanosecondsPerTick);
        writer.WriteStringValue(time.ToString(micro ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private void WriteRaw(Found found)
    {
        var raw = Wrapped(found) is [.., var last] ? Range(last) : default;
        if (raw.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }
        try
        {
            writer.WriteRawValue(raw);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new ProtobufFormatException($"a raw value is no JSON: {e.Message}");
        }
    }

    private void WriteUnion(UnionForm form, TypeSchema schema, Found found, int depth)
    {
        var allows = false;
        var schemas = new List<Found>();
        var texts = new List<string>();
        var list = false;
        var reader = new ProtobufReader(Range(found));
        while (reader.TryRead(out var field))
        {
            if (field.Wire == WireType.Varint)
            {
                allows |= field is { Number: 1, Value: not 0 };
                continue;
            }
            var value = new Found(0, field.Wire, 0, found.Offset + field.Offset, field.Length);
            if (form == UnionForm.SchemaOrStrings && field.Number == 2) texts.Add(Text(value));
            else schemas.Add(value);
            list |= field.Number == 2 && form != UnionForm.SchemaOrBool;
        }

        if (form == UnionForm.SchemaOrBool && schemas.Count == 0)
        {
            writer.WriteBooleanValue(allows);
        }
        else if (!list && schemas.Count > 0)
        {
            WriteValue(schema, schemas[^1], depth);
        }
        else
        {
            writer.WriteStartArray();
            foreach (var item in schemas) WriteValue(schema, item, depth);
            foreach (var text in texts) writer.WriteStringValue(text);
            writer.WriteEndArray();
        }
    }

    /// <summary>The values of field 1 of a message that only wraps them.</summary>
    private List<Found> Wrapped(Found found)
    {
        var values = new List<Found>();
        var reader = new ProtobufReader(Range(found));
        while (reader.TryRead(out var field))
        {
            if (field.Number != 1) continue;
            var at = found.Offset + (field.Wire == WireType.Length ? field.Offset : reader.At);
            values.Add(new Found(0, field.Wire, field.Value, at, field.Length));
        }
        return values;
    }

    private ReadOnlySpan<byte> Range(Found found) => bytes.Span.Slice(found.Offset, found.Length);

    private string Text(Found found)
    {
        if (found.Wire != WireType.Length) throw new ProtobufFormatException("a text is a number");
        return Encoding.UTF8.GetString(Utf8Of(Range(found)));
    }

    private static ReadOnlySpan<byte> Utf8Of(ReadOnlySpan<byte> text) =>
        Utf8.IsValid(text) ? text : throw new ProtobufFormatException("a text is not UTF-8");

    /// <summary>A value on the wire, and the slot that it belongs to.</summary>
    private readonly record struct Found(int Slot, WireType Wire, ulong Value, int Offset, int Length)
    {
        public static readonly Comparer<Found> Order = Comparer<Found>.Create(static (a, b) =>
            a.Slot != b.Slot ? a.Slot.CompareTo(b.Slot) : a.Offset.CompareTo(b.Offset));
    }
}
