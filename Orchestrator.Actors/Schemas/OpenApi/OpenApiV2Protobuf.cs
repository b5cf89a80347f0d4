using System.Text.Json;
using Orchestrator.Actors.Schemas.Protobuf;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Turns a Swagger document into the protobuf message openapi.v2.Document, which kubectl prefers: it parses much faster.</summary>
/// <remarks>Source of the field numbers: OpenAPIv2.proto of gnostic. Only what our documents contain is known here; anything else is a bug.</remarks>
internal static class OpenApiV2Protobuf
{
    public static byte[] Encode(JsonElement document)
    {
        using var writer = new ProtobufWriter();
        foreach (var property in document.EnumerateObject())
        {
            switch (property.Name)
            {
                case "swagger": writer.Text(1, property.Value.GetString()!); break;
                case "info": Message(writer, 2, property.Value, WriteInfo); break;
                case "paths": Message(writer, 8, property.Value, WritePaths); break;
                case "definitions": Message(writer, 9, property.Value, WriteNamedSchemas); break;
                case "security": Repeated(writer, 12, property.Value, WriteSecurity); break;
                case "securityDefinitions": Message(writer, 13, property.Value, WriteSecurityDefinitions); break;
                default: throw Unknown("document", property);
            }
        }
        return writer.Written.ToArray();
    }

    private static void WriteInfo(ProtobufWriter writer, JsonElement info)
    {
        writer.Text(1, info.GetProperty("title").GetString()!);
        writer.Text(2, info.GetProperty("version").GetString()!);
    }

    private static void WriteSecurity(ProtobufWriter writer, JsonElement requirement)
    {
        foreach (var scheme in requirement.EnumerateObject())
            Named(writer, 1, scheme, static (w, scopes) => { foreach (var scope in scopes.EnumerateArray()) w.Text(1, scope.GetString()!); });
    }

    private static void WriteSecurityDefinitions(ProtobufWriter writer, JsonElement definitions)
    {
        foreach (var definition in definitions.EnumerateObject())
            Named(writer, 1, definition, static (w, value) => Message(w, 2, value, static (w, key) =>
            {
                w.Text(1, key.GetProperty("type").GetString()!);
                w.Text(2, key.GetProperty("name").GetString()!);
                w.Text(3, key.GetProperty("in").GetString()!);
                w.Text(4, key.GetProperty("description").GetString()!);
            }));
    }

    private static void WritePaths(ProtobufWriter writer, JsonElement paths)
    {
        foreach (var path in paths.EnumerateObject()) Named(writer, 2, path, WritePathItem);
    }

    private static void WritePathItem(ProtobufWriter writer, JsonElement item)
    {
        foreach (var property in item.EnumerateObject())
        {
            if (property.Name == "parameters")
            {
                Repeated(writer, 9, property.Value, WriteParametersItem);
                continue;
            }
            var field = property.Name switch
            {
                "get" => 2,
                "put" => 3,
                "post" => 4,
                "delete" => 5,
                "options" => 6,
                "head" => 7,
                "patch" => 8,
                _ => throw Unknown("path", property),
            };
            Message(writer, field, property.Value, WriteOperation);
        }
    }

    private static void WriteOperation(ProtobufWriter writer, JsonElement operation)
    {
        foreach (var property in operation.EnumerateObject())
        {
            switch (property.Name)
            {
                case "tags": Texts(writer, 1, property.Value); break;
                case "description": writer.Text(3, property.Value.GetString()!); break;
                case "operationId": writer.Text(5, property.Value.GetString()!); break;
                case "produces": Texts(writer, 6, property.Value); break;
                case "consumes": Texts(writer, 7, property.Value); break;
                case "parameters": Repeated(writer, 8, property.Value, WriteParametersItem); break;
                case "responses": Message(writer, 9, property.Value, WriteResponses); break;
                case "schemes": Texts(writer, 10, property.Value); break;
                default: Extension(writer, 13, "operation", property); break;
            }
        }
    }

    private static void WriteResponses(ProtobufWriter writer, JsonElement responses)
    {
        foreach (var response in responses.EnumerateObject())
            Named(writer, 1, response, static (w, value) => Message(w, 1, value, static (w, value) =>
            {
                w.Text(1, value.GetProperty("description").GetString()!);
                if (value.TryGetProperty("schema", out var schema))
                    Message(w, 2, schema, static (w, schema) => Message(w, 1, schema, WriteSchema));
            }));
    }

    // ParametersItem holds a Parameter, which holds a body or one of the other places.
    private static void WriteParametersItem(ProtobufWriter writer, JsonElement item)
    {
        var place = item.GetProperty("in").GetString();
        Message(writer, 1, item, (w, item) =>
        {
            if (place == "body") Message(w, 1, item, WriteBodyParameter);
            else Message(w, 2, item, (w, item) => Message(w, place == "query" ? 3 : 4, item, place == "query" ? WriteQueryParameter : WritePathParameter));
        });
    }

    private static void WriteBodyParameter(ProtobufWriter writer, JsonElement parameter)
    {
        writer.Text(2, parameter.GetProperty("name").GetString()!);
        writer.Text(3, "body");
        if (parameter.TryGetProperty("required", out var required) && required.GetBoolean()) writer.Bool(4, true);
        Message(writer, 5, parameter.GetProperty("schema"), WriteSchema);
    }

    private static void WriteQueryParameter(ProtobufWriter writer, JsonElement parameter)
    {
        writer.Text(2, "query");
        writer.Text(3, parameter.GetProperty("description").GetString()!);
        writer.Text(4, parameter.GetProperty("name").GetString()!);
        writer.Text(6, parameter.GetProperty("type").GetString()!);
        writer.Bool(20, true);
    }

    private static void WritePathParameter(ProtobufWriter writer, JsonElement parameter)
    {
        writer.Bool(1, true);
        writer.Text(2, "path");
        writer.Text(3, parameter.GetProperty("description").GetString()!);
        writer.Text(4, parameter.GetProperty("name").GetString()!);
        writer.Text(5, parameter.GetProperty("type").GetString()!);
        writer.Bool(19, true);
    }

    private static void WriteNamedSchemas(ProtobufWriter writer, JsonElement schemas)
    {
        foreach (var schema in schemas.EnumerateObject()) Named(writer, 1, schema, WriteSchema);
    }

    private static void WriteSchema(ProtobufWriter writer, JsonElement schema)
    {
        foreach (var property in schema.EnumerateObject())
        {
            var value = property.Value;
            switch (property.Name)
            {
                case "$ref": writer.Text(1, value.GetString()!); break;
                case "format": writer.Text(2, value.GetString()!); break;
                case "description": writer.Text(4, value.GetString()!); break;
                case "default": Any(writer, 5, value); break;
                case "required": Texts(writer, 19, value); break;
                case "enum":
                    foreach (var item in value.EnumerateArray()) Any(writer, 20, item);
                    break;
                case "additionalProperties": Message(writer, 21, value, static (w, items) => Message(w, 1, items, WriteSchema)); break;
                case "type": Message(writer, 22, value, static (w, type) => w.Text(1, type.GetString()!)); break;
                case "items": Message(writer, 23, value, static (w, items) => Message(w, 1, items, WriteSchema)); break;
                case "properties": Message(writer, 25, value, WriteNamedSchemas); break;
                default:
                    if (!WriteLimit(writer, property)) Extension(writer, 31, "schema", property);
                    break;
            }
        }
    }

    private static bool WriteLimit(ProtobufWriter writer, JsonProperty property)
    {
        switch (property.Name)
        {
            case "multipleOf": writer.Double(6, property.Value.GetDouble()); break;
            case "maximum": writer.Double(7, property.Value.GetDouble()); break;
            case "exclusiveMaximum": writer.Bool(8, property.Value.GetBoolean()); break;
            case "minimum": writer.Double(9, property.Value.GetDouble()); break;
            case "exclusiveMinimum": writer.Bool(10, property.Value.GetBoolean()); break;
            case "maxLength": writer.Int(11, property.Value.GetInt64()); break;
            case "minLength": writer.Int(12, property.Value.GetInt64()); break;
            case "pattern": writer.Text(13, property.Value.GetString()!); break;
            case "maxItems": writer.Int(14, property.Value.GetInt64()); break;
            case "minItems": writer.Int(15, property.Value.GetInt64()); break;
            case "uniqueItems": writer.Bool(16, property.Value.GetBoolean()); break;
            case "maxProperties": writer.Int(17, property.Value.GetInt64()); break;
            case "minProperties": writer.Int(18, property.Value.GetInt64()); break;
            default: return false;
        }
        return true;
    }

    private static void Extension(ProtobufWriter writer, int field, string holder, JsonProperty property)
    {
        if (!property.Name.StartsWith("x-", StringComparison.Ordinal)) throw Unknown(holder, property);
        Named(writer, field, property, static (w, value) => w.Text(2, value.GetRawText()));
    }

    // The value is told as YAML, of which JSON is a part.
    private static void Any(ProtobufWriter writer, int field, JsonElement value) => Message(writer, field, value, static (w, value) => w.Text(2, value.GetRawText()));

    private static void Texts(ProtobufWriter writer, int field, JsonElement texts)
    {
        foreach (var text in texts.EnumerateArray()) writer.Text(field, text.GetString()!);
    }

    private static void Repeated(ProtobufWriter writer, int field, JsonElement items, Action<ProtobufWriter, JsonElement> write)
    {
        foreach (var item in items.EnumerateArray()) Message(writer, field, item, write);
    }

    /// <summary>Maps are lists of messages with a name and a value.</summary>
    private static void Named(ProtobufWriter writer, int field, JsonProperty property, Action<ProtobufWriter, JsonElement> write)
    {
        var start = writer.Begin(field);
        writer.Text(1, property.Name);
        Message(writer, 2, property.Value, write);
        writer.End(start);
    }

    private static void Message(ProtobufWriter writer, int field, JsonElement value, Action<ProtobufWriter, JsonElement> write)
    {
        var start = writer.Begin(field);
        write(writer, value);
        writer.End(start);
    }

    private static InvalidOperationException Unknown(string holder, JsonProperty property) => new($"no field of a {holder} for {property.Name}");
}
