using System.Text.Json.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>What a definition must be like beyond its own schema.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation. Enums and required fields are told by the schema.</remarks>
public sealed class CustomResourceDefinitionValidation : IKindValidation
{
    private const string Immutable = "field is immutable";
    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (tree["spec"] is not JsonObject spec) return;
        var group = JsonTree.String(spec, "group") ?? "";
        var names = spec["names"] as JsonObject;
        var plural = JsonTree.String(names, "plural") ?? "";
        var name = JsonTree.String(tree["metadata"] as JsonObject, "name") ?? "";
        if (name != $"{plural}.{group}") faults.Invalid(FieldPath.Of("metadata").Child("name"), name, "must be spec.names.plural+\".\"+spec.group");
        ValidateGroup(group, faults);
        if (names is not null) ValidateNames(names, Spec.Child("names"), faults);
        ValidateVersions(spec, faults);
        if (JsonTree.Bool(spec, "preserveUnknownFields") == true)
            faults.Invalid(Spec.Child("preserveUnknownFields"), true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        if (JsonTree.String(spec["conversion"] as JsonObject, "strategy") == "Webhook")
            faults.NotSupported(Spec.Child("conversion").Child("strategy"), "Webhook", ["None"]);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        foreach (var name in (ReadOnlySpan<string>)["group", "scope"])
            if (!JsonTree.DeepEquals(spec[name], old[name])) faults.Invalid(Spec.Child(name), spec[name], Immutable);
        foreach (var name in (ReadOnlySpan<string>)["plural", "kind"])
        {
            var value = JsonTree.At(spec, ["names", name]);
            if (CustomResourceSchemas.IsEstablished(stored) && !JsonTree.DeepEquals(value, JsonTree.At(old, ["names", name])))
                faults.Invalid(Spec.Child("names").Child(name), value, Immutable);
        }
        ValidateStoredVersions(tree, spec, faults);
    }

    private static void ValidateStoredVersions(JsonObject tree, JsonObject spec, FaultList faults)
    {
        var known = (spec["versions"] as JsonArray ?? []).Select(v => JsonTree.String(v as JsonObject, "name")).ToHashSet(StringComparer.Ordinal);
        if (JsonTree.At(tree, ["status", "storedVersions"]) is not JsonArray stored) return;
        for (var i = 0; i < stored.Count; i++)
        {
            if (!known.Contains(JsonTree.AsString(stored[i])))
                faults.Invalid(FieldPath.Of("status").Child("storedVersions").Index(i), JsonTree.AsString(stored[i]), "must appear in spec.versions");
        }
    }

    private static void ValidateGroup(string group, FaultList faults)
    {
        if (group.Length == 0) return;
        if (ObjectNames.Subdomain(group) is { } fault) faults.Invalid(Spec.Child("group"), group, fault);
        else if (!group.Contains('.', StringComparison.Ordinal)) faults.Invalid(Spec.Child("group"), group, "should be a domain with at least one dot");
    }

    private static void ValidateNames(JsonObject names, FieldPath path, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["plural", "singular"])
        {
            if (JsonTree.String(names, name) is { Length: > 0 } text && ObjectNames.Label1035(text) is { } fault)
                faults.Invalid(path.Child(name), text, fault);
        }
        foreach (var name in (ReadOnlySpan<string>)["kind", "listKind"])
        {
            if (JsonTree.String(names, name) is { Length: > 0 } text && ObjectNames.Label1035(text.ToLowerInvariant()) is { } fault)
                faults.Invalid(path.Child(name), text, "may have mixed case, but should otherwise match: " + fault);
        }
        foreach (var list in (ReadOnlySpan<string>)["shortNames", "categories"])
        {
            if (names[list] is not JsonArray texts) continue;
            for (var i = 0; i < texts.Count; i++)
            {
                if (JsonTree.AsString(texts[i]) is { } text && ObjectNames.Label1035(text) is { } fault)
                    faults.Invalid(path.Child(list).Index(i), text, fault);
            }
        }
        var kind = JsonTree.String(names, "kind");
        if (!string.IsNullOrEmpty(kind) && kind == JsonTree.String(names, "listKind"))
            faults.Invalid(path.Child("listKind"), kind, "kind and listKind may not be the same");
    }

    private static void ValidateVersions(JsonObject spec, FaultList faults)
    {
        if (spec["versions"] is not JsonArray { Count: > 0 } versions) return;
        var path = Spec.Child("versions");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var storage = 0;
        var unique = true;
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i] is not JsonObject version) continue;
            if (JsonTree.Bool(version, "storage") == true) storage++;
            unique &= seen.Add(JsonTree.String(version, "name") ?? "");
            ValidateVersion(version, path.Index(i), faults);
        }
        if (!unique) faults.Invalid(path, versions, "must contain unique version names");
        if (storage != 1) faults.Invalid(path, versions, "must have exactly one version marked as storage version");
    }

    private static void ValidateVersion(JsonObject version, FieldPath path, FaultList faults)
    {
        var schemaPath = path.Child("schema").Child("openAPIV3Schema");
        if (JsonTree.At(version, ["schema", "openAPIV3Schema"]) is JsonObject schema)
            new StructuralSchemaValidation(faults).ValidateRoot(schema, schemaPath);
        else faults.Required(schemaPath, "schemas are required");

        if (JsonTree.Bool(version, "deprecated") != true && version["deprecationWarning"] is { } warning)
            faults.Invalid(path.Child("deprecationWarning"), warning, "can only be set for deprecated versions");
        if (JsonTree.At(version, ["subresources", "scale"]) is JsonObject scale)
        {
            var scalePath = path.Child("subresources").Child("scale");
            CheckPath(scale, "specReplicasPath", ".spec.", "should be a json path under .spec", scalePath, faults);
            CheckPath(scale, "statusReplicasPath", ".status.", "should be a json path under .status", scalePath, faults);
            if (scale["labelSelectorPath"] is not null && JsonTree.String(scale, "labelSelectorPath") is { } selector
                && !selector.StartsWith(".status.", StringComparison.Ordinal) && !selector.StartsWith(".spec.", StringComparison.Ordinal))
                faults.Invalid(scalePath.Child("labelSelectorPath"), selector, "should be a json path under either .spec or .status");
        }
        if (version["additionalPrinterColumns"] is not JsonArray columns) return;
        for (var i = 0; i < columns.Count; i++)
        {
            if (JsonTree.String(columns[i] as JsonObject, "jsonPath") is { Length: > 0 } jsonPath && !jsonPath.StartsWith('.'))
                faults.Invalid(path.Child("additionalPrinterColumns").Index(i).Child("jsonPath"), jsonPath, "is an invalid json path: must begin with a dot");
        }
    }

    private static void CheckPath(JsonObject scale, string name, string prefix, string fault, FieldPath path, FaultList faults)
    {
        if (JsonTree.String(scale, name) is { Length: > 0 } text && !text.StartsWith(prefix, StringComparison.Ordinal))
            faults.Invalid(path.Child(name), text, fault);
    }
}
