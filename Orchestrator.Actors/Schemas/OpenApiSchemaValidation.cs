using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks what every node of a definition's schema may say, wherever it stands.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation, ValidateCustomResourceDefinitionOpenAPISchema.</remarks>
internal sealed class OpenApiSchemaValidation(FaultList faults)
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] Unsupported = ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

    /// <summary>What the schema may not say at its root when the status is a subresource: it is then held against objects in parts.</summary>
    private static readonly string[] NotAtRoot =
    [
        "id", "$schema", "$ref", "nullable", "default", "enum", "maxProperties", "minProperties", "allOf", "oneOf", "anyOf", "not", "additionalProperties",
        "patternProperties", "dependencies", "additionalItems", "definitions", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type",
    ];

    private const string AtRoot = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems "
        + "UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";

    /// <param name="path">Of the schema, which ends in <c>openAPIV3Schema</c>.</param>
    /// <param name="hasStatus">The version has the status subresource.</param>
    public void ValidateRoot(JsonObject schema, FieldPath path, bool hasStatus)
    {
        if (hasStatus) ValidateWithStatus(schema, path);
        if (JsonTree.Bool(schema, "nullable") == true) faults.Forbidden(path.Child("nullable"), "nullable cannot be true at the root");
        Validate(schema, path, isRoot: true, inMeta: false, defaults: null);
    }

    /// <summary>Whether there is something that no structure can be made of, so that nothing more can be said of it.</summary>
    public static bool IsUnsupported(JsonObject schema)
    {
        foreach (var name in Unsupported)
            if (IsGiven(schema, name)) return true;
        if (schema["items"] is JsonArray { Count: > 0 } || IsGiven(schema, "$schema") || JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") == false) return true;
        return Parts(schema).Any(static p => IsUnsupported(p.Schema));
    }

    private void ValidateWithStatus(JsonObject schema, FieldPath path)
    {
        // The first that is wrong is told, in the order in which upstream's type has its fields.
        if (!NotAtRoot.Take(3).Any(name => IsGiven(schema, name)) && JsonTree.String(schema, "type") is { Length: > 0 } type and not "object")
            faults.Invalid(path.Child("type"), type, "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled");
        else if (NotAtRoot.Any(name => IsGiven(schema, name)))
            faults.Invalid(path, schema, $"only {AtRoot} fields are allowed at the root of the schema if the status subresource is enabled");
    }

    /// <param name="inMeta">Inside the metadata of a resource.</param>
    /// <param name="defaults">Why there may be no default here; null where there may.</param>
    private void Validate(JsonObject schema, FieldPath path, bool isRoot, bool inMeta, string? defaults)
    {
        ValidateNode(schema, path, inMeta, defaults);
        new ListSchemaValidation(faults).Validate(schema, path);
        new RuleTexts(faults).Validate(schema, path);
        var embedded = JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true;
        foreach (var (part, step, name) in Parts(schema))
        {
            var meta = step == "properties" && (isRoot || embedded) && name is "metadata" or "apiVersion" or "kind";
            var reason = meta && isRoot ? $"in top-level {name}"
                : step == "additionalProperties" && inMeta ? "inside additionalProperties applying to object metadata"
                : defaults;
            var place = path.Child(step);
            if (name is not null) place = step is "properties" or "definitions" ? place.Key(name) : place.Index(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture));
            Validate(part, place, isRoot: false, inMeta || meta, reason);
        }
    }

    private void ValidateNode(JsonObject schema, FieldPath path, bool inMeta, string? defaults)
    {
        var type = JsonTree.String(schema, "type") ?? "";
        if (type.Length > 0 && !Types.Contains(type)) faults.NotSupported(path.Child("type"), type, Types);
        if (defaults is not null && schema["default"] is not null) faults.Forbidden(path.Child("default"), $"must not be set {defaults}");
        foreach (var name in Unsupported)
            if (IsGiven(schema, name)) faults.Forbidden(path.Child(name), $"{name} is not supported");
        if (type == "null") faults.Forbidden(path.Child("type"), "type cannot be set to null, use nullable as an alternative");
        if (schema["items"] is JsonArray { Count: > 0 }) faults.Forbidden(path.Child("items"), "items must be a schema object and not an array");
        if (inMeta && JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true)
            faults.Forbidden(path.Child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
        if (JsonTree.Bool(schema, "uniqueItems") == true)
            faults.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        if (schema["properties"] is JsonObject { Count: > 0 } && (schema["additionalProperties"] is JsonObject || JsonTree.AsBool(schema["additionalProperties"]) == false))
            faults.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive");
        if (JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") == false)
            faults.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
        if (JsonTree.String(schema, "x-kubernetes-map-type") is not { } mapType) return;
        if (type.Length == 0) faults.Required(path.Child("type"), "must be object if x-kubernetes-map-type is specified");
        else if (type != "object") faults.Invalid(path.Child("type"), type, "must be object if x-kubernetes-map-type is specified");
        if (mapType is not ("atomic" or "granular")) faults.NotSupported(path.Child("x-kubernetes-map-type"), mapType, ["atomic", "granular"]);
    }

    // What is empty or false says nothing.
    private static bool IsGiven(JsonObject schema, string name) => schema[name] switch
    {
        null => false,
        JsonObject tree => tree.Count > 0 || name is "additionalProperties" or "additionalItems" or "not" or "dependencies",
        JsonArray list => list.Count > 0,
        var value => JsonTree.AsBool(value) is { } flag ? flag || name is "additionalProperties" or "additionalItems" : JsonTree.AsString(value) is not "",
    };

    /// <summary>The schemas inside a schema, with the way to them: a step, and a name or a number below it.</summary>
    private static IEnumerable<(JsonObject Schema, string Step, string? Name)> Parts(JsonObject schema)
    {
        foreach (var step in (string[])["additionalProperties", "items", "not"])
            if (schema[step] is JsonObject one) yield return (one, step, null);
        foreach (var step in (string[])["properties", "definitions"])
            foreach (var (name, node) in schema[step] as JsonObject ?? [])
                if (node is JsonObject part) yield return (part, step, name);
        foreach (var step in (string[])["allOf", "anyOf", "oneOf"])
        {
            if (schema[step] is not JsonArray list) continue;
            for (var i = 0; i < list.Count; i++)
                if (list[i] is JsonObject part) yield return (part, step, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
