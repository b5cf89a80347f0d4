using System.Collections.Frozen;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks a custom resource against the schema of its definition.</summary>
/// <remarks>Messages are those of kube-openapi's validator as kube-apiserver passes them on.</remarks>
internal static class CustomValidation
{
    // What these say of a value may make its rules fail in ways that explain nothing.
    private static readonly FrozenSet<string> Blocking = FrozenSet.ToFrozenSet(
        ["FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"], StringComparer.Ordinal);

    /// <param name="stored">The state before an update, of which unchanged parts are let pass; null on creation.</param>
    public static void Validate(ResourceSchema schema, JsonObject tree, JsonObject? stored, FaultList faults)
    {
        var found = new FaultList();
        ValidateStructure(schema.Root, tree, null, found);
        // Nearly every object is valid, so only one that is not is compared with what it was.
        if (!found.IsEmpty && stored is not null)
        {
            found = new FaultList();
            ValidateStructure(schema.Root, tree, new Correlation(tree, stored, schema.Root), found);
        }
        foreach (var cause in found.Causes) faults.Add(cause);
        if (schema.Rules is not { } rules) return;
        if (found.Causes.Any(static c => Blocking.Contains(c.Reason)))
            faults.Add(new ErrorCause("FieldValueInvalid", FaultList.Whole,
                "Invalid value: \"null\": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"));
        else new RuleEvaluation(faults).Validate(rules, tree, stored);
    }

    private static void ValidateStructure(TypeSchema root, JsonObject tree, Correlation? was, FaultList faults)
    {
        foreach (var field in root.RequiredFields)
            if (!tree.ContainsKey(field.Name)) faults.Required(FieldPath.Of(field.Name));
        for (var i = 0; i < tree.Count; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (name is "metadata" or "apiVersion" or "kind" || root.Field(name) is not { } field) continue;
            Visit(value, field.Type, FieldPath.Of(name), faults, was?.Key(name, field.Type));
        }
        if (root.Constraints is { } limits) ValueValidation.CheckJunctors(tree, limits, FieldPath.Root, faults);
    }

    /// <param name="was">The value before an update; a value that is still the same is let pass. Null checks everything.</param>
    public static void Visit(JsonNode? value, TypeSchema type, FieldPath path, FaultList faults, Correlation? was = null)
    {
        if (was is { IsUnchanged: true }) return;
        if (value is null)
        {
            if (!type.Nullable && type.Kind != SchemaKind.Any) WrongType(value, type, path, faults);
            return;
        }
        // What else the schema says holds for a value of the wrong type too, as far as it speaks of such values.
        if (!HasType(value, type)) WrongType(value, type, path, faults);
        if (type.Constraints is { } limits)
        {
            ValueValidation.Check(value, limits, path, faults);
            // An object of too many or too few entries is not looked into.
            if (value is JsonObject counted && ValueValidation.IsMiscounted(counted, limits)) return;
        }
        if (value is JsonObject tree) VisitObject(tree, type, path, faults, was);
        else if (value is JsonArray list) VisitList(list, type, path, faults, was);
    }

    private static void VisitObject(JsonObject tree, TypeSchema type, FieldPath path, FaultList faults, Correlation? was)
    {
        foreach (var field in type.RequiredFields)
            if (!tree.ContainsKey(field.Name)) faults.Required(path.Child(field.Name));
        if (type.EmbeddedResource) VisitEmbedded(tree, path, faults);
        for (var i = 0; i < tree.Count; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (type.Kind == SchemaKind.Map && type.Items is not null) Visit(value, type.Items, path.Child(name), faults, was?.Key(name, type.Items));
            else if (type.Field(name) is { } field && field.Type.Name.Length == 0) Visit(value, field.Type, path.Child(name), faults, was?.Key(name, field.Type));
        }
    }

    // Source: apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go.
    private static void VisitEmbedded(JsonObject tree, FieldPath path, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            var place = path.Child(name);
            if (!tree.TryGetPropertyValue(name, out var value)) faults.Required(place, "must not be empty");
            else if (!JsonTree.IsString(value, out var text)) faults.Invalid(place, value, "must be a string");
            else if (text.Length == 0) faults.Invalid(place, text, "must not be empty");
            else if (name == "apiVersion" && text.Count(static c => c == '/') > 1) faults.Invalid(place, text, $"unexpected GroupVersion string: {text}");
            else if (name == "kind" && ObjectNames.Label1035(text.ToLowerInvariant()) is { } fault)
                faults.Invalid(place, text, "may have mixed case, but should otherwise match: " + fault);
        }
        if (tree["metadata"] is JsonObject metadata) MetadataValidation.ValidateEmbedded(metadata, path.Child("metadata"), faults);
    }

    private static void VisitList(JsonArray list, TypeSchema type, FieldPath path, FaultList faults, Correlation? was)
    {
        if (type.Items is not { } items) return;
        for (var i = 0; i < list.Count; i++) Visit(list[i], items, path.Index(i), faults, was?.Index(i, items));
        if (type.ListType is ListMergeType.Set or ListMergeType.Map) CheckUnique(list, type, path, faults);
    }

    // Source: apiextensions-apiserver, pkg/apiserver/schema/listtype.
    private static void CheckUnique(JsonArray list, TypeSchema type, FieldPath path, FaultList faults)
    {
        var byKeys = type.ListType == ListMergeType.Map;
        var misfits = false;
        for (var i = 0; byKeys && i < list.Count; i++)
        {
            if (list[i] is null or JsonObject) continue;
            faults.Invalid(path.Index(i), GoSyntax.Untyped(list[i]), "must be an object for an array of list-type map");
            misfits = true;
        }
        if (misfits) return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var shown = list[i];
            if (byKeys)
            {
                if (list[i] is not JsonObject element) continue;
                var keys = new JsonObject();
                foreach (var key in type.ListKeys)
                    if (element.TryGetPropertyValue(key, out var value)) keys[key] = value?.DeepClone();
                shown = keys;
            }
            if (!seen.Add(JsonTree.ToText(shown))) faults.Duplicate(path.Index(i), GoSyntax.Untyped(shown));
        }
    }

    private static bool HasType(JsonNode value, TypeSchema type) => type.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map or SchemaKind.RawObject => value is JsonObject,
        SchemaKind.List => value is JsonArray,
        SchemaKind.String or SchemaKind.Time or SchemaKind.Bytes => JsonTree.IsString(value, out _),
        SchemaKind.Int32 or SchemaKind.Int64 => IsWhole(value),
        SchemaKind.Double => JsonTree.AsDouble(value) is not null,
        SchemaKind.Bool => JsonTree.AsBool(value) is not null,
        SchemaKind.IntOrString => JsonTree.IsString(value, out _) || IsWhole(value),
        _ => true,
    };

    private static bool IsWhole(JsonNode value) =>
        JsonTree.AsInt64(value) is not null || (JsonTree.AsDouble(value) is { } number && Math.Floor(number) == number);

    private static void WrongType(JsonNode? value, TypeSchema type, FieldPath path, FaultList faults)
    {
        var wanted = type.Kind switch
        {
            SchemaKind.Object or SchemaKind.Map or SchemaKind.RawObject => "object",
            SchemaKind.List => "array",
            SchemaKind.Int32 or SchemaKind.Int64 => "integer",
            SchemaKind.Double => "number",
            SchemaKind.Bool => "boolean",
            SchemaKind.IntOrString => "integer,string",
            _ => "string",
        };
        var found = TypeNameOf(value);
        faults.TypeInvalid(path, found, $"{path} in body must be of type {wanted}: {GoQuote.Quote(found)}");
    }

    private static string TypeNameOf(JsonNode? value) => JsonTree.KindOf(value) switch
    {
        "bool" => "boolean",
        // Told by the spelling, as Go reads it: 3.0 is no integer to it, although it passes for one.
        "number" => JsonTree.AsInt64(value) is not null && JsonTree.ToText(value).AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? "integer" : "number",
        var other => other,
    };
}
