using System.Text.Json;
using Orchestrator.Actors.Schemas.Protobuf;
using static Orchestrator.Actors.Schemas.OpenApi.SwaggerMessage;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Turns a Swagger document into the protobuf message openapi.v2.Document, which kubectl prefers: it parses much faster.</summary>
/// <remarks>Source of the field numbers: OpenAPIv2.proto of gnostic. Paths and definitions are told whole, since those of other servers may say anything there.</remarks>
internal static class OpenApiV2Protobuf
{
    private static readonly SwaggerMessage ExternalDocs = new SwaggerMessage().Has("description", 1, Text).Has("url", 2, Text).HasExtensions(3);

    private static readonly SwaggerMessage Xml = new SwaggerMessage()
        .Has("name", 1, Text).Has("namespace", 2, Text).Has("prefix", 3, Text).Has("attribute", 4, Bool).Has("wrapped", 5, Bool).HasExtensions(6);

    private static readonly SwaggerMessage Reference = new SwaggerMessage().Has("$ref", 1, Text).Has("description", 2, Text);

    private static readonly SwaggerMessage Schema = new SwaggerMessage()
        .Has("$ref", 1, Text).Has("format", 2, Text).Has("title", 3, Text).Has("description", 4, Text).Has("default", 5, Any)
        .Has("multipleOf", 6, Double).Has("maximum", 7, Double).Has("exclusiveMaximum", 8, Bool).Has("minimum", 9, Double).Has("exclusiveMinimum", 10, Bool)
        .Has("maxLength", 11, Int).Has("minLength", 12, Int).Has("pattern", 13, Text).Has("maxItems", 14, Int).Has("minItems", 15, Int).Has("uniqueItems", 16, Bool)
        .Has("maxProperties", 17, Int).Has("minProperties", 18, Int).Has("required", 19, Each(Text)).Has("enum", 20, Each(Any))
        .Has("additionalProperties", 21, WriteAdditionalProperties).Has("type", 22, In(1, Each(Text))).Has("items", 23, In(1, Each(WriteSchema))).Has("allOf", 24, Each(WriteSchema))
        .Has("properties", 25, new SwaggerMessage().HasOthers(1, WriteSchema).Write).Has("discriminator", 26, Text).Has("readOnly", 27, Bool)
        .Has("xml", 28, Xml.Write).Has("externalDocs", 29, ExternalDocs.Write).Has("example", 30, Any).HasExtensions(31);

    private static readonly SwaggerMessage FileSchema = new SwaggerMessage()
        .Has("format", 1, Text).Has("title", 2, Text).Has("description", 3, Text).Has("default", 4, Any).Has("required", 5, Each(Text)).Has("type", 6, Text)
        .Has("readOnly", 7, Bool).Has("externalDocs", 8, ExternalDocs.Write).Has("example", 9, Any).HasExtensions(10);

    private static readonly SwaggerMessage Items = Limited(new SwaggerMessage().Has("type", 1, Text).Has("format", 2, Text).Has("items", 3, WriteItems).Has("collectionFormat", 4, Text), 5);

    private static readonly SwaggerMessage Header =
        Limited(new SwaggerMessage().Has("type", 1, Text).Has("format", 2, Text).Has("items", 3, Items.Write).Has("collectionFormat", 4, Text), 5, extensions: 19).Has("description", 18, Text);

    private static readonly SwaggerMessage BodyParameter = new SwaggerMessage()
        .Has("description", 1, Text).Has("name", 2, Text).Has("in", 3, Text).Has("required", 4, Bool).Has("schema", 5, Schema.Write).HasExtensions(6);

    // Of the parameters outside the body, those of queries and forms may be empty, which takes a field that the others do not have.
    private static readonly SwaggerMessage PathParameter = Parameter(5);
    private static readonly SwaggerMessage QueryParameter = Parameter(6).Has("allowEmptyValue", 5, Bool);

    private static readonly SwaggerMessage Response = new SwaggerMessage()
        .Has("description", 1, Text).Has("schema", 2, WriteSchemaItem).Has("headers", 3, new SwaggerMessage().HasOthers(1, Header.Write).Write)
        .Has("examples", 4, new SwaggerMessage().HasOthers(1, Any).Write).HasExtensions(5);

    private static readonly SwaggerMessage SecurityRequirement = new SwaggerMessage().HasOthers(1, In(1, Each(Text)));

    private static readonly SwaggerMessage Operation = new SwaggerMessage()
        .Has("tags", 1, Each(Text)).Has("summary", 2, Text).Has("description", 3, Text).Has("externalDocs", 4, ExternalDocs.Write).Has("operationId", 5, Text)
        .Has("produces", 6, Each(Text)).Has("consumes", 7, Each(Text)).Has("parameters", 8, Each(WriteParametersItem))
        .Has("responses", 9, new SwaggerMessage().HasExtensions(2).HasOthers(1, WriteResponseValue).Write)
        .Has("schemes", 10, Each(Text)).Has("deprecated", 11, Bool).Has("security", 12, Each(SecurityRequirement.Write)).HasExtensions(13);

    private static readonly SwaggerMessage PathItem = new SwaggerMessage()
        .Has("$ref", 1, Text).Has("get", 2, Operation.Write).Has("put", 3, Operation.Write).Has("post", 4, Operation.Write).Has("delete", 5, Operation.Write)
        .Has("options", 6, Operation.Write).Has("head", 7, Operation.Write).Has("patch", 8, Operation.Write).Has("parameters", 9, Each(WriteParametersItem)).HasExtensions(10);

    private static readonly SwaggerMessage ApiKey = new SwaggerMessage()
        .Has("type", 1, Text).Has("name", 2, Text).Has("in", 3, Text).Has("description", 4, Text).HasExtensions(5);

    // The paths (8) and the definitions (9) come as parts. What else other servers say at the top is not handed on.
    private static readonly SwaggerMessage Document = new SwaggerMessage()
        .Has("swagger", 1, Text).Has("info", 2, new SwaggerMessage().Has("title", 1, Text).Has("version", 2, Text).Write)
        .Has("security", 12, Each(SecurityRequirement.Write)).Has("securityDefinitions", 13, new SwaggerMessage().HasOthers(1, In(2, ApiKey.Write)).Write);

    /// <summary>A document.</summary>
    /// <param name="head">The document without its paths and definitions.</param>
    public static byte[] Encode(JsonElement head, IEnumerable<OpenApiPart> paths, IEnumerable<OpenApiPart> definitions)
    {
        using var writer = new ProtobufWriter();
        Document.WriteInto(writer, head);
        WriteParts(writer, 8, 2, paths);
        WriteParts(writer, 9, 1, definitions);
        return writer.Written.ToArray();
    }

    /// <summary>The entry of a path.</summary>
    public static byte[] EncodePath(string name, JsonElement item) => Entry(name, item, PathItem.Write);

    /// <summary>The entry of a definition.</summary>
    public static byte[] EncodeDefinition(string name, JsonElement schema) => Entry(name, schema, WriteSchema);

    private static byte[] Entry(string name, JsonElement value, SwaggerField write)
    {
        using var writer = new ProtobufWriter();
        writer.Text(1, name);
        write(writer, 2, value);
        return writer.Written.ToArray();
    }

    private static void WriteParts(ProtobufWriter writer, int field, int entry, IEnumerable<OpenApiPart> parts)
    {
        var start = writer.Begin(field);
        foreach (var part in parts.OrderBy(static p => p.Name, StringComparer.Ordinal)) writer.Bytes(entry, part.Protobuf);
        writer.End(start);
    }

    private static SwaggerMessage Parameter(int type) => Limited(new SwaggerMessage()
        .Has("required", 1, Bool).Has("in", 2, Text).Has("description", 3, Text).Has("name", 4, Text)
        .Has("type", type, Text).Has("format", type + 1, Text).Has("items", type + 2, Items.Write).Has("collectionFormat", type + 3, Text), type + 4);

    /// <summary>What bounds a value that is no object; in every message the same fields in the same order, from some number on.</summary>
    private static SwaggerMessage Limited(SwaggerMessage message, int first, int? extensions = null) => message
        .Has("default", first, Any).Has("maximum", first + 1, Double).Has("exclusiveMaximum", first + 2, Bool).Has("minimum", first + 3, Double)
        .Has("exclusiveMinimum", first + 4, Bool).Has("maxLength", first + 5, Int).Has("minLength", first + 6, Int).Has("pattern", first + 7, Text)
        .Has("maxItems", first + 8, Int).Has("minItems", first + 9, Int).Has("uniqueItems", first + 10, Bool).Has("enum", first + 11, Each(Any))
        .Has("multipleOf", first + 12, Double).HasExtensions(extensions ?? first + 13);

    // Schemas and items contain their like, which the tables above cannot say while they are being made.
    private static void WriteSchema(ProtobufWriter writer, int field, JsonElement value) => Schema.Write(writer, field, value);

    private static void WriteItems(ProtobufWriter writer, int field, JsonElement value) => Items.Write(writer, field, value);

    private static void WriteAdditionalProperties(ProtobufWriter writer, int field, JsonElement value) =>
        (value.ValueKind == JsonValueKind.Object ? In(1, WriteSchema) : In(2, Bool))(writer, field, value);

    private static void WriteSchemaItem(ProtobufWriter writer, int field, JsonElement value) =>
        (Is(value, "type", "file") ? In(2, FileSchema.Write) : In(1, WriteSchema))(writer, field, value);

    private static void WriteResponseValue(ProtobufWriter writer, int field, JsonElement value) =>
        (IsReference(value) ? In(2, Reference.Write) : In(1, Response.Write))(writer, field, value);

    private static void WriteParametersItem(ProtobufWriter writer, int field, JsonElement value) =>
        (IsReference(value) ? In(2, Reference.Write) : In(1, WriteParameter))(writer, field, value);

    private static void WriteParameter(ProtobufWriter writer, int field, JsonElement value)
    {
        SwaggerField? write =
            Is(value, "in", "body") ? In(1, BodyParameter.Write)
            : Is(value, "in", "header") ? In(2, In(1, PathParameter.Write))
            : Is(value, "in", "formData") ? In(2, In(2, QueryParameter.Write))
            : Is(value, "in", "query") ? In(2, In(3, QueryParameter.Write))
            : Is(value, "in", "path") ? In(2, In(4, PathParameter.Write))
            : null;
        write?.Invoke(writer, field, value);
    }

    private static bool IsReference(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("$ref", out _);

    private static bool Is(JsonElement value, string name, string text) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String && found.ValueEquals(text);
}
