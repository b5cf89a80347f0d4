using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Writes custom resources: the schema of their definition as it was given, in place, without references but to metadata.</summary>
/// <remarks>Source of what is added and left out: apiextensions-apiserver, pkg/controller/openapi.</remarks>
internal static class CustomSchema
{
    private const string ApiVersionText = "APIVersion defines the group and version of this form of the object.";
    private const string KindText = "The kind of the object.";
    private const string MetadataText = "Standard object's metadata: name, labels and the rest of what every object carries.";

    /// <summary>The definition of the kind; apiVersion, kind and metadata are ours, whatever the definition says of them.</summary>
    public static void WriteRoot(Utf8JsonWriter writer, ResourceSchema resource, OpenApiFlavor flavor)
    {
        var schema = resource.Published?.Invoke();
        var kind = new KindName(resource.Group, resource.Version, resource.Kind);
        writer.WriteStartObject();
        // Clients of version 2 take any list of fields to be all that there are.
        if (schema is null || (flavor == OpenApiFlavor.V2 && IsOpen(schema))) writer.WriteString("type"u8, "object"u8);
        else WriteMembers(writer, schema, flavor, wholeObject: true);
        SchemaWriter.WriteKinds(writer, [kind]);
        WriteSelectable(writer, resource);
        writer.WriteEndObject();
    }

    /// <summary>By which fields lists can be selected, beyond the names and namespaces of all kinds.</summary>
    private static void WriteSelectable(Utf8JsonWriter writer, ResourceSchema resource)
    {
        if (resource.SelectableFields.IsEmpty) return;
        writer.WriteStartArray("x-kubernetes-selectable-fields"u8);
        foreach (var field in resource.SelectableFields)
        {
            writer.WriteStartObject();
            writer.WriteString("fieldPath"u8, field.Name);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>The definition of a list of the kind.</summary>
    public static void WriteList(Utf8JsonWriter writer, ResourceSchema resource, string itemDefinition, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        writer.WriteString("description"u8, $"{resource.ListKind} is a list of {resource.Kind}");
        writer.WriteString("type"u8, "object"u8);
        writer.WriteStartArray("required"u8);
        writer.WriteStringValue("items"u8);
        writer.WriteEndArray();
        writer.WriteStartObject("properties"u8);
        WriteText(writer, "apiVersion", ApiVersionText);
        writer.WriteStartObject("items"u8);
        writer.WriteString("description"u8, "The objects of the list."u8);
        writer.WriteString("type"u8, "array"u8);
        writer.WritePropertyName("items"u8);
        SchemaWriter.WriteBareReference(writer, itemDefinition, flavor);
        writer.WriteEndObject();
        WriteText(writer, "kind", KindText);
        WriteMetadata(writer, "The version of the list, and where its next part begins.", OpenApiNames.ListMeta, flavor);
        writer.WriteEndObject();
        SchemaWriter.WriteKinds(writer, [new KindName(resource.Group, resource.Version, resource.ListKind)]);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string description)
    {
        writer.WriteStartObject(name);
        writer.WriteString("description"u8, description);
        writer.WriteString("type"u8, "string"u8);
        writer.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter writer, string description, string definition, OpenApiFlavor flavor)
    {
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("description"u8, description);
        SchemaWriter.WriteReference(writer, definition, flavor);
        writer.WriteEndObject();
    }

    private static bool Is(JsonObject schema, string flag) => JsonTree.Bool(schema, flag) == true;

    private static bool IsOpen(JsonObject schema) => Is(schema, "x-kubernetes-preserve-unknown-fields");

    private static void Write(Utf8JsonWriter writer, JsonObject schema, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        WriteMembers(writer, schema, flavor, wholeObject: false);
        writer.WriteEndObject();
    }

    /// <param name="writer">Inside the object of the schema.</param>
    /// <param name="schema">As the definition has it.</param>
    /// <param name="flavor">OpenAPI 2 says less: kubectl refuses what it takes to be of another type, and all fields that are not listed.</param>
    /// <param name="wholeObject">The schema is that of the kind itself.</param>
    private static void WriteMembers(Utf8JsonWriter writer, JsonObject schema, OpenApiFlavor flavor, bool wholeObject)
    {
        var less = flavor == OpenApiFlavor.V2;
        schema = less ? schema : Unfolded(schema);
        var untyped = less && Is(schema, "nullable");
        var open = less && IsOpen(schema);
        var embedded = Is(schema, "x-kubernetes-embedded-resource") && !open;
        var items = untyped || open ? null : schema["items"] as JsonObject;
        foreach (var (name, value) in schema)
        {
            switch (name)
            {
                case "type" when untyped || (open && JsonTree.AsString(value) == "object") || (less && items is null && JsonTree.AsString(value) == "array"):
                case "default" or "nullable" or "allOf" or "anyOf" or "oneOf" or "not" when less:
                case "properties" or "required":
                    break;
                case "items" when items is not null:
                    writer.WritePropertyName("items"u8);
                    Write(writer, items, flavor);
                    break;
                case "additionalProperties":
                    writer.WritePropertyName("additionalProperties"u8);
                    if (value is JsonObject values) Write(writer, values, flavor);
                    else value!.WriteTo(writer);
                    break;
                case "default" or "enum" or "allOf" or "anyOf" or "oneOf" or "not" or "description" or "title" or "type" or "format" or "pattern" or "multipleOf"
                    or "minimum" or "maximum" or "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties"
                    or "x-kubernetes-list-type" or "x-kubernetes-list-map-keys" or "x-kubernetes-map-type" or "x-kubernetes-validations":
                    WriteValue(writer, name, value);
                    break;
                case "nullable" or "exclusiveMinimum" or "exclusiveMaximum" or "x-kubernetes-preserve-unknown-fields" or "x-kubernetes-embedded-resource" or "x-kubernetes-int-or-string":
                    if (JsonTree.AsBool(value) == true) writer.WriteBoolean(name, true);
                    break;
            }
        }
        WriteRequired(writer, schema, flavor, embedded);
        if (!untyped && !open) WriteProperties(writer, JsonTree.Object(schema, "properties"), flavor, wholeObject || embedded);
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, JsonNode? value)
    {
        if (value is JsonArray { Count: 0 }) return;
        writer.WritePropertyName(name);
        if (value is null) writer.WriteNullValue();
        else value.WriteTo(writer);
    }

    /// <summary>The schema with what its flag of an int-or-string means, where the definition has left that out.</summary>
    private static JsonObject Unfolded(JsonObject schema)
    {
        if (!Is(schema, "x-kubernetes-int-or-string") || StructuralSchema.IsEither(schema["anyOf"])) return schema;
        var allOf = JsonTree.Array(schema, "allOf") ?? [];
        if (allOf is [JsonObject first, ..] && StructuralSchema.IsEither(first["anyOf"])) return schema;
        var either = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
        var unfolded = new JsonObject(schema);
        if (schema["anyOf"] is null) unfolded["anyOf"] = either;
        else unfolded["allOf"] = new JsonArray([new JsonObject { ["anyOf"] = either }, .. allOf]);
        return unfolded;
    }

    private static void WriteRequired(Utf8JsonWriter writer, JsonObject schema, OpenApiFlavor flavor, bool embedded)
    {
        var names = (JsonTree.Array(schema, "required") ?? []).Select(JsonTree.AsString).OfType<string>();
        if (flavor == OpenApiFlavor.V2)
        {
            var properties = JsonTree.Object(schema, "properties");
            names = schema["additionalProperties"] is JsonObject values && Is(values, "nullable") ? []
                : names.Where(name => JsonTree.Object(properties, name) is not { } property || !Is(property, "nullable"));
        }
        if (embedded) names = names.Union(["kind", "apiVersion"], StringComparer.Ordinal);
        var all = names.ToList();
        if (all.Count == 0) return;
        writer.WriteStartArray("required"u8);
        foreach (var name in all) writer.WriteStringValue(name);
        writer.WriteEndArray();
    }

    private static void WriteProperties(Utf8JsonWriter writer, JsonObject? properties, OpenApiFlavor flavor, bool wholeObject)
    {
        if (!wholeObject && properties is null or { Count: 0 }) return;
        writer.WriteStartObject("properties"u8);
        if (wholeObject)
        {
            WriteText(writer, "apiVersion", ApiVersionText);
            WriteText(writer, "kind", KindText);
            WriteMetadata(writer, MetadataText, OpenApiNames.ObjectMeta, flavor);
        }
        foreach (var (name, value) in properties ?? [])
        {
            if ((wholeObject && name is "apiVersion" or "kind" or "metadata") || value is not JsonObject property) continue;
            writer.WritePropertyName(name);
            Write(writer, property, flavor);
        }
        writer.WriteEndObject();
    }
}
