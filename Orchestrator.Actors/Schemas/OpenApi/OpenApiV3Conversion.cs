using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Says in OpenAPI 3 what a server says of a version in OpenAPI 2 alone: clients read only the newer one.</summary>
/// <remarks>Source of what becomes what: the OpenAPI specifications 2.0 and 3.0, and kube-openapi, pkg/openapiconv.</remarks>
internal static class OpenApiV3Conversion
{
    private const string From = "#/definitions/", To = "#/components/schemas/";

    /// <summary>What of a parameter describes its value, and is a schema of its own in version 3.</summary>
    private static readonly string[] OfValue =
        ["type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum", "multipleOf"];

    /// <summary>The document of the paths below a prefix, with the definitions that these refer to.</summary>
    /// <returns>Null when there are no such paths.</returns>
    public static JsonObject? Convert(JsonObject v2, string prefix)
    {
        var paths = new JsonObject();
        foreach (var (path, item) in JsonTree.Object(v2, "paths") ?? [])
            if ((path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal)) && item is JsonObject operations) paths[path] = Path(operations, v2);
        if (paths.Count == 0) return null;
        var schemas = new JsonObject();
        var definitions = JsonTree.Object(v2, "definitions") ?? [];
        var open = new Stack<JsonNode?>([paths]);
        while (open.TryPop(out var node))
        {
            if (node is JsonArray array) foreach (var item in array) open.Push(item);
            if (node is not JsonObject tree) continue;
            if (JsonTree.String(tree, "$ref") is { } reference && reference.StartsWith(From, StringComparison.Ordinal))
            {
                var name = reference[From.Length..];
                tree["$ref"] = To + name;
                if (!schemas.ContainsKey(name)) open.Push(schemas[name] = definitions[name]?.DeepClone() ?? new JsonObject { ["type"] = "object" });
            }
            foreach (var (_, value) in tree) open.Push(value);
        }
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = v2["info"]?.DeepClone() ?? new JsonObject { ["title"] = "", ["version"] = "" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonObject Path(JsonObject path, JsonObject document)
    {
        var result = new JsonObject();
        foreach (var (name, value) in path)
        {
            if (name == "parameters") result[name] = new JsonArray([.. (value as JsonArray ?? []).OfType<JsonObject>().Where(static p => !IsBody(p)).Select(Parameter)]);
            else result[name] = value is JsonObject operation && !name.StartsWith("x-", StringComparison.Ordinal) ? Operation(operation, document) : value?.DeepClone();
        }
        return result;
    }

    private static JsonObject Operation(JsonObject operation, JsonObject document)
    {
        var result = new JsonObject();
        foreach (var (name, value) in operation)
        {
            switch (name)
            {
                case "consumes" or "produces" or "schemes": break;
                case "parameters":
                    var all = (value as JsonArray ?? []).OfType<JsonObject>().ToList();
                    var plain = all.Where(static p => !IsBody(p)).Select(Parameter).ToArray();
                    if (plain.Length > 0) result[name] = new JsonArray([.. plain]);
                    if (all.Find(IsBody) is { } body) result["requestBody"] = Body(body, MediaTypes(operation, document, "consumes"));
                    break;
                case "responses":
                    var responses = new JsonObject();
                    foreach (var (code, response) in value as JsonObject ?? []) responses[code] = Response(response as JsonObject ?? [], MediaTypes(operation, document, "produces"));
                    result[name] = responses;
                    break;
                default: result[name] = value?.DeepClone(); break;
            }
        }
        return result;
    }

    private static bool IsBody(JsonObject parameter) => JsonTree.String(parameter, "in") == "body";

    private static JsonObject Body(JsonObject parameter, string[] mediaTypes)
    {
        var body = new JsonObject { ["content"] = Content(parameter["schema"], mediaTypes) };
        foreach (var name in (string[])["description", "required"])
            if (parameter[name] is { } value) body[name] = value.DeepClone();
        return body;
    }

    private static JsonObject Response(JsonObject response, string[] mediaTypes)
    {
        var result = new JsonObject { ["description"] = response["description"]?.DeepClone() ?? "" };
        if (response["schema"] is { } schema) result["content"] = Content(schema, mediaTypes);
        return result;
    }

    private static JsonObject Content(JsonNode? schema, string[] mediaTypes) =>
        new(mediaTypes.Select(type => KeyValuePair.Create(type, (JsonNode?)new JsonObject { ["schema"] = schema?.DeepClone() ?? new JsonObject() })));

    private static JsonObject Parameter(JsonObject parameter)
    {
        var (result, schema) = (new JsonObject(), new JsonObject());
        foreach (var (name, value) in parameter)
        {
            if (name is "collectionFormat" or "allowEmptyValue") continue;
            (OfValue.Contains(name) ? schema : result)[name] = value?.DeepClone();
        }
        if (schema.Count > 0) result["schema"] = schema;
        return result;
    }

    private static string[] MediaTypes(JsonObject operation, JsonObject document, string name) =>
        (JsonTree.Array(operation, name) ?? JsonTree.Array(document, name)) is { Count: > 0 } types ? [.. types.Select(static t => JsonTree.AsString(t) ?? "*/*").Distinct(StringComparer.Ordinal)] : ["*/*"];
}
