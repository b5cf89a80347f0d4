using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Cel.Types;

/// <summary>What a schema looks like to an expression.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/common/schemas.go and pkg/cel/limits.go, for the bounds of sizes.</remarks>
public static class SchemaTypes
{
    /// <summary>The largest request that is read (bytes): what bounds everything that the schema does not.</summary>
    public const long RequestBytesMax = 3 * 1024 * 1024;

    private const long StringSizeMin = 2;
    private const long BoolSizeMin = 4;
    private const long DurationSizeMin = 4;
    private const long DurationSizeMax = 32;
    private const long DateSize = 12;
    private const long TimeSizeMin = 21;
    private const long TimeSizeMax = 29;

    /// <summary>The type of values of a schema; null when expressions cannot see them, for nothing is known of their form.</summary>
    /// <param name="path">Names the object types in it.</param>
    /// <param name="root">A whole resource, of whose metadata only the names show.</param>
    public static CelType? Of(TypeSchema schema, string path, bool root = false)
    {
        switch (schema.Kind)
        {
            case SchemaKind.List:
                if (schema.Items is null || Of(schema.Items, path + ".@idx", schema.Items.EmbeddedResource) is not { } element) return null;
                return CelType.List(element, schema.Constraints?.MaxItems ?? (RequestBytesMax - 2) / (element.MinSerializedSize + 1), 2);
            case SchemaKind.Map:
                if (schema.Items is null || Of(schema.Items, path + ".@elem", schema.Items.EmbeddedResource) is not { } value) return null;
                return CelType.Map(CelType.String.Sized(RequestBytesMax - 2, StringSizeMin), value,
                    schema.Constraints?.MaxProperties ?? (RequestBytesMax - 2) / (value.MinSerializedSize + 6), 2);
            case SchemaKind.Object: return OfObject(schema, path, root || schema.EmbeddedResource);
            case SchemaKind.String: return OfString(schema);
            case SchemaKind.Int32 or SchemaKind.Int64: return CelType.Int;
            case SchemaKind.Double: return CelType.Double;
            case SchemaKind.Bool: return CelType.Bool.Sized(-1, BoolSizeMin);
            case SchemaKind.IntOrString or SchemaKind.Quantity: return CelType.Dyn.Sized(RequestBytesMax - 2, 1);
            case SchemaKind.Time or SchemaKind.MicroTime: return CelType.Timestamp.Sized(TimeSizeMax, TimeSizeMin);
            case SchemaKind.Bytes: return CelType.Bytes.Sized(RequestBytesMax - 2, StringSizeMin);
            case SchemaKind.RawObject: return CelType.Object(path, static _ => null);
            default: return null;
        }
    }

    private static CelType OfObject(TypeSchema schema, string path, bool root)
    {
        var fields = new Lazy<Dictionary<string, CelType>>(() => Fields(schema, path, root));
        long size = 2;
        foreach (var field in schema.RequiredFields)
            if (field.Default is null && !IsEnvelope(field.Name, root)) size += field.Name.Length + MinSize(field.Type) + 4;
        return CelType.Object(path, name => fields.Value.GetValueOrDefault(name)).Sized(-1, size);
    }

    private static Dictionary<string, CelType> Fields(TypeSchema schema, string path, bool root)
    {
        var fields = new Dictionary<string, CelType>(StringComparer.Ordinal);
        foreach (var field in schema.Fields)
        {
            if (PropertyNames.Escape(field.Name) is not { } name) continue;
            var type = root && field.Name == "metadata" && field.Type.Name.Length > 0 ? Metadata(field.Type, path) : Of(field.Type, $"{path}.{name}");
            if (type is not null) fields[name] = type;
        }
        return fields;
    }

    // Of a resource's metadata only the names are validated by its definition, so only they are offered.
    private static CelType Metadata(TypeSchema schema, string path)
    {
        var name = CelType.String.Sized(RequestBytesMax - 2, StringSizeMin);
        return CelType.Object(path + ".metadata", f => f is "name" or "generateName" && schema.Field(f) is not null ? name : null).Sized(-1, 2);
    }

    private static bool IsEnvelope(string name, bool root) => root && name is "apiVersion" or "kind" or "metadata";

    private static long MinSize(TypeSchema schema) => schema.Kind switch
    {
        SchemaKind.String => OfString(schema).MinSerializedSize,
        SchemaKind.Object => OfObject(schema, "", false).MinSerializedSize,
        SchemaKind.List or SchemaKind.Map or SchemaKind.RawObject => 2,
        SchemaKind.Bool => BoolSizeMin,
        _ => 1,
    };

    private static CelType OfString(TypeSchema schema)
    {
        var limits = schema.Constraints;
        switch (limits?.Format)
        {
            case "byte": return CelType.Bytes.Sized(limits.MaxLength ?? RequestBytesMax - 2, StringSizeMin);
            case "duration": return CelType.Duration.Sized(DurationSizeMax, DurationSizeMin);
            case "date": return CelType.Timestamp.Sized(DateSize, DateSize);
            case "date-time" or "datetime": return CelType.Timestamp.Sized(TimeSizeMax, TimeSizeMin);
        }
        // A character takes up to four bytes, and what is counted is the text as it came over the wire.
        if (limits?.MaxLength is { } length) return CelType.String.Sized(length * 4, StringSizeMin);
        if (limits is { EnumValues.IsEmpty: false })
            return CelType.String.Sized(limits.EnumValues.Max(static v => JsonTree.AsString(v)?.Length ?? 0), StringSizeMin);
        return CelType.String.Sized(RequestBytesMax - 2, StringSizeMin);
    }
}
