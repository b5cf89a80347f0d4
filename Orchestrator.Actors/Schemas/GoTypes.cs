using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>The names that types have in the Go code of Kubernetes: its decoding errors show them.</summary>
internal static class GoTypes
{
    public static string NameOf(TypeSchema type) => type.Kind switch
    {
        SchemaKind.List => $"[]{NameOf(type.Items!)}",
        SchemaKind.Map => $"map[string]{NameOf(type.Items!)}",
        SchemaKind.String => "string",
        SchemaKind.Int32 => "int32",
        SchemaKind.Int64 => "int64",
        SchemaKind.Double => "float64",
        SchemaKind.Bool => "bool",
        SchemaKind.Bytes => "[]uint8",
        SchemaKind.Time => "v1.Time",
        SchemaKind.MicroTime => "v1.MicroTime",
        SchemaKind.Duration => "v1.Duration",
        SchemaKind.Quantity => "resource.Quantity",
        SchemaKind.IntOrString => "intstr.IntOrString",
        SchemaKind.RawObject => "runtime.RawExtension",
        SchemaKind.Object => type.Name[(type.Name.IndexOf('.', StringComparison.Ordinal) + 1)..],
        _ => "interface {}",
    };

    /// <summary>The last part of the name of a struct: <c>PodSpec</c>.</summary>
    /// <summary>What Go's decoder makes of a value that it has no type for.</summary>
    public static string Of(JsonNode? value) => value switch
    {
        null => "<nil>",
        JsonObject => "map[string]interface {}",
        JsonArray => "[]interface {}",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => JsonTree.AsInt64(value) is null ? "float64" : "int64",
            _ => "bool",
        },
    };

    public static string ShortNameOf(TypeSchema type) => type.Name[(type.Name.LastIndexOf('.') + 1)..];
}
