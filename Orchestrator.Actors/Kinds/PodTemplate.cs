using System.Buffers;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds;

/// <summary>Identity of pod templates.</summary>
public static class PodTemplate
{
    public const string HashLabel = "pod-template-hash";

    /// <summary>The template in a form that is equal for equal templates: fields in order of name, without the hash label.</summary>
    public static string Identity(JsonElement template)
    {
        if (!template.Exists()) return "";
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, template, depth: 0, path: "");
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, int depth, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(static p => p.Name, StringComparer.Ordinal))
                {
                    if (property.Value.ValueKind == JsonValueKind.Null) continue;
                    // ControllerRevisions keep templates as patches.
                    if (depth == 0 && property.Name == "$patch") continue;
                    if (depth == 2 && path == "metadata/labels" && property.Name == HashLabel) continue;
                    // Servers write it into templates as null or not at all; it means nothing there.
                    if (depth == 1 && path == "metadata" && property.Name == "creationTimestamp") continue;
                    writer.WritePropertyName(property.Name);
                    var below = depth switch { 0 => property.Name, 1 => $"{path}/{property.Name}", _ => "" };
                    Write(writer, property.Value, depth + 1, below);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) Write(writer, item, 9, "");
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
