using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>How a value is owned: as one, or part by part.</summary>
internal enum FieldStructure : byte
{
    /// <summary>One owner has all of it: scalars, and what the schema calls atomic.</summary>
    Leaf,

    /// <summary>Each entry has owners of its own.</summary>
    Map,

    /// <summary>Each entry of the list has, told apart by its keys or its value.</summary>
    List,
}

/// <summary>Reads from the schema how values are owned. A type of null is one that no schema describes: objects are then maps, lists atomic.</summary>
/// <remarks>Source: kube-openapi, schemaconv; structured-merge-diff, deduceAtom.</remarks>
internal static class FieldStructures
{
    public static FieldStructure Of(TypeSchema? type, JsonNode? value)
    {
        if (type is null) return value is JsonObject ? FieldStructure.Map : FieldStructure.Leaf;
        switch (type.Kind)
        {
            case SchemaKind.Object or SchemaKind.Map: return !type.Atomic && value is JsonObject or null ? FieldStructure.Map : FieldStructure.Leaf;
            case SchemaKind.List:
                return type.ListType is ListMergeType.Set or ListMergeType.Map && value is JsonArray or null ? FieldStructure.List : FieldStructure.Leaf;
            case SchemaKind.Any: return type.PreserveUnknownFields && value is JsonObject ? FieldStructure.Map : FieldStructure.Leaf;
            default: return FieldStructure.Leaf;
        }
    }

    /// <summary>The type of an entry of a map or object.</summary>
    public static TypeSchema? Child(TypeSchema? type, string name) => type?.Kind switch
    {
        SchemaKind.Map => type.Items,
        SchemaKind.Object => type.Field(name)?.Type,
        _ => null,
    };

    /// <summary>The schema gives the entry a name, as opposed to data that is a key.</summary>
    public static bool Names(TypeSchema? type, string name) => type is { Kind: SchemaKind.Object } && type.Field(name) is not null;

    /// <summary>The type says that the value has one owner, whatever it is: not because it is a scalar.</summary>
    public static bool IsAtomic(TypeSchema? type) => type?.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map => type.Atomic,
        SchemaKind.List => type.ListType is ListMergeType.Atomic or ListMergeType.Unspecified,
        SchemaKind.RawObject => true,
        SchemaKind.Any => !type.PreserveUnknownFields,
        _ => false,
    };

    public static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };
}
