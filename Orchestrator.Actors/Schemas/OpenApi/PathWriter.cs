using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Writes paths in the form of either OpenAPI.</summary>
internal static class PathWriter
{
    /// <summary>What may be done at a path.</summary>
    public static byte[] Bytes(ApiPath path, OpenApiFlavor flavor) => OpenApiPart.Bytes(writer =>
    {
        writer.WriteStartObject();
        foreach (var operation in path.Operations) WriteOperation(writer, operation, flavor);
        WriteParameters(writer, path.Parameters, null, flavor);
        writer.WriteEndObject();
    });

    private static void WriteOperation(Utf8JsonWriter writer, ApiOperation operation, OpenApiFlavor flavor)
    {
        writer.WriteStartObject(operation.Method);
        if (flavor == OpenApiFlavor.V2)
        {
            WriteStrings(writer, "consumes", operation.Consumes);
            WriteStrings(writer, "produces", operation.Produces);
            WriteStrings(writer, "schemes", ["https"]);
        }
        writer.WriteString("description"u8, operation.Description);
        writer.WriteString("operationId"u8, operation.Id);
        WriteStrings(writer, "tags", [operation.Tag]);
        WriteParameters(writer, operation.Parameters, operation, flavor);
        if (flavor == OpenApiFlavor.V3 && operation.Body is not null) WriteBody(writer, operation);
        WriteResponses(writer, operation, flavor);
        if (operation.Kind is { } kind)
        {
            writer.WriteString("x-kubernetes-action"u8, operation.Action);
            writer.WritePropertyName("x-kubernetes-group-version-kind"u8);
            SchemaWriter.WriteKind(writer, kind);
        }
        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, IReadOnlyCollection<ApiParameter> parameters, ApiOperation? operation, OpenApiFlavor flavor)
    {
        var body = flavor == OpenApiFlavor.V2 ? operation?.Body : null;
        if (parameters.Count == 0 && body is null) return;
        writer.WriteStartArray("parameters"u8);
        if (body is not null)
        {
            writer.WriteStartObject();
            writer.WriteString("in"u8, "body"u8);
            writer.WriteString("name"u8, "body"u8);
            if (operation!.BodyRequired) writer.WriteBoolean("required"u8, true);
            writer.WritePropertyName("schema"u8);
            SchemaWriter.WriteBareReference(writer, body, flavor);
            writer.WriteEndObject();
        }
        foreach (var parameter in parameters) WriteParameter(writer, parameter, flavor);
        writer.WriteEndArray();
    }

    private static void WriteParameter(Utf8JsonWriter writer, ApiParameter parameter, OpenApiFlavor flavor)
    {
        writer.WriteStartObject();
        writer.WriteString("description"u8, parameter.Description);
        writer.WriteString("in"u8, parameter.In);
        writer.WriteString("name"u8, parameter.Name);
        if (parameter.In == "path") writer.WriteBoolean("required"u8, true);
        if (flavor == OpenApiFlavor.V3) writer.WriteStartObject("schema"u8);
        writer.WriteString("type"u8, parameter.Type);
        writer.WriteBoolean("uniqueItems"u8, true);
        if (flavor == OpenApiFlavor.V3) writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter writer, ApiOperation operation)
    {
        writer.WriteStartObject("requestBody"u8);
        if (operation.BodyRequired) writer.WriteBoolean("required"u8, true);
        WriteContent(writer, operation.Consumes, operation.Body);
        writer.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter writer, IEnumerable<string> mediaTypes, string? definition)
    {
        writer.WriteStartObject("content"u8);
        foreach (var mediaType in mediaTypes)
        {
            writer.WriteStartObject(mediaType);
            writer.WritePropertyName("schema"u8);
            WriteAnswerSchema(writer, definition, OpenApiFlavor.V3);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteResponses(Utf8JsonWriter writer, ApiOperation operation, OpenApiFlavor flavor)
    {
        writer.WriteStartObject("responses"u8);
        foreach (var code in operation.Codes)
        {
            writer.WriteStartObject(code.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("description"u8, code switch { 201 => "Created", 202 => "Accepted", _ => "OK" });
            if (flavor == OpenApiFlavor.V3)
            {
                WriteContent(writer, operation.Produces, operation.Response);
            }
            else
            {
                writer.WritePropertyName("schema"u8);
                WriteAnswerSchema(writer, operation.Response, flavor);
            }
            writer.WriteEndObject();
        }
        writer.WriteStartObject("401"u8);
        writer.WriteString("description"u8, "Unauthorized"u8);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteAnswerSchema(Utf8JsonWriter writer, string? definition, OpenApiFlavor flavor)
    {
        if (definition is not null)
        {
            SchemaWriter.WriteBareReference(writer, definition, flavor);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("type"u8, "string"u8);
        writer.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
