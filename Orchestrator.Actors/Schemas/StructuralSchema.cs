using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Turns the <c>openAPIV3Schema</c> of a CustomResourceDefinition into the types that all else works with.</summary>
public static class StructuralSchema
{
    private static readonly TypeSchema AnyType = new(SchemaKind.Any) { Nullable = true };

    /// <summary>The type of whole objects: what the schema says, and apiVersion, kind and metadata as every object has them.</summary>
    public static TypeSchema BuildRoot(JsonObject? schema)
    {
        schema ??= new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var own = ReadFields(schema, valueOnly: false);
        var fields = Envelope().Concat(own.Where(f => f.Name is not ("apiVersion" or "kind" or "metadata")))
            .OrderBy(f => f.Name, StringComparer.Ordinal).ToImmutableArray();
        return new TypeSchema(SchemaKind.Object, () => fields)
        {
            Description = JsonTree.String(schema, "description") ?? "",
            PreserveUnknownFields = Flag(schema, "x-kubernetes-preserve-unknown-fields"),
            Constraints = ReadConstraints(schema),
            Rules = ValidationRule.Read(schema),
        };
    }

    /// <param name="schema">A node of the schema.</param>
    /// <param name="valueOnly">The node stands in allOf, anyOf, oneOf or not, where it describes values and no structure.</param>
    public static TypeSchema Build(JsonObject schema, bool valueOnly = false)
    {
        var kind = KindOf(schema);
        if (kind == SchemaKind.List)
        {
            return new TypeSchema(kind)
            {
                Description = JsonTree.String(schema, "description") ?? "",
                Items = schema["items"] is JsonObject items ? Build(items, valueOnly) : AnyType,
                ItemsDefault = valueOnly ? null : schema["items"]?["default"]?.DeepClone(),
                ListType = ListTypeOf(schema),
                ListKeys = Strings(schema["x-kubernetes-list-map-keys"]),
                Nullable = Flag(schema, "nullable"),
                Constraints = ReadConstraints(schema),
                Rules = ValidationRule.Read(schema),
            };
        }
        if (kind == SchemaKind.Map)
        {
            return new TypeSchema(kind)
            {
                Description = JsonTree.String(schema, "description") ?? "",
                Items = schema["additionalProperties"] is JsonObject values ? Build(values, valueOnly) : AnyType,
                ItemsDefault = valueOnly ? null : (schema["additionalProperties"] as JsonObject)?["default"]?.DeepClone(),
                Atomic = JsonTree.String(schema, "x-kubernetes-map-type") == "atomic",
                Nullable = Flag(schema, "nullable"),
                Constraints = ReadConstraints(schema),
                Rules = ValidationRule.Read(schema),
            };
        }
        var embedded = Flag(schema, "x-kubernetes-embedded-resource");
        var fields = ReadFields(schema, valueOnly);
        if (embedded) fields = [.. Envelope().Concat(fields.Where(f => f.Name is not ("apiVersion" or "kind" or "metadata")))];
        return new TypeSchema(kind, () => fields)
        {
            Description = JsonTree.String(schema, "description") ?? "",
            Items = schema["items"] is JsonObject element ? Build(element, valueOnly) : null,
            Nullable = Flag(schema, "nullable"),
            PreserveUnknownFields = Flag(schema, "x-kubernetes-preserve-unknown-fields"),
            EmbeddedResource = embedded,
            Atomic = JsonTree.String(schema, "x-kubernetes-map-type") == "atomic",
            Constraints = ReadConstraints(schema),
            Rules = ValidationRule.Read(schema),
        };
    }

    private static IEnumerable<FieldSchema> Envelope()
    {
        var text = new TypeSchema(SchemaKind.String);
        yield return new FieldSchema { Name = "apiVersion", Type = text, Description = "The group and version of this form of the object." };
        yield return new FieldSchema { Name = "kind", Type = text, Description = "The kind of the object." };
        yield return new FieldSchema
        {
            Name = "metadata",
            Type = SchemaCatalog.BuiltIn.Type("meta.v1.ObjectMeta"),
            Description = "Name, labels and the rest of what every object carries.",
        };
    }

    private static ImmutableArray<FieldSchema> ReadFields(JsonObject schema, bool valueOnly)
    {
        var required = Strings(schema["required"]);
        var fields = ImmutableArray.CreateBuilder<FieldSchema>();
        foreach (var (name, node) in schema["properties"] as JsonObject ?? [])
        {
            if (node is not JsonObject property) continue;
            fields.Add(new FieldSchema
            {
                Name = name,
                Type = Build(property, valueOnly),
                Description = JsonTree.String(property, "description") ?? "",
                Required = required.Contains(name),
                Default = valueOnly ? null : property["default"]?.DeepClone(),
            });
        }
        // A junctor may require what the structure beside it describes.
        foreach (var name in required)
            if (!fields.Any(f => f.Name == name)) fields.Add(new FieldSchema { Name = name, Type = AnyType, Required = true, IsDescribed = false });
        return fields.ToImmutable();
    }

    private static SchemaKind KindOf(JsonObject schema)
    {
        if (Flag(schema, "x-kubernetes-int-or-string")) return SchemaKind.IntOrString;
        switch (JsonTree.String(schema, "type"))
        {
            case "object":
                var keyed = schema["additionalProperties"] is JsonObject || JsonTree.AsBool(schema["additionalProperties"]) == true;
                return keyed && schema["properties"] is null ? SchemaKind.Map : SchemaKind.Object;
            case "array": return SchemaKind.List;
            case "string": return SchemaKind.String;
            case "integer": return JsonTree.String(schema, "format") == "int32" ? SchemaKind.Int32 : SchemaKind.Int64;
            case "number": return SchemaKind.Double;
            case "boolean": return SchemaKind.Bool;
            default: return SchemaKind.Any;
        }
    }

    private static ListMergeType ListTypeOf(JsonObject schema) => JsonTree.String(schema, "x-kubernetes-list-type") switch
    {
        "set" => ListMergeType.Set,
        "map" => ListMergeType.Map,
        "atomic" => ListMergeType.Atomic,
        _ => ListMergeType.Unspecified,
    };

    private static ValueConstraints? ReadConstraints(JsonObject schema)
    {
        var any = false;
        foreach (var (name, _) in schema)
        {
            any = name is "enum" or "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" or "minLength" or "maxLength"
                or "minItems" or "maxItems" or "minProperties" or "maxProperties" or "pattern" or "format" or "allOf" or "anyOf" or "oneOf" or "not";
            if (any) break;
        }
        if (!any) return null;
        var pattern = JsonTree.String(schema, "pattern") ?? "";
        // That an int-or-string is either is said by its kind already, wherever the definition says it again.
        var (allOf, anyOf) = (Schemas(schema["allOf"]), Schemas(schema["anyOf"]));
        if (Flag(schema, "x-kubernetes-int-or-string"))
        {
            if (IsEither(schema["anyOf"])) anyOf = [];
            if (IsEither(JsonTree.Array(schema, "allOf") is [JsonObject { Count: 1 } first, ..] ? first["anyOf"] : null)) allOf = allOf.RemoveAt(0);
        }
        return new ValueConstraints
        {
            EnumValues = [.. (schema["enum"] as JsonArray ?? []).Select(v => v?.DeepClone())],
            Minimum = JsonTree.AsDouble(schema["minimum"]),
            Maximum = JsonTree.AsDouble(schema["maximum"]),
            ExclusiveMinimum = Flag(schema, "exclusiveMinimum"),
            ExclusiveMaximum = Flag(schema, "exclusiveMaximum"),
            MultipleOf = JsonTree.AsDouble(schema["multipleOf"]) is { } factor and not 0 ? factor : null,
            MinLength = JsonTree.Int64(schema, "minLength"),
            MaxLength = JsonTree.Int64(schema, "maxLength"),
            MinItems = JsonTree.Int64(schema, "minItems"),
            MaxItems = JsonTree.Int64(schema, "maxItems"),
            MinProperties = JsonTree.Int64(schema, "minProperties"),
            MaxProperties = JsonTree.Int64(schema, "maxProperties"),
            Pattern = pattern.Length == 0 ? null : GoRegex.TryCompile(pattern, out var regex, out _) ? regex : null,
            PatternText = pattern,
            Format = JsonTree.String(schema, "format") ?? "",
            AllOf = allOf,
            AnyOf = anyOf,
            OneOf = Schemas(schema["oneOf"]),
            Not = schema["not"] is JsonObject not ? Build(not, valueOnly: true) : null,
        };
    }

    /// <summary>Whether an anyOf says no more than that a value is a whole number or a string.</summary>
    public static bool IsEither(JsonNode? anyOf) =>
        anyOf is JsonArray { Count: 2 } both && JsonTree.String(both[0] as JsonObject, "type") == "integer" && JsonTree.String(both[1] as JsonObject, "type") == "string";

    private static ImmutableArray<TypeSchema> Schemas(JsonNode? node) =>
        node is JsonArray list ? [.. list.OfType<JsonObject>().Select(s => Build(s, valueOnly: true))] : [];

    private static ImmutableArray<string> Strings(JsonNode? node) =>
        node is JsonArray list ? [.. list.Select(JsonTree.AsString).OfType<string>()] : [];

    private static bool Flag(JsonObject schema, string name) => JsonTree.Bool(schema, name) == true;
}
