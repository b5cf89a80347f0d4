using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Writes custom resources: the structural schema of their definition, in place, without references.</summary>
internal static class CustomSchema
{
    /// <summary>The definition of the kind; apiVersion, kind and metadata are ours, whatever the definition says of them.</summary>
    public static void WriteRoot(Utf8JsonWriter writer, ResourceSchema resource, OpenApiFlavor flavor, IReadOnlyCollection<KindName> kinds)
    {
        var root = resource.Root;
        var description = root.Description.Length > 0 ? root.Description : resource.Description;
        writer.WriteStartObject();
        if (description.Length > 0) writer.WriteString("description"u8, description);
        writer.WriteString("type"u8, "object"u8);
        // Clients of version 2 take any list of fields to be all that there are.
        if (flavor == OpenApiFlavor.V2 && root.PreserveUnknownFields)
        {
            SchemaWriter.WriteKinds(writer, kinds);
            writer.WriteEndObject();
            return;
        }
        SchemaWriter.WriteRequired(writer, root.RequiredFields);
        writer.WriteStartObject("properties"u8);
        WriteText(writer, "apiVersion", "APIVersion defines the group and version of this form of the object.");
        WriteText(writer, "kind", "The kind of the object.");
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("description"u8, "Standard object's metadata: name, labels and the rest of what every object carries."u8);
        SchemaWriter.WriteReference(writer, OpenApiNames.ObjectMeta, flavor);
        writer.WriteEndObject();
        foreach (var field in root.Fields)
        {
            if (field.Name is "apiVersion" or "kind" or "metadata") continue;
            writer.WritePropertyName(field.Name);
            Write(writer, field.Type, field.Description, field.Default, flavor);
        }
        writer.WriteEndObject();
        if (root.PreserveUnknownFields) writer.WriteBoolean("x-kubernetes-preserve-unknown-fields"u8, true);
        WriteRules(writer, root);
        SchemaWriter.WriteKinds(writer, kinds);
        writer.WriteEndObject();
    }

    /// <summary>The definition of a list of the kind.</summary>
    public static void WriteList(
        Utf8JsonWriter writer, ResourceSchema resource, string itemDefinition, OpenApiFlavor flavor, IReadOnlyCollection<KindName> kinds)
    {
        writer.WriteStartObject();
        writer.WriteString("description"u8, $"A list of objects of kind {resource.Kind}.");
        writer.WriteString("type"u8, "object"u8);
        writer.WriteStartArray("required"u8);
        writer.WriteStringValue("items"u8);
        writer.WriteEndArray();
        writer.WriteStartObject("properties"u8);
        WriteText(writer, "apiVersion", "APIVersion defines the group and version of this form of the object.");
        writer.WriteStartObject("items"u8);
        writer.WriteString("description"u8, "The objects of the list."u8);
        writer.WriteString("type"u8, "array"u8);
        writer.WritePropertyName("items"u8);
        SchemaWriter.WriteBareReference(writer, itemDefinition, flavor);
        writer.WriteEndObject();
        WriteText(writer, "kind", "The kind of the object.");
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("description"u8, "The version of the list, and where its next part begins."u8);
        SchemaWriter.WriteReference(writer, OpenApiNames.ListMeta, flavor);
        writer.WriteEndObject();
        writer.WriteEndObject();
        SchemaWriter.WriteKinds(writer, kinds);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string description)
    {
        writer.WriteStartObject(name);
        writer.WriteString("description"u8, description);
        writer.WriteString("type"u8, "string"u8);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, TypeSchema type, string description, JsonNode? defaultValue, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        if (description.Length == 0) description = type.Description;
        if (description.Length > 0) writer.WriteString("description"u8, description);
        if (defaultValue is not null && !(flavor == OpenApiFlavor.V2 && type.Nullable))
        {
            writer.WritePropertyName("default"u8);
            defaultValue.WriteTo(writer);
        }
        WriteMembers(writer, type, flavor);
        writer.WriteEndObject();
    }

    private static void WriteRules(Utf8JsonWriter writer, TypeSchema type)
    {
        if (type.Rules.IsEmpty) return;
        writer.WriteStartArray("x-kubernetes-validations"u8);
        foreach (var rule in type.Rules)
        {
            writer.WriteStartObject();
            writer.WriteString("rule"u8, rule.Rule);
            if (rule.Message.Length > 0) writer.WriteString("message"u8, rule.Message);
            if (rule.MessageExpression.Length > 0) writer.WriteString("messageExpression"u8, rule.MessageExpression);
            if (rule.Reason.Length > 0) writer.WriteString("reason"u8, rule.Reason);
            if (rule.FieldPath.Length > 0) writer.WriteString("fieldPath"u8, rule.FieldPath);
            if (rule.OptionalOldSelf is { } optional) writer.WriteBoolean("optionalOldSelf"u8, optional);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteMembers(Utf8JsonWriter writer, TypeSchema type, OpenApiFlavor flavor)
    {
        if (type.PreserveUnknownFields) writer.WriteBoolean("x-kubernetes-preserve-unknown-fields"u8, true);
        if (type.EmbeddedResource) writer.WriteBoolean("x-kubernetes-embedded-resource"u8, true);
        WriteRules(writer, type);
        // OpenAPI 2 cannot say nullable, and kubectl refuses what does not match its type: so nothing is said there.
        if (flavor == OpenApiFlavor.V2 && (type.Nullable || type.PreserveUnknownFields)) return;
        if (type.Nullable) writer.WriteBoolean("nullable"u8, true);
        switch (type.Kind)
        {
            case SchemaKind.IntOrString:
                writer.WriteBoolean("x-kubernetes-int-or-string"u8, true);
                break;
            case SchemaKind.Any:
                break;
            case SchemaKind.List:
                writer.WriteString("type"u8, "array"u8);
                writer.WritePropertyName("items"u8);
                Write(writer, type.Items!, "", null, flavor);
                SchemaWriter.WriteListType(writer, type);
                break;
            case SchemaKind.Map:
                writer.WriteString("type"u8, "object"u8);
                writer.WritePropertyName("additionalProperties"u8);
                Write(writer, type.Items!, "", null, flavor);
                if (type.Atomic) writer.WriteString("x-kubernetes-map-type"u8, "atomic"u8);
                break;
            case SchemaKind.Object:
                WriteObject(writer, type, flavor);
                break;
            default:
                SchemaWriter.WriteScalar(writer, type.Kind, type.Constraints?.Format ?? "");
                break;
        }
        if (type.Constraints is { } constraints) WriteConstraints(writer, constraints, flavor);
    }

    private static void WriteObject(Utf8JsonWriter writer, TypeSchema type, OpenApiFlavor flavor)
    {
        writer.WriteString("type"u8, "object"u8);
        SchemaWriter.WriteRequired(writer, type.RequiredFields);
        if (!type.Fields.IsEmpty)
        {
            writer.WriteStartObject("properties"u8);
            foreach (var field in type.Fields)
            {
                writer.WritePropertyName(field.Name);
                Write(writer, field.Type, field.Description, field.Default, flavor);
            }
            writer.WriteEndObject();
        }
        if (type.Atomic) writer.WriteString("x-kubernetes-map-type"u8, "atomic"u8);
    }

    private static void WriteConstraints(Utf8JsonWriter writer, ValueConstraints constraints, OpenApiFlavor flavor)
    {
        WriteEnum(writer, constraints);
        if (constraints.Minimum is { } minimum) writer.WriteNumber("minimum"u8, minimum);
        if (constraints.Maximum is { } maximum) writer.WriteNumber("maximum"u8, maximum);
        if (constraints.ExclusiveMinimum) writer.WriteBoolean("exclusiveMinimum"u8, true);
        if (constraints.ExclusiveMaximum) writer.WriteBoolean("exclusiveMaximum"u8, true);
        if (constraints.MultipleOf is { } multiple) writer.WriteNumber("multipleOf"u8, multiple);
        if (constraints.MinLength is { } minLength) writer.WriteNumber("minLength"u8, minLength);
        if (constraints.MaxLength is { } maxLength) writer.WriteNumber("maxLength"u8, maxLength);
        if (constraints.MinItems is { } minItems) writer.WriteNumber("minItems"u8, minItems);
        if (constraints.MaxItems is { } maxItems) writer.WriteNumber("maxItems"u8, maxItems);
        if (constraints.UniqueItems) writer.WriteBoolean("uniqueItems"u8, true);
        if (constraints.MinProperties is { } minProperties) writer.WriteNumber("minProperties"u8, minProperties);
        if (constraints.MaxProperties is { } maxProperties) writer.WriteNumber("maxProperties"u8, maxProperties);
        if (constraints.PatternText.Length > 0) writer.WriteString("pattern"u8, constraints.PatternText);
        if (flavor == OpenApiFlavor.V2) return;
        WriteJunctor(writer, "allOf", constraints.AllOf);
        WriteJunctor(writer, "anyOf", constraints.AnyOf);
        WriteJunctor(writer, "oneOf", constraints.OneOf);
        if (constraints.Not is not { } not) return;
        writer.WritePropertyName("not"u8);
        WriteValueSchema(writer, not);
    }

    private static void WriteEnum(Utf8JsonWriter writer, ValueConstraints constraints)
    {
        if (constraints.Enum.IsEmpty && constraints.EnumValues.IsEmpty) return;
        writer.WriteStartArray("enum"u8);
        foreach (var value in constraints.Enum) writer.WriteStringValue(value);
        foreach (var value in constraints.EnumValues)
        {
            if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer);
        }
        writer.WriteEndArray();
    }

    private static void WriteJunctor(Utf8JsonWriter writer, string name, IReadOnlyCollection<TypeSchema> schemas)
    {
        if (schemas.Count == 0) return;
        writer.WriteStartArray(name);
        foreach (var schema in schemas) WriteValueSchema(writer, schema);
        writer.WriteEndArray();
    }

    // Inside a junctor only limits on values are said; the types are those of the schema around it.
    private static void WriteValueSchema(Utf8JsonWriter writer, TypeSchema type)
    {
        writer.WriteStartObject();
        SchemaWriter.WriteRequired(writer, type.RequiredFields);
        if (!type.Fields.IsEmpty)
        {
            writer.WriteStartObject("properties"u8);
            foreach (var field in type.Fields)
            {
                writer.WritePropertyName(field.Name);
                WriteValueSchema(writer, field.Type);
            }
            writer.WriteEndObject();
        }
        if (type.Items is not null)
        {
            writer.WritePropertyName(type.Kind == SchemaKind.Map ? "additionalProperties" : "items");
            WriteValueSchema(writer, type.Items);
        }
        if (type.Constraints is { } constraints) WriteConstraints(writer, constraints, OpenApiFlavor.V3);
        writer.WriteEndObject();
    }
}
