using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks a built-in object against its schema: required fields, enums, bounds, formats of names.</summary>
/// <remarks>Status and metadata of the root are not looked at: status is the system's own word, and
/// <see cref="MetadataValidation"/> does the other.</remarks>
internal static class TypedValidation
{
    public static void Validate(TypeSchema root, JsonObject tree, FaultList faults)
    {
        CheckRequired(tree, root, null, faults);
        for (var i = 0; i < tree.Count; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (value is null || name is "metadata" or "status" || root.Field(name) is not { } field) continue;
            CheckField(field, value, null, faults);
        }
    }

    /// <summary>Checks a part of an object, such as a pod template's spec.</summary>
    public static void ValidateObject(TypeSchema type, JsonObject tree, FieldPath? path, FaultList faults)
    {
        CheckRequired(tree, type, path, faults);
        for (var i = 0; i < tree.Count; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (value is not null && type.Field(name) is { } field) CheckField(field, value, path, faults);
        }
    }

    private static void CheckRequired(JsonObject tree, TypeSchema type, FieldPath? path, FaultList faults)
    {
        foreach (var field in type.RequiredFields)
        {
            if (field.ToldByRules) continue;
            // Protobuf cannot say an empty list, so a list that may be empty may be absent as well.
            if (field.Type.Kind == SchemaKind.List && field.Type.Constraints?.MinItems is not > 0) continue;
            if (field.Type.Constraints?.MinLength == 0) continue;
            if (!tree.TryGetPropertyValue(field.Name, out var value) || value is null || IsEmpty(field, value))
                faults.Required((path ?? FieldPath.Root).Child(field.Name));
        }
    }

    private static bool IsEmpty(FieldSchema field, JsonNode value) => value switch
    {
        JsonArray list => list.Count == 0 && field.Type.Constraints?.MinItems > 0,
        JsonValue when field.Type.Constraints?.MinLength == 0 => false,
        JsonValue => JsonTree.AsString(value) is "" || (field.Type.Constraints?.Format == "port" && field.Default is not null && JsonTree.AsInt64(value) == 0),
        _ => false,
    };

    private static void CheckField(FieldSchema field, JsonNode value, FieldPath? path, FaultList faults)
    {
        var type = field.Type;
        if (type.Constraints is { } limits && !field.ToldByRules && !(field.Required && IsEmpty(field, value)))
            CheckLimits(limits, value, field, path, faults);
        switch (type.Kind)
        {
            case SchemaKind.Object when value is JsonObject tree:
                ValidateObject(type, tree, (path ?? FieldPath.Root).Child(field.Name), faults);
                break;
            case SchemaKind.List when value is JsonArray list && type.Items!.Kind == SchemaKind.Object:
                var here = (path ?? FieldPath.Root).Child(field.Name);
                for (var i = 0; i < list.Count; i++)
                    if (list[i] is JsonObject element) ValidateObject(type.Items, element, here.Index(i), faults);
                break;
            default:
                break;
        }
    }

    private static void CheckLimits(ValueConstraints limits, JsonNode value, FieldSchema field, FieldPath? path, FaultList faults)
    {
        if (value is JsonArray list)
        {
            if (limits.Enum.IsEmpty) return;
            for (var i = 0; i < list.Count; i++)
                if (JsonTree.IsString(list[i], out var element) && !limits.Enum.Contains(element))
                    faults.NotSupported((path ?? FieldPath.Root).Child(field.Name).Index(i), element, limits.Enum);
        }
        else if (JsonTree.IsString(value, out var text))
        {
            if (text.Length > 0) CheckText(limits, text, field, path, faults);
        }
        else if (JsonTree.AsInt64(value) is { } number) CheckNumber(limits, number, field, path, faults);
    }

    private static void CheckText(ValueConstraints limits, string text, FieldSchema field, FieldPath? path, FaultList faults)
    {
        if (!limits.Enum.IsEmpty && !limits.Enum.Contains(text))
            faults.NotSupported((path ?? FieldPath.Root).Child(field.Name), text, limits.Enum);
        if (limits.MaxLength is { } max && text.Length > max)
            faults.TooLong((path ?? FieldPath.Root).Child(field.Name), (int)max);
        var fault = limits.Format switch
        {
            "" => null,
            "label" => ObjectNames.Label(text),
            "label1035" => ObjectNames.Label1035(text),
            "subdomain" => ObjectNames.Subdomain(text),
            "qualified" => ObjectNames.QualifiedName(text),
            "configkey" => ObjectNames.ConfigKey(text),
            "portname" => ObjectNames.PortName(text),
            "envname" => ObjectNames.EnvironmentName(text),
            _ => null,
        };
        if (fault is not null) faults.Invalid((path ?? FieldPath.Root).Child(field.Name), text, fault);
    }

    private static void CheckNumber(ValueConstraints limits, long number, FieldSchema field, FieldPath? path, FaultList faults)
    {
        string? fault = null;
        // An optional port of 0 is one that was left out.
        if (limits.Format == "port") fault = number is >= 1 and <= 65535 || (number == 0 && !field.Required) ? null : "must be between 1 and 65535, inclusive";
        else if (limits.Format == "mode") fault = number is >= 0 and <= 511 ? null : "must be a number between 0 and 0777 (octal), both inclusive";
        else if (limits is { Minimum: { } low, Maximum: { } high } && (number < low || number > high))
            fault = $"must be between {low.ToString(CultureInfo.InvariantCulture)} and {high.ToString(CultureInfo.InvariantCulture)}, inclusive";
        else if (number < limits.Minimum)
            fault = limits.Minimum == 1 ? "must be greater than 0" : $"must be greater than or equal to {limits.Minimum.Value.ToString(CultureInfo.InvariantCulture)}";
        else if (number > limits.Maximum) fault = $"must be less than or equal to {limits.Maximum.Value.ToString(CultureInfo.InvariantCulture)}";
        if (fault is not null) faults.Invalid((path ?? FieldPath.Root).Child(field.Name), number, fault);
    }
}
