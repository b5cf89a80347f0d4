using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks that a definition's schema is structural: that pruning and defaulting can follow it.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation.</remarks>
internal sealed class StructuralSchemaValidation(FaultList faults)
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    public void ValidateRoot(JsonObject schema, FieldPath path)
    {
        var type = JsonTree.String(schema, "type");
        if (string.IsNullOrEmpty(type)) faults.Required(path.Child("type"), "must not be empty at the root");
        else if (type != "object") faults.Invalid(path.Child("type"), type, "must be object at the root");
        if (JsonTree.Bool(schema, "nullable") == true) faults.Forbidden(path.Child("nullable"), "nullable cannot be true at the root");
        if (JsonTree.At(schema, ["properties", "metadata", "properties"]) is JsonObject metadata)
        {
            foreach (var (name, _) in metadata)
                if (name is not ("name" or "generateName"))
                    faults.Forbidden(path.Child("properties").Key("metadata").Child("properties"), "must not specify anything other than name and generateName, but metadata is implicitly specified");
        }
        Validate(schema, path, "");
    }

    /// <param name="place">Says where a type is missing: for a field or an element; empty where it is not needed.</param>
    private void Validate(JsonObject schema, FieldPath path, string place)
    {
        ValidateForbidden(schema, path);
        ValidateType(schema, path, place);
        ValidateLists(schema, path);
        if (JsonTree.String(schema, "pattern") is { Length: > 0 } pattern && !GoRegex.TryCompile(pattern, out _, out var fault))
            faults.Invalid(path.Child("pattern"), pattern, $"must be a valid regular expression, but isn't: {fault}");
        if (schema["properties"] is JsonObject properties)
        {
            foreach (var (name, node) in properties)
                if (node is JsonObject property) Validate(property, path.Child("properties").Key(name), "for specified object fields");
        }
        if (schema["additionalProperties"] is JsonObject values) Validate(values, path.Child("additionalProperties"), "for specified object fields");
        if (schema["items"] is JsonObject items) Validate(items, path.Child("items"), "for specified array items");
        ValidateJunctors(schema, path);
        if (schema["default"] is { } value) ValidateDefault(schema, value, path.Child("default"));
    }

    private void ValidateForbidden(JsonObject schema, FieldPath path)
    {
        foreach (var name in (ReadOnlySpan<string>)["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"])
            if (schema[name] is not null) faults.Forbidden(path.Child(name), $"{name} is not supported");
        if (JsonTree.Bool(schema, "uniqueItems") == true)
            faults.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        if (JsonTree.AsBool(schema["additionalProperties"]) == false)
            faults.Forbidden(path.Child("additionalProperties"), "additionalProperties cannot be set to false");
        if (schema["properties"] is JsonObject { Count: > 0 } && schema["additionalProperties"] is JsonObject)
            faults.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive");
        if (schema["items"] is JsonArray) faults.Forbidden(path.Child("items"), "items must be a schema object and not an array");
    }

    private void ValidateType(JsonObject schema, FieldPath path, string place)
    {
        var type = JsonTree.String(schema, "type") ?? "";
        var either = JsonTree.Bool(schema, "x-kubernetes-int-or-string") == true;
        var open = JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") == true;
        if (type.Length == 0)
        {
            if (place.Length > 0 && !either && !open) faults.Required(path.Child("type"), $"must not be empty {place}");
        }
        else if (!Types.Contains(type)) faults.NotSupported(path.Child("type"), type, Types);
        else if (either) faults.Forbidden(path.Child("type"), "must be empty if x-kubernetes-int-or-string is true");
        else if (open && type != "object") faults.Invalid(path.Child("type"), type, "must be object if x-kubernetes-preserve-unknown-fields is true");
        if (type == "array" && schema["items"] is null) faults.Required(path.Child("items"), "must be specified");
        if (JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true && type != "object")
            faults.Invalid(path.Child("type"), type, "must be object if x-kubernetes-embedded-resource is true");
    }

    private void ValidateLists(JsonObject schema, FieldPath path)
    {
        var listType = JsonTree.String(schema, "x-kubernetes-list-type");
        var keysPath = path.Child("x-kubernetes-list-map-keys");
        var keys = schema["x-kubernetes-list-map-keys"] as JsonArray;
        if (listType is not null and not ("atomic" or "set" or "map"))
            faults.NotSupported(path.Child("x-kubernetes-list-type"), listType, ["atomic", "map", "set"]);
        if (listType is not null && JsonTree.String(schema, "type") != "array")
            faults.Invalid(path.Child("type"), JsonTree.String(schema, "type") ?? "", "must be array if x-kubernetes-list-type is specified");
        if (listType != "map")
        {
            if (keys is { Count: > 0 }) faults.Forbidden(keysPath, "must be empty if x-kubernetes-list-type is not map");
            return;
        }
        if (keys is not { Count: > 0 }) faults.Required(keysPath, "must not be empty if x-kubernetes-list-type is map");
        var properties = JsonTree.At(schema, ["items", "properties"]) as JsonObject;
        for (var i = 0; i < keys?.Count; i++)
        {
            if (JsonTree.AsString(keys[i]) is { } key && properties?.ContainsKey(key) != true)
                faults.Invalid(keysPath.Index(i), key, "must be the name of a property defined in the items schema");
        }
        if (JsonTree.String(schema["items"] as JsonObject, "type") is { } itemType and not "object")
            faults.Invalid(path.Child("items").Child("type"), itemType, "must be object if parent array's x-kubernetes-list-type is map");
    }

    private void ValidateJunctors(JsonObject schema, FieldPath path)
    {
        var either = JsonTree.Bool(schema, "x-kubernetes-int-or-string") == true;
        foreach (var name in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf"])
        {
            if (schema[name] is not JsonArray list) continue;
            for (var i = 0; i < list.Count; i++)
                if (list[i] is JsonObject part) ValidateValueSchema(part, path.Child(name).Index(i), either);
        }
        if (schema["not"] is JsonObject not) ValidateValueSchema(not, path.Child("not"), either);
    }

    /// <summary>Below a junctor a schema may limit values and must not describe structure.</summary>
    private void ValidateValueSchema(JsonObject schema, FieldPath path, bool either)
    {
        foreach (var name in (ReadOnlySpan<string>)["type", "default", "description", "title", "nullable", "additionalProperties",
            "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-map-type"])
        {
            // The pattern by which every int-or-string is written spells out both types.
            if (schema[name] is null || (name == "type" && either)) continue;
            faults.Forbidden(path.Child(name), "must be empty to be structural");
        }
        if (JsonTree.String(schema, "pattern") is { Length: > 0 } pattern && !GoRegex.TryCompile(pattern, out _, out var fault))
            faults.Invalid(path.Child("pattern"), pattern, $"must be a valid regular expression, but isn't: {fault}");
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
            if (node is JsonObject property) ValidateValueSchema(property, path.Child("properties").Key(name), false);
        if (schema["items"] is JsonObject items) ValidateValueSchema(items, path.Child("items"), false);
        ValidateJunctors(schema, path);
    }

    private void ValidateDefault(JsonObject schema, JsonNode value, FieldPath path)
    {
        var type = StructuralSchema.Build(schema);
        var found = new FaultList();
        CustomValidation.Visit(value, type, path, found);
        foreach (var cause in found.Causes) faults.Add(cause);
        if (value is not JsonObject tree) return;
        var pruner = new Pruner();
        pruner.PruneObject((JsonObject)tree.DeepClone(), type, path, typed: false);
        if (pruner.Unknown is not null) faults.Invalid(path, value, "must not have unknown fields");
    }
}
