using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks that a definition's schema is structural: that pruning and defaulting can follow it.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation.</remarks>
internal sealed class StructuralSchemaValidation(FaultList faults)
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    /// <summary>Where in the structure a node is.</summary>
    private enum Place : byte
    {
        Root,
        Field,
        Item,
    }

    public void ValidateRoot(JsonObject schema, FieldPath path)
    {
        var before = faults.Causes.Length;
        if (JsonTree.Bool(schema, "nullable") == true) faults.Forbidden(path.Child("nullable"), "nullable cannot be true at the root");
        Validate(schema, path, Place.Root, inMeta: false, defaults: null);
        // What is wrong with the structure shows again in every rule that speaks of it.
        if (faults.Causes.Length == before) new RuleDefinitions(faults).ValidateRoot(schema, path);
    }

    /// <param name="inMeta">Inside the metadata of a resource.</param>
    /// <param name="defaults">Why there may be no default here; null where there may.</param>
    private void Validate(JsonObject schema, FieldPath path, Place place, bool inMeta, string? defaults)
    {
        ValidateForbidden(schema, path, inMeta);
        ValidateType(schema, path, place);
        ValidateExtensions(schema, path);
        new ListSchemaValidation(faults).Validate(schema, path);
        new RuleTexts(faults).Validate(schema, path);
        ValidatePattern(schema, path);
        var embedded = JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true;
        if (place == Place.Root || embedded) ValidateMetadata(schema, path);
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
        {
            if (node is not JsonObject property) continue;
            var meta = (place == Place.Root || embedded) && name is "metadata" or "apiVersion" or "kind";
            Validate(property, path.Child("properties").Key(name), Place.Field, inMeta || meta, place == Place.Root && meta ? $"in top-level {name}" : defaults);
        }
        if (schema["additionalProperties"] is JsonObject values)
            Validate(values, path.Child("additionalProperties"), Place.Field, inMeta, inMeta ? "inside additionalProperties applying to object metadata" : defaults);
        if (schema["items"] is JsonObject items) Validate(items, path.Child("items"), Place.Item, inMeta, defaults);
        ValidateJunctors(schema, schema, path, path);
        if (schema["default"] is not { } value) return;
        if (defaults is not null) faults.Forbidden(path.Child("default"), $"must not be set {defaults}");
        else ValidateDefault(schema, value, path.Child("default"));
    }

    private void ValidateForbidden(JsonObject schema, FieldPath path, bool inMeta)
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
        if (inMeta && JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true)
            faults.Forbidden(path.Child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
        if (JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") == false)
            faults.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
    }

    private void ValidateType(JsonObject schema, FieldPath path, Place place)
    {
        var type = JsonTree.String(schema, "type") ?? "";
        var either = JsonTree.Bool(schema, "x-kubernetes-int-or-string") == true;
        var open = JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") == true;
        var typePath = path.Child("type");
        if (type == "null") faults.Forbidden(typePath, "type cannot be set to null, use nullable as an alternative");
        else if (type.Length > 0 && !Types.Contains(type)) faults.NotSupported(typePath, type, Types);
        else if (either && type.Length > 0) faults.Forbidden(typePath, "must be empty if x-kubernetes-int-or-string is true");
        else if (type.Length == 0)
        {
            var needed = place == Place.Root || (!either && !open);
            if (needed)
                faults.Required(typePath, place switch
                {
                    Place.Root => "must not be empty at the root",
                    Place.Item => "must not be empty for specified array items",
                    _ => "must not be empty for specified object fields",
                });
        }
        else if (place == Place.Root && type != "object") faults.Invalid(typePath, type, "must be object at the root");
        else if (open && type != "object") faults.Invalid(typePath, type, "must be object if x-kubernetes-preserve-unknown-fields is true");
        if (either && open)
            faults.Forbidden(path.Child("x-kubernetes-preserve-unknown-fields"), "must be false if x-kubernetes-int-or-string is true");
        if (type == "array" && schema["items"] is null) faults.Required(path.Child("items"), "must be specified");
        if (schema["properties"] is JsonObject { Count: > 0 } && type.Length > 0 && type != "object")
            faults.Forbidden(path.Child("properties"), "must not be specified if type is not object");
        if (schema["additionalProperties"] is JsonObject && type.Length > 0 && type != "object")
            faults.Forbidden(path.Child("additionalProperties"), "must not be specified if type is not object");
        if (schema["items"] is not null && type.Length > 0 && type != "array") faults.Forbidden(path.Child("items"), "must not be specified if type is not array");
    }

    private void ValidateExtensions(JsonObject schema, FieldPath path)
    {
        var type = JsonTree.String(schema, "type") ?? "";
        if (JsonTree.Bool(schema, "x-kubernetes-embedded-resource") == true)
        {
            if (type != "object") TypeMustBe("object", "x-kubernetes-embedded-resource is true", type, path);
            if (JsonTree.Bool(schema, "x-kubernetes-preserve-unknown-fields") != true && schema["properties"] is not JsonObject { Count: > 0 })
                faults.Required(path.Child("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
        }
        if (JsonTree.String(schema, "x-kubernetes-map-type") is not { } mapType) return;
        if (type != "object") TypeMustBe("object", "x-kubernetes-map-type is specified", type, path);
        if (mapType is not ("atomic" or "granular")) faults.NotSupported(path.Child("x-kubernetes-map-type"), mapType, ["atomic", "granular"]);
    }

    private void TypeMustBe(string wanted, string when, string type, FieldPath path)
    {
        if (type.Length == 0) faults.Required(path.Child("type"), $"must be {wanted} if {when}");
        else faults.Invalid(path.Child("type"), type, $"must be {wanted} if {when}");
    }

    /// <summary>Of metadata a schema may limit the name alone: the rest is the same for all resources.</summary>
    private void ValidateMetadata(JsonObject schema, FieldPath path)
    {
        if (schema["properties"] is not JsonObject properties) return;
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (properties[name] is JsonObject text && JsonTree.String(text, "type") is { } type and not "string")
                faults.Invalid(path.Child("properties").Key(name).Child("type"), type, "must be string");
        }
        if (properties["metadata"] is not JsonObject metadata) return;
        var place = path.Child("properties").Key("metadata");
        if (JsonTree.String(metadata, "type") is { } kind and not "object") faults.Invalid(place.Child("type"), kind, "must be object");
        if (metadata["additionalProperties"] is not null || (metadata["properties"] as JsonObject ?? []).Any(static p => p.Key is not ("name" or "generateName")))
            faults.Forbidden(place.Child("properties"), "must not specify anything other than name and generateName, but metadata is implicitly specified");
    }

    private void ValidatePattern(JsonObject schema, FieldPath path)
    {
        if (JsonTree.String(schema, "pattern") is { Length: > 0 } pattern && !GoRegex.TryCompile(pattern, out _, out var fault))
            faults.Invalid(path.Child("pattern"), pattern, $"must be a valid regular expression, but isn't: {fault}");
    }

    /// <param name="node">The node of the structure that the junctors are about.</param>
    /// <param name="nodePath">Where that is.</param>
    private void ValidateJunctors(JsonObject schema, JsonObject? node, FieldPath path, FieldPath nodePath)
    {
        var either = JsonTree.Bool(schema, "x-kubernetes-int-or-string") == true;
        foreach (var name in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf"])
        {
            if (schema[name] is not JsonArray list) continue;
            for (var i = 0; i < list.Count; i++)
                if (list[i] is JsonObject part) ValidateValueSchema(part, node, path.Child(name).Index(i), nodePath, either, rules: name == "allOf");
        }
        if (schema["not"] is JsonObject not) ValidateValueSchema(not, node, path.Child("not"), nodePath, either, rules: false);
    }

    /// <summary>Below a junctor a schema may limit values and must not describe structure; and it must speak of what the structure has.</summary>
    private void ValidateValueSchema(JsonObject schema, JsonObject? node, FieldPath path, FieldPath nodePath, bool either, bool rules)
    {
        foreach (var (name, detail) in (ReadOnlySpan<(string, string)>)
        [
            ("type", "must be empty to be structural"), ("title", "must be empty to be structural"), ("description", "must be empty to be structural"),
            ("default", "must be undefined to be structural"), ("nullable", "must be false to be structural"), ("additionalProperties", "must be undefined to be structural"),
            ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"), ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"), ("x-kubernetes-list-map-keys", "must be empty to be structural"),
            ("x-kubernetes-list-type", "must be undefined to be structural"), ("x-kubernetes-map-type", "must be undefined to be structural"),
        ])
        {
            // The pattern by which every int-or-string is written spells out both types.
            if (schema[name] is null || (name == "type" && either)) continue;
            faults.Forbidden(path.Child(name), detail);
        }
        if (!rules && schema["x-kubernetes-validations"] is JsonArray { Count: > 0 })
            faults.Forbidden(path.Child("x-kubernetes-validations"), "must be empty to be structural");
        ValidatePattern(schema, path);
        foreach (var (name, part) in schema["properties"] as JsonObject ?? [])
        {
            if (part is not JsonObject property) continue;
            var place = path.Child("properties").Key(name);
            if (name == "metadata") faults.Forbidden(place, "must not be specified in a nested context");
            var own = (node?["properties"] as JsonObject)?[name] as JsonObject ?? node?["additionalProperties"] as JsonObject;
            if (own is null && node is not null && JsonTree.Bool(node, "x-kubernetes-preserve-unknown-fields") != true)
                faults.Required(nodePath.Child("properties").Key(name), $"because it is defined in {place}");
            ValidateValueSchema(property, own, place, nodePath.Child("properties").Key(name), false, rules);
        }
        if (schema["items"] is JsonObject items) ValidateValueSchema(items, node?["items"] as JsonObject, path.Child("items"), nodePath.Child("items"), false, rules);
        ValidateJunctors(schema, node, path, nodePath);
    }

    private void ValidateDefault(JsonObject schema, JsonNode value, FieldPath path)
    {
        var type = StructuralSchema.Build(schema);
        var found = new FaultList();
        CustomValidation.Visit(value, type, path, found);
        foreach (var cause in found.Causes) faults.Add(cause);
        // A default is held against transition rules too, as if it had been there before.
        if (found.IsEmpty && CustomRules.Build(type) is { } rules) new RuleEvaluation(faults).Validate(rules, value, value, path);
        if (value is not JsonObject tree) return;
        var pruner = new Pruner();
        pruner.PruneObject((JsonObject)tree.DeepClone(), type, path, typed: false);
        if (pruner.Unknown is not null) faults.Invalid(path, value, "must not have unknown fields");
    }
}
