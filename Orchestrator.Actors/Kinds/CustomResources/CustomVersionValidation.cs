using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Rules;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>What one version of a definition must be like.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation.</remarks>
internal static class CustomVersionValidation
{
    private const int SelectableFieldsMax = 8;
    private const int DeprecationWarningMax = 256;
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];
    private static readonly string[] ColumnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

    /// <param name="path">Of the version.</param>
    /// <param name="shared">What all versions say alike, which is not looked at here.</param>
    public static void Validate(JsonObject version, FieldPath path, SharedVersionParts shared, FaultList faults)
    {
        var name = JsonTree.String(version, "name") ?? "";
        if (name.Length > 0 && ObjectNames.Label1035(name) is { } unfit) faults.Invalid(path.Child("name"), name, unfit);
        ValidateDeprecation(version, path.Child("deprecationWarning"), faults);
        var schema = SchemaOf(version);
        if (schema is null) faults.Required(path.Child("schema").Child("openAPIV3Schema"), "schemas are required");
        else if (!shared.Schema) ValidateSchema(schema, path.Child("schema"), HasStatus(version), faults);
        if (!shared.Subresources) ValidateSubresources(version, path, faults);
        if (!shared.Columns) ValidateColumns(version, path, faults);
        if (!shared.Selectable) ValidateSelectable(version, schema, path, faults);
    }

    /// <summary>Checks what all versions say alike: upstream takes that for the definition's own, and its faults name it so.</summary>
    public static void ValidateShared(JsonObject[] versions, FieldPath spec, SharedVersionParts shared, FaultList faults)
    {
        var first = versions[0];
        if (shared.Schema && SchemaOf(first) is { } schema) ValidateSchema(schema, spec.Child("validation"), versions.Any(HasStatus), faults);
        if (shared.Subresources) ValidateSubresources(first, spec, faults);
        if (shared.Columns) ValidateColumns(first, spec, faults);
        if (shared.Selectable) ValidateSelectable(first, SchemaOf(first), spec, faults);
    }

    private static JsonObject? SchemaOf(JsonObject version) => JsonTree.At(version, ["schema", "openAPIV3Schema"]) as JsonObject;

    private static bool HasStatus(JsonObject version) => JsonTree.At(version, ["subresources", "status"]) is JsonObject;

    private static void ValidateSchema(JsonObject schema, FieldPath path, bool hasStatus, FaultList faults) =>
        new StructuralSchemaValidation(faults).ValidateRoot(schema, path.Child("openAPIV3Schema"), hasStatus);

    private static void ValidateSubresources(JsonObject version, FieldPath path, FaultList faults)
    {
        if (JsonTree.At(version, ["subresources", "scale"]) is JsonObject scale) ValidateScale(scale, path.Child("subresources"), faults);
    }

    private static void ValidateColumns(JsonObject version, FieldPath path, FaultList faults)
    {
        var columns = version["additionalPrinterColumns"] as JsonArray;
        for (var i = 0; i < columns?.Count; i++)
            if (columns[i] is JsonObject column) ValidateColumn(column, path.Child("additionalPrinterColumns").Index(i), faults);
    }

    private static void ValidateSelectable(JsonObject version, JsonObject? schema, FieldPath path, FaultList faults)
    {
        if (version["selectableFields"] is not JsonArray { Count: > 0 } fields) return;
        if (schema is null)
            faults.Invalid(path.Child("selectableFields"), "", "selectableFields may only be set when version.schema.openAPIV3Schema is not included");
        else ValidateSelectable(fields, schema, path.Child("selectableFields"), faults);
    }

    private static void ValidateDeprecation(JsonObject version, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(version, "deprecationWarning") is not { } warning) return;
        if (JsonTree.Bool(version, "deprecated") != true)
        {
            faults.Invalid(path, warning, "can only be set for deprecated versions");
            return;
        }
        if (warning.Length > DeprecationWarningMax) faults.Invalid(path, warning, $"must be <= {DeprecationWarningMax} characters long");
        if (warning.Length == 0) faults.Invalid(path, warning, "must not be an empty string");
        for (var i = 0; i < warning.Length; i++)
        {
            if (!char.IsControl(warning[i])) continue;
            faults.Invalid(path, warning, $"must only contain printable UTF-8 characters; non-printable character found at index {i}");
            break;
        }
    }

    private static void ValidateScale(JsonObject scale, FieldPath path, FaultList faults)
    {
        CheckScalePath(scale, "specReplicasPath", [".spec."], "should be a json path under .spec", path, faults, required: true);
        CheckScalePath(scale, "statusReplicasPath", [".status."], "should be a json path under .status", path, faults, required: true);
        CheckScalePath(scale, "labelSelectorPath", [".spec.", ".status."], "should be a json path under either .spec or .status", path, faults, required: false);
    }

    private static void CheckScalePath(JsonObject scale, string name, string[] prefixes, string fault, FieldPath path, FaultList faults, bool required)
    {
        var text = JsonTree.String(scale, name) ?? "";
        var place = path.Child("scale." + name);
        if (text.Length == 0)
        {
            if (required) faults.Required(place);
        }
        else if (text[0] != '.') faults.Invalid(place, text, "must be a simple json path starting with .");
        else if (!prefixes.Any(p => text.StartsWith(p, StringComparison.Ordinal))) faults.Invalid(place, text, fault);
    }

    private static void ValidateColumn(JsonObject column, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(column, "name") is "") faults.Required(path.Child("name"));
        var type = JsonTree.String(column, "type") ?? "";
        if (type.Length > 0 && !ColumnTypes.Contains(type)) faults.Invalid(path.Child("type"), type, $"must be one of {string.Join(',', ColumnTypes)}");
        var format = JsonTree.String(column, "format") ?? "";
        if (format.Length > 0 && !ColumnFormats.Contains(format)) faults.Invalid(path.Child("format"), format, $"must be one of {string.Join(',', ColumnFormats)}");
        var jsonPath = JsonTree.String(column, "jsonPath") ?? "";
        if (jsonPath.Length > 0 && jsonPath[0] != '.') faults.Invalid(path.Child("JSONPath"), jsonPath, "must be a simple json path starting with .");
    }

    private static void ValidateSelectable(JsonArray fields, JsonObject schema, FieldPath path, FaultList faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Count; i++)
        {
            var place = path.Index(i).Child("jsonPath");
            var text = JsonTree.String(fields[i] as JsonObject, "jsonPath") ?? "";
            if (text.Length == 0)
            {
                faults.Required(place);
                continue;
            }
            if (text.Contains('[', StringComparison.Ordinal) || RulePath.Parse(text) is not { } parts)
            {
                faults.Invalid(place, text, text[0] == '.' ? "is an invalid path: array notation is not allowed" : $"is an invalid path: expected [ or . but got: {text}");
                continue;
            }
            if (RulePath.Find(parts, schema) is not { } found)
            {
                faults.Invalid(place, text, "is an invalid path: does not refer to a valid field");
                continue;
            }
            if (parts[0].Name == "metadata") faults.Invalid(place, text, "must not point to fields in metadata");
            if (JsonTree.String(found, "type") is not ("string" or "boolean" or "integer"))
                faults.Invalid(place, text, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.");
            if (!seen.Add(RulePath.Show(parts))) faults.Duplicate(place, text);
        }
        if (seen.Count > SelectableFieldsMax) faults.TooMany(path, seen.Count, SelectableFieldsMax);
    }
}
