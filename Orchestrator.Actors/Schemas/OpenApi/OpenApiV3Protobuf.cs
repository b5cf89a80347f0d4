using System.Text.Json;
using Orchestrator.Actors.Schemas.Protobuf;
using static Orchestrator.Actors.Schemas.OpenApi.SwaggerMessage;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Turns a document of OpenAPI 3 into the protobuf message openapi.v3.Document.</summary>
/// <remarks>Source of the field numbers: OpenAPIv3.proto of gnostic. Here are the messages that our own documents are made of; those of other
/// servers are handed on as they are.</remarks>
internal static class OpenApiV3Protobuf
{
    private static readonly SwaggerMessage ExternalDocs = new SwaggerMessage().Has("description", 1, Text).Has("url", 2, Text).HasExtensions(3);

    private static readonly SwaggerMessage Reference = new SwaggerMessage().Has("$ref", 1, Text).Has("summary", 2, Text).Has("description", 3, Text);

    private static readonly SwaggerMessage Properties = new SwaggerMessage().HasOthers(1, WriteSchemaOrReference);

    private static readonly SwaggerMessage Schema = new SwaggerMessage()
        .Has("nullable", 1, Bool).Has("readOnly", 3, Bool).Has("writeOnly", 4, Bool).Has("externalDocs", 6, ExternalDocs.Write).Has("example", 7, Any)
        .Has("deprecated", 8, Bool).Has("title", 9, Text).Has("multipleOf", 10, Double).Has("maximum", 11, Double).Has("exclusiveMaximum", 12, Bool)
        .Has("minimum", 13, Double).Has("exclusiveMinimum", 14, Bool).Has("maxLength", 15, Int).Has("minLength", 16, Int).Has("pattern", 17, Text)
        .Has("maxItems", 18, Int).Has("minItems", 19, Int).Has("uniqueItems", 20, Bool).Has("maxProperties", 21, Int).Has("minProperties", 22, Int)
        .Has("required", 23, Each(Text)).Has("enum", 24, Each(Any)).Has("type", 25, Text).Has("allOf", 26, Each(WriteSchemaOrReference))
        .Has("oneOf", 27, Each(WriteSchemaOrReference)).Has("anyOf", 28, Each(WriteSchemaOrReference)).Has("not", 29, WriteSchema)
        .Has("items", 30, In(1, Each(WriteSchemaOrReference))).Has("properties", 31, Properties.Write).Has("additionalProperties", 32, WriteAdditionalProperties)
        .Has("default", 33, WriteDefault).Has("description", 34, Text).Has("format", 35, Text).HasExtensions(36);

    private static readonly SwaggerMessage MediaTypes = new SwaggerMessage()
        .HasOthers(1, new SwaggerMessage().Has("schema", 1, WriteSchemaOrReference).Has("example", 2, Any).HasExtensions(5).Write);

    private static readonly SwaggerMessage Parameter = new SwaggerMessage()
        .Has("name", 1, Text).Has("in", 2, Text).Has("description", 3, Text).Has("required", 4, Bool).Has("deprecated", 5, Bool).Has("allowEmptyValue", 6, Bool)
        .Has("style", 7, Text).Has("explode", 8, Bool).Has("allowReserved", 9, Bool).Has("schema", 10, WriteSchemaOrReference).Has("example", 11, Any)
        .Has("content", 13, MediaTypes.Write).HasExtensions(14);

    private static readonly SwaggerMessage RequestBody = new SwaggerMessage()
        .Has("description", 1, Text).Has("content", 2, MediaTypes.Write).Has("required", 3, Bool).HasExtensions(4);

    private static readonly SwaggerMessage Response = new SwaggerMessage().Has("description", 1, Text).Has("content", 3, MediaTypes.Write).HasExtensions(5);

    private static readonly SwaggerMessage SecurityRequirement = new SwaggerMessage().HasOthers(1, In(1, Each(Text)));

    private static readonly SwaggerMessage Operation = new SwaggerMessage()
        .Has("tags", 1, Each(Text)).Has("summary", 2, Text).Has("description", 3, Text).Has("externalDocs", 4, ExternalDocs.Write).Has("operationId", 5, Text)
        .Has("parameters", 6, Each(OrReference(Parameter))).Has("requestBody", 7, OrReference(RequestBody))
        .Has("responses", 8, new SwaggerMessage().Has("default", 1, OrReference(Response)).HasOthers(2, OrReference(Response)).HasExtensions(3).Write)
        .Has("deprecated", 10, Bool).Has("security", 11, Each(SecurityRequirement.Write)).HasExtensions(13);

    private static readonly SwaggerMessage PathItem = new SwaggerMessage()
        .Has("$ref", 1, Text).Has("summary", 2, Text).Has("description", 3, Text).Has("get", 4, Operation.Write).Has("put", 5, Operation.Write)
        .Has("post", 6, Operation.Write).Has("delete", 7, Operation.Write).Has("options", 8, Operation.Write).Has("head", 9, Operation.Write)
        .Has("patch", 10, Operation.Write).Has("trace", 11, Operation.Write).Has("parameters", 13, Each(OrReference(Parameter))).HasExtensions(14);

    private static readonly SwaggerMessage SecurityScheme = new SwaggerMessage()
        .Has("type", 1, Text).Has("description", 2, Text).Has("name", 3, Text).Has("in", 4, Text).Has("scheme", 5, Text).Has("bearerFormat", 6, Text).HasExtensions(9);

    private static readonly SwaggerMessage Document = new SwaggerMessage()
        .Has("openapi", 1, Text)
        .Has("info", 2, new SwaggerMessage().Has("title", 1, Text).Has("description", 2, Text).Has("version", 6, Text).HasExtensions(7).Write)
        .Has("paths", 4, new SwaggerMessage().HasOthers(1, PathItem.Write).HasExtensions(2).Write)
        .Has("components", 5, new SwaggerMessage().Has("schemas", 1, Properties.Write)
            .Has("securitySchemes", 7, new SwaggerMessage().HasOthers(1, OrReference(SecurityScheme)).Write).HasExtensions(10).Write)
        .Has("security", 6, Each(SecurityRequirement.Write)).Has("externalDocs", 8, ExternalDocs.Write).HasExtensions(9);

    public static byte[] Encode(JsonElement document)
    {
        using var writer = new ProtobufWriter();
        Document.WriteInto(writer, document);
        return writer.Written.ToArray();
    }

    /// <summary>A choice of the message (1) and of a reference to one (2).</summary>
    private static SwaggerField OrReference(SwaggerMessage message)
    {
        var (itself, reference) = (In(1, message.Write), In(2, Reference.Write));
        return (writer, field, value) => (IsReference(value) ? reference : itself)(writer, field, value);
    }

    // Schemas contain their like, which the tables above cannot say while they are being made.
    private static void WriteSchema(ProtobufWriter writer, int field, JsonElement value) => Schema.Write(writer, field, value);

    private static void WriteSchemaOrReference(ProtobufWriter writer, int field, JsonElement value) =>
        (IsReference(value) ? In(2, Reference.Write) : In(1, WriteSchema))(writer, field, value);

    private static void WriteAdditionalProperties(ProtobufWriter writer, int field, JsonElement value) =>
        (value.ValueKind == JsonValueKind.Object ? In(1, WriteSchemaOrReference) : In(2, Bool))(writer, field, value);

    /// <summary>A number, a bool or a text; that there is a default of another kind shows in a message without any of them.</summary>
    private static void WriteDefault(ProtobufWriter writer, int field, JsonElement value) => In(value.ValueKind switch
    {
        JsonValueKind.Number => 1,
        JsonValueKind.True or JsonValueKind.False => 2,
        _ => 3,
    }, value.ValueKind switch
    {
        JsonValueKind.Number => Double,
        JsonValueKind.True or JsonValueKind.False => Bool,
        _ => Text,
    })(writer, field, value);

    private static bool IsReference(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("$ref", out _);
}
