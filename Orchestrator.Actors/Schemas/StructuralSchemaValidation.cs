using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks that a definition's schema is structural: that pruning and defaulting can follow it.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/schema/validation.go and complete.go, and schema/defaulting.</remarks>
internal sealed class StructuralSchemaValidation(FaultList faults)
{
    /// <summary>Where in the structure a node is.</summary>
    private enum Place : byte
    {
        Root,
        Field,
        Item,
    }

    /// <param name="hasStatus">The version has the status subresource.</param>
    public void ValidateRoot(JsonObject schema, FieldPath path, bool hasStatus = false)
    {
        var before = faults.Causes.Length;
        new OpenApiSchemaValidation(faults).ValidateRoot(schema, path, hasStatus);
        if (!OpenApiSchemaValidation.IsUnsupported(schema))
        {
            var plain = faults.Causes.Length;
            Validate(schema, path, Place.Root);
            CheckComplete(schema, schema, path, path);
            if (faults.Causes.Length == plain) ValidateDefaults(schema, path, Place.Root, inMeta: false);
        }
        // What is wrong with the structure shows again in every rule that speaks of it.
        if (faults.Causes.Length == before) new RuleDefinitions(faults).ValidateRoot(schema, path);
    }

    private void Validate(JsonObject schema, FieldPath path, Place place)
    {
        var type = JsonTree.String(schema, "type") ?? "";
        if (type == "array" && schema["items"] is not JsonObject) faults.Required(path.Child("items"), "must be specified");
        if (schema["items"] is JsonObject items) Validate(items, path.Child("items"), Place.Item);
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
            if (node is JsonObject property) Validate(property, path.Child("properties").Key(name), Place.Field);
        if (place == Place.Root && schema["additionalProperties"] is not null) faults.Forbidden(path.Child("additionalProperties"), "must not be used at the root");
        if (schema["additionalProperties"] is JsonObject values) Validate(values, path.Child("additionalProperties"), Place.Field);
        ValidateType(schema, path, place, type);
        ValidateMetadata(schema, path, place);
        ValidateValues(schema, path, skipAnyOf: IsIntOrString(schema["anyOf"]), skipFirst: schema["allOf"] is JsonArray { Count: > 0 } all && IsIntOrString(all[0]?["anyOf"]));
    }

    private void ValidateType(JsonObject schema, FieldPath path, Place place, string type)
    {
        var either = Flag(schema, "x-kubernetes-int-or-string");
        var open = Flag(schema, "x-kubernetes-preserve-unknown-fields");
        var embedded = Flag(schema, "x-kubernetes-embedded-resource");
        if (either && open) faults.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), true, "must be false if x-kubernetes-int-or-string is true");
        if (either && embedded) faults.Invalid(path.Child("x-kubernetes-embedded-resource"), true, "must be false if x-kubernetes-int-or-string is true");
        if (embedded && type != "object")
        {
            if (type.Length == 0) faults.Required(path.Child("type"), "must be object if x-kubernetes-embedded-resource is true");
            else faults.Invalid(path.Child("type"), type, "must be object if x-kubernetes-embedded-resource is true");
        }
        else if (type.Length == 0 && !either && !open)
        {
            faults.Required(path.Child("type"), place switch
            {
                Place.Root => "must not be empty at the root",
                Place.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            });
        }
        if (embedded && schema["additionalProperties"] is not null)
            faults.Forbidden(path.Child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set");
        if (place == Place.Root && type.Length > 0 && type != "object") faults.Invalid(path.Child("type"), type, "must be object at the root");
        if (embedded && !open && schema["properties"] is not JsonObject { Count: > 0 })
            faults.Required(path.Child("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
    }

    /// <summary>Of its metadata a schema may limit the name alone: the rest is the same for all resources.</summary>
    private void ValidateMetadata(JsonObject schema, FieldPath path, Place place)
    {
        if (schema["properties"] is not JsonObject properties || (place != Place.Root && !Flag(schema, "x-kubernetes-embedded-resource"))) return;
        foreach (var (name, wanted) in (ReadOnlySpan<(string, string)>)[("kind", "string"), ("apiVersion", "string"), ("metadata", "object")])
        {
            if (properties[name] is JsonObject field && (JsonTree.String(field, "type") ?? "") != wanted)
                faults.Invalid(path.Child("properties").Key(name).Child("type"), JsonTree.String(field, "type") ?? "", $"must be {wanted}");
        }
        if (place != Place.Root || properties["metadata"] is not JsonObject metadata) return;
        var onlyNames = (metadata["properties"] as JsonObject ?? []).All(static p => p.Key is "name" or "generateName");
        if (!onlyNames || metadata.Any(static p => p.Key is not ("type" or "default" or "properties") && p.Value is not null && JsonTree.AsBool(p.Value) != false))
            faults.Forbidden(path.Child("properties").Key("metadata"), "must not specify anything other than name and generateName, but metadata is implicitly specified");
    }

    /// <param name="skipAnyOf">The anyOf is the one by which every int-or-string is written.</param>
    /// <param name="skipFirst">The first of allOf has that anyOf.</param>
    private void ValidateValues(JsonObject schema, FieldPath path, bool skipAnyOf, bool skipFirst)
    {
        foreach (var name in (ReadOnlySpan<string>)["anyOf", "allOf", "oneOf"])
        {
            if (schema[name] is not JsonArray list || (skipAnyOf && name == "anyOf")) continue;
            for (var i = 0; i < list.Count; i++)
                if (list[i] is JsonObject part) ValidateNested(part, path.Child(name).Index(i), skipFirst && name == "allOf" && i == 0, rules: name == "allOf");
        }
        if (schema["not"] is JsonObject not) ValidateNested(not, path.Child("not"), skipAnyOf: false, rules: false);
        if (JsonTree.String(schema, "pattern") is { Length: > 0 } pattern && !GoRegex.TryCompile(pattern, out _, out var fault))
            faults.Invalid(path.Child("pattern"), pattern, $"must be a valid regular expression, but isn't: {fault}");
    }

    /// <summary>Below a junctor a schema may limit values and must not describe structure.</summary>
    /// <param name="rules">Rules may be told here.</param>
    private void ValidateNested(JsonObject schema, FieldPath path, bool skipAnyOf, bool rules)
    {
        ValidateValues(schema, path, skipAnyOf, skipFirst: false);
        if (schema["items"] is JsonObject items) ValidateNested(items, path.Child("items"), skipAnyOf: false, rules);
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
            if (node is JsonObject property) ValidateNested(property, path.Child("properties").Key(name), skipAnyOf: false, rules);
        foreach (var (name, detail) in (ReadOnlySpan<(string, string)>)
        [
            ("type", "empty"), ("additionalProperties", "undefined"), ("default", "undefined"), ("title", "empty"), ("description", "empty"), ("nullable", "false"),
            ("x-kubernetes-preserve-unknown-fields", "false"), ("x-kubernetes-embedded-resource", "false"), ("x-kubernetes-int-or-string", "false"),
            ("x-kubernetes-list-map-keys", "empty"), ("x-kubernetes-list-type", "undefined"), ("x-kubernetes-map-type", "undefined"),
        ])
        {
            if (schema[name] is { } given && (detail != "false" || JsonTree.AsBool(given) == true) && (detail != "empty" || JsonTree.AsString(given) is not ""))
                faults.Forbidden(path.Child(name), $"must be {detail} to be structural");
        }
        if (!rules && schema["x-kubernetes-validations"] is JsonArray { Count: > 0 })
            faults.Forbidden(path.Child("x-kubernetes-validations"), "must be empty to be structural");
        if (schema["properties"] is JsonObject fields && fields.ContainsKey("metadata"))
            faults.Forbidden(path.Child("properties").Key("metadata"), "must not be specified in a nested context");
    }

    /// <summary>What the junctors of the root speak of must be in the structure; those further inside are not held against it, as upstream.</summary>
    /// <param name="values">The schema whose junctors are looked at.</param>
    /// <param name="node">The node of the structure that they are about.</param>
    private void CheckComplete(JsonObject values, JsonObject node, FieldPath path, FieldPath nodePath)
    {
        foreach (var name in (ReadOnlySpan<string>)["not", "allOf", "anyOf", "oneOf"])
        {
            if (values[name] is JsonObject one) CheckNested(one, node, path.Child(name), nodePath);
            for (var i = 0; i < (values[name] as JsonArray)?.Count; i++)
                if (values[name]![i] is JsonObject part) CheckNested(part, node, path.Child(name).Index(i), nodePath);
        }
    }

    private void CheckNested(JsonObject values, JsonObject? node, FieldPath path, FieldPath nodePath)
    {
        if (node is null)
        {
            faults.Required(nodePath, $"because it is defined in {path}");
            return;
        }
        CheckComplete(values, node, path, nodePath);
        if (values["items"] is JsonObject items) CheckNested(items, node["items"] as JsonObject, path.Child("items"), nodePath.Child("items"));
        foreach (var (name, part) in values["properties"] as JsonObject ?? [])
        {
            if (part is JsonObject property)
                CheckNested(property, (node["properties"] as JsonObject)?[name] as JsonObject, path.Child("properties").Key(name), nodePath.Child("properties").Key(name));
        }
    }

    private void ValidateDefaults(JsonObject schema, FieldPath path, Place place, bool inMeta)
    {
        var embedded = Flag(schema, "x-kubernetes-embedded-resource");
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
        {
            var meta = name is "metadata" or "apiVersion" or "kind" && (place == Place.Root || embedded);
            if (node is JsonObject property && !(meta && place == Place.Root)) ValidateDefaults(property, path.Child("properties").Key(name), Place.Field, inMeta || meta);
        }
        if (schema["additionalProperties"] is JsonObject values && !inMeta) ValidateDefaults(values, path.Child("additionalProperties"), Place.Field, inMeta);
        if (schema["items"] is JsonObject items) ValidateDefaults(items, path.Child("items"), Place.Item, inMeta);
        if (schema["default"] is { } value) ValidateDefault(schema, value, path.Child("default"));
    }

    private void ValidateDefault(JsonObject schema, JsonNode value, FieldPath path)
    {
        var type = StructuralSchema.Build(schema);
        var found = new FaultList();
        // The texts speak of the value alone, the paths of where it stands.
        CustomValidation.Visit(value, type, FieldPath.Root, found);
        foreach (var cause in found.Causes)
        {
            var within = cause.Field == FaultList.Whole ? "" : cause.Field.StartsWith('[') ? cause.Field : "." + cause.Field;
            faults.Add(cause with { Field = path + within });
        }
        // A default is held against transition rules too, as if it had been there before.
        if (found.IsEmpty && CustomRules.Build(type) is { } rules) new RuleEvaluation(faults).Validate(rules, value, value, path);
        if (value is not JsonObject tree) return;
        var pruner = new Pruner();
        pruner.PruneObject((JsonObject)tree.DeepClone(), type, path, typed: false);
        if (pruner.Unknown is not null) faults.Invalid(path, GoSyntax.Untyped(value), "must not have unknown fields");
    }

    private static bool IsIntOrString(JsonNode? anyOf) =>
        anyOf is JsonArray { Count: 2 } list && IsOnlyType(list[0], "integer") && IsOnlyType(list[1], "string");

    private static bool IsOnlyType(JsonNode? node, string type) => node is JsonObject { Count: 1 } schema && JsonTree.String(schema, "type") == type;

    private static bool Flag(JsonObject schema, string name) => JsonTree.Bool(schema, name) == true;
}
