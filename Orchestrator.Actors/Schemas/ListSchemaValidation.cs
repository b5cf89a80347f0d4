using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Checks what a schema says of how the entries of a list are told apart.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation.</remarks>
internal sealed class ListSchemaValidation(FaultList faults)
{
    public void Validate(JsonObject schema, FieldPath path)
    {
        var listType = JsonTree.String(schema, "x-kubernetes-list-type");
        var keys = schema["x-kubernetes-list-map-keys"] as JsonArray;
        var typePath = path.Child("x-kubernetes-list-type");
        if (listType is not null)
        {
            var type = JsonTree.String(schema, "type") ?? "";
            if (type.Length == 0) faults.Required(path.Child("type"), "must be array if x-kubernetes-list-type is specified");
            else if (type != "array") faults.Invalid(path.Child("type"), type, "must be array if x-kubernetes-list-type is specified");
            if (listType is not ("atomic" or "set" or "map")) faults.NotSupported(typePath, listType, ["atomic", "set", "map"]);
        }
        if (keys is { Count: > 0 })
        {
            if (listType is null) faults.Required(typePath, "must be map if x-kubernetes-list-map-keys is non-empty");
            else if (listType != "map") faults.Invalid(typePath, listType, "must be map if x-kubernetes-list-map-keys is non-empty");
        }
        if (listType is not ("set" or "map")) return;
        if (schema["items"] is JsonObject items && JsonTree.Bool(items, "nullable") == true)
            faults.Forbidden(path.Child("items").Child("nullable"), $"cannot be nullable when x-kubernetes-list-type is {listType}");
        if (listType == "set" && JsonTree.String(schema, "type") != "array") return;
        if (listType == "set") ValidateSet(schema["items"] as JsonObject, path.Child("items"));
        else ValidateMap(schema["items"] as JsonObject, keys, path);
    }

    private void ValidateSet(JsonObject? items, FieldPath path)
    {
        switch (JsonTree.String(items, "type"))
        {
            case "array" when JsonTree.String(items, "x-kubernetes-list-type") is { } inner and not "atomic":
                faults.Invalid(path.Child("x-kubernetes-list-type"), inner, "must be atomic as item of a list with x-kubernetes-list-type=set");
                break;
            case "object" when JsonTree.String(items, "x-kubernetes-map-type") != "atomic":
                faults.Invalid(path.Child("x-kubernetes-map-type"), items!["x-kubernetes-map-type"], "must be atomic as item of a list with x-kubernetes-list-type=set");
                break;
        }
    }

    private void ValidateMap(JsonObject? items, JsonArray? keys, FieldPath path)
    {
        var keysPath = path.Child("x-kubernetes-list-map-keys");
        if (keys is not { Count: > 0 }) faults.Required(keysPath, "must not be empty if x-kubernetes-list-type is map");
        if (items is null)
        {
            faults.Required(path.Child("items"), "must have a schema if x-kubernetes-list-type is map");
            return;
        }
        var type = JsonTree.String(items, "type") ?? "";
        if (type != "object")
        {
            faults.Invalid(path.Child("items").Child("type"), type, "must be object if parent array's x-kubernetes-list-type is map");
            return;
        }
        var required = (items["required"] as JsonArray ?? []).Select(JsonTree.AsString).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in keys ?? [])
        {
            if (JsonTree.AsString(node) is not { } key) continue;
            if (!seen.Add(key)) faults.Invalid(keysPath, keys, "must not contain duplicate entries");
            if ((items["properties"] as JsonObject)?[key] is not JsonObject property)
            {
                faults.Invalid(keysPath, keys, "entries must all be names of item properties");
                continue;
            }
            var place = path.Child("items").Child("properties").Key(key);
            if (JsonTree.String(property, "type") is "array" or "object")
                faults.Invalid(place.Child("type"), type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
            if (!required.Contains(key) && property["default"] is null)
                faults.Required(place.Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            if (JsonTree.Bool(property, "nullable") == true)
                faults.Forbidden(place.Child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
        }
    }
}
