using System.Text.Json;
using Orchestrator.Actors.Schemas.Protobuf;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Writes one value of a Swagger document as a field, or nothing where the value is not of the kind that the field can hold.</summary>
internal delegate void SwaggerField(ProtobufWriter writer, int field, JsonElement value);

/// <summary>One message of gnostic's protobuf forms of OpenAPI: which property of the JSON is which field, and how its value is written.</summary>
/// <remarks>What a message has no field for is left out: it is better to tell clients the rest than nothing.</remarks>
internal sealed class SwaggerMessage
{
    private readonly Dictionary<string, (int Field, SwaggerField Write)> _properties = new(StringComparer.Ordinal);
    private (int Field, SwaggerField Write)? _others;
    private int _extensions;

    public SwaggerMessage Has(string name, int field, SwaggerField write)
    {
        _properties.Add(name, (field, write));
        return this;
    }

    /// <summary>Says which field holds the properties that begin with <c>x-</c>.</summary>
    public SwaggerMessage HasExtensions(int field)
    {
        _extensions = field;
        return this;
    }

    /// <summary>Makes the message a map: any other property is an entry of a name and a value.</summary>
    public SwaggerMessage HasOthers(int field, SwaggerField write)
    {
        _others = (field, write);
        return this;
    }

    /// <summary>The properties as fields of the message that is open.</summary>
    public void WriteInto(ProtobufWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (var property in value.EnumerateObject())
        {
            if (_properties.TryGetValue(property.Name, out var known)) known.Write(writer, known.Field, property.Value);
            else if (_extensions > 0 && property.Name.StartsWith("x-", StringComparison.Ordinal)) Entry(writer, _extensions, property, Any);
            else if (_others is { } other) Entry(writer, other.Field, property, other.Write);
        }
    }

    public void Write(ProtobufWriter writer, int field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) return;
        var start = writer.Begin(field);
        WriteInto(writer, value);
        writer.End(start);
    }

    public static void Text(ProtobufWriter writer, int field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) writer.Text(field, value.GetString()!);
    }

    public static void Bool(ProtobufWriter writer, int field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) writer.Bool(field, value.GetBoolean());
    }

    public static void Int(ProtobufWriter writer, int field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)) writer.Int(field, number);
    }

    public static void Double(ProtobufWriter writer, int field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)) writer.Double(field, number);
    }

    /// <summary>Any value is told as YAML, of which JSON is a part.</summary>
    public static void Any(ProtobufWriter writer, int field, JsonElement value)
    {
        var start = writer.Begin(field);
        writer.Text(2, value.GetRawText());
        writer.End(start);
    }

    /// <summary>A repeated field; a value that is no array is its only item.</summary>
    public static SwaggerField Each(SwaggerField item) => (writer, field, value) =>
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            item(writer, field, value);
            return;
        }
        foreach (var one in value.EnumerateArray()) item(writer, field, one);
    };

    /// <summary>A message around one field, which is what a choice is in protobuf.</summary>
    public static SwaggerField In(int inner, SwaggerField write) => (writer, field, value) =>
    {
        var start = writer.Begin(field);
        write(writer, inner, value);
        writer.End(start);
    };

    private static void Entry(ProtobufWriter writer, int field, JsonProperty property, SwaggerField write)
    {
        var start = writer.Begin(field);
        writer.Text(1, property.Name);
        write(writer, 2, property.Value);
        writer.End(start);
    }
}
