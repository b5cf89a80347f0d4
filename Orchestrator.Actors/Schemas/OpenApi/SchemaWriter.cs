using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Writes built-in types as OpenAPI schemas, with the extensions by which clients merge and explain.</summary>
internal static class SchemaWriter
{
    /// <summary>The definition that stands for a value with a meaning of its own; null where the type is written in place.</summary>
    public static string? DefinitionOf(TypeSchema type) => type.Kind switch
    {
        SchemaKind.Quantity => OpenApiNames.Quantity,
        SchemaKind.IntOrString => OpenApiNames.IntOrString,
        SchemaKind.Time => OpenApiNames.Time,
        SchemaKind.MicroTime => OpenApiNames.MicroTime,
        SchemaKind.Duration => OpenApiNames.Duration,
        SchemaKind.Object or SchemaKind.RawObject or SchemaKind.Any when type.Name.Length > 0 => OpenApiNames.OfType(type.Name),
        SchemaKind.RawObject => OpenApiNames.RawExtension,
        _ => null,
    };

    /// <summary>What <see cref="DefinitionOf"/> names, where that is no object type.</summary>
    public static void WriteScalarDefinition(Utf8JsonWriter writer, SchemaKind kind, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        var (description, format, other) = kind switch
        {
            SchemaKind.Quantity => ("A number with an optional suffix, decimal such as m, k, M or binary such as Ki, Mi.", "", "number"),
            SchemaKind.IntOrString => ("A whole number, or a text such as a name or a percentage.", "int-or-string", "integer"),
            SchemaKind.RawObject => ("Any object.", "", ""),
            SchemaKind.Any => ("Any value.", "", ""),
            SchemaKind.Duration => ("A length of time as Go writes it, such as 1m30s.", "", ""),
            _ => ("A time in RFC 3339 form.", "date-time", ""),
        };
        writer.WriteString("description"u8, description);
        if (other.Length > 0 && flavor == OpenApiFlavor.V3)
        {
            writer.WriteStartArray("oneOf"u8);
            foreach (var type in (ReadOnlySpan<string>)["string", other])
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, type);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        else if (kind != SchemaKind.Any)
        {
            writer.WriteString("type"u8, kind == SchemaKind.RawObject ? "object"u8 : "string"u8);
        }
        if (format.Length > 0) writer.WriteString("format"u8, format);
        writer.WriteEndObject();
    }

    /// <summary>The definition of an object type.</summary>
    public static void WriteDefinition(Utf8JsonWriter writer, TypeSchema type, OpenApiFlavor flavor, IReadOnlyCollection<KindName> kinds)
    {
        writer.WriteStartObject();
        if (type.Description.Length > 0) writer.WriteString("description"u8, type.Description);
        writer.WriteString("type"u8, "object"u8);
        WriteRequired(writer, type.RequiredFields);
        if (!type.Fields.IsEmpty)
        {
            writer.WriteStartObject("properties"u8);
            foreach (var field in type.Fields)
            {
                writer.WritePropertyName(field.Name);
                WriteField(writer, field, flavor);
            }
            writer.WriteEndObject();
        }
        if (type.Atomic) writer.WriteString("x-kubernetes-map-type"u8, "atomic"u8);
        WriteKinds(writer, kinds);
        writer.WriteEndObject();
    }

    private static void WriteRequired(Utf8JsonWriter writer, ImmutableArray<FieldSchema> required)
    {
        if (required.IsEmpty) return;
        writer.WriteStartArray("required"u8);
        foreach (var field in required) writer.WriteStringValue(field.Name);
        writer.WriteEndArray();
    }

    public static void WriteKinds(Utf8JsonWriter writer, IReadOnlyCollection<KindName> kinds)
    {
        if (kinds.Count == 0) return;
        writer.WriteStartArray("x-kubernetes-group-version-kind"u8);
        foreach (var kind in kinds) WriteKind(writer, kind);
        writer.WriteEndArray();
    }

    public static void WriteKind(Utf8JsonWriter writer, KindName kind)
    {
        writer.WriteStartObject();
        writer.WriteString("group"u8, kind.Group);
        writer.WriteString("kind"u8, kind.Kind);
        writer.WriteString("version"u8, kind.Version);
        writer.WriteEndObject();
    }

    /// <summary>Writes a reference to a definition, and beside it what is said of this use of it.</summary>
    public static void WriteReference(Utf8JsonWriter writer, string definition, OpenApiFlavor flavor)
    {
        if (flavor == OpenApiFlavor.V2)
        {
            writer.WriteString("$ref"u8, Prefix(flavor) + definition);
            return;
        }
        // In OpenAPI 3 nothing may stand beside a reference, so it is wrapped.
        writer.WriteStartArray("allOf"u8);
        WriteBareReference(writer, definition, flavor);
        writer.WriteEndArray();
    }

    public static void WriteBareReference(Utf8JsonWriter writer, string definition, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        writer.WriteString("$ref"u8, Prefix(flavor) + definition);
        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, FieldSchema field, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        if (field.Description.Length > 0) writer.WriteString("description"u8, field.Description);
        // Clients of version 2 do not know what a default beside a reference is, so upstream leaves all of them out.
        if (field.Default is not null && flavor == OpenApiFlavor.V3)
        {
            writer.WritePropertyName("default"u8);
            field.Default.WriteTo(writer);
        }
        WriteTypeMembers(writer, field.Type, flavor);
        if (field.PatchMergeKey.Length > 0) writer.WriteString("x-kubernetes-patch-merge-key"u8, field.PatchMergeKey);
        if (field.Patch != PatchStrategies.None) writer.WriteString("x-kubernetes-patch-strategy"u8, StrategyText(field.Patch));
        writer.WriteEndObject();
    }

    private static void WriteTypeMembers(Utf8JsonWriter writer, TypeSchema type, OpenApiFlavor flavor)
    {
        if (DefinitionOf(type) is { } definition)
        {
            WriteReference(writer, definition, flavor);
            return;
        }
        switch (type.Kind)
        {
            case SchemaKind.List:
                writer.WriteString("type"u8, "array"u8);
                WriteItems(writer, "items", type.Items!, flavor);
                WriteListType(writer, type);
                break;
            case SchemaKind.Map:
                writer.WriteString("type"u8, "object"u8);
                WriteItems(writer, "additionalProperties", type.Items!, flavor);
                if (type.Atomic) writer.WriteString("x-kubernetes-map-type"u8, "atomic"u8);
                break;
            case SchemaKind.Any:
                writer.WriteBoolean("x-kubernetes-preserve-unknown-fields"u8, true);
                break;
            default:
                WriteScalar(writer, type.Kind);
                break;
        }
        if (type.Constraints is { } constraints && flavor == OpenApiFlavor.V3) WriteEnum(writer, constraints);
    }

    private static void WriteListType(Utf8JsonWriter writer, TypeSchema type)
    {
        if (type.ListType == ListMergeType.Unspecified) return;
        writer.WriteString("x-kubernetes-list-type"u8, type.ListType switch { ListMergeType.Set => "set"u8, ListMergeType.Map => "map"u8, _ => "atomic"u8 });
        if (type.ListKeys.IsEmpty) return;
        writer.WriteStartArray("x-kubernetes-list-map-keys"u8);
        foreach (var key in type.ListKeys) writer.WriteStringValue(key);
        writer.WriteEndArray();
    }

    // The formats of our own limits (label, port and their like) are ours alone: clients check those that they know.
    private static void WriteScalar(Utf8JsonWriter writer, SchemaKind kind)
    {
        var (type, format) = kind switch
        {
            SchemaKind.Int32 => ("integer", "int32"),
            SchemaKind.Int64 => ("integer", "int64"),
            SchemaKind.Double => ("number", "double"),
            SchemaKind.Bool => ("boolean", ""),
            SchemaKind.Bytes => ("string", "byte"),
            SchemaKind.Object => ("object", ""),
            _ => ("string", ""),
        };
        writer.WriteString("type"u8, type);
        if (format.Length > 0) writer.WriteString("format"u8, format);
    }

    private static void WriteItems(Utf8JsonWriter writer, string property, TypeSchema items, OpenApiFlavor flavor)
    {
        writer.WritePropertyName(property);
        writer.WriteStartObject();
        if (DefinitionOf(items) is { } definition) writer.WriteString("$ref"u8, Prefix(flavor) + definition);
        else WriteTypeMembers(writer, items, flavor);
        writer.WriteEndObject();
    }

    private static string Prefix(OpenApiFlavor flavor) => flavor == OpenApiFlavor.V2 ? "#/definitions/" : "#/components/schemas/";

    private static void WriteEnum(Utf8JsonWriter writer, ValueConstraints constraints)
    {
        if (constraints.Enum.IsEmpty) return;
        writer.WriteStartArray("enum"u8);
        foreach (var value in constraints.Enum) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static string StrategyText(PatchStrategies strategies)
    {
        var words = new List<string>(2);
        if (strategies.HasFlag(PatchStrategies.Merge)) words.Add("merge");
        if (strategies.HasFlag(PatchStrategies.Replace)) words.Add("replace");
        if (strategies.HasFlag(PatchStrategies.RetainKeys)) words.Add("retainKeys");
        return string.Join(',', words);
    }
}
