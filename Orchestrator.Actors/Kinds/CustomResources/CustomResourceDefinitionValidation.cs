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
        CustomConversionValidation.Validate(spec["conversion"] as JsonObject, Spec.Child("conversion"), faults);
        ValidateApproval(tree, group, faults);
    }

    /// <summary>Groups of Kubernetes itself are only for what has been agreed there.</summary>
    private static void ValidateApproval(JsonObject tree, string group, FaultList faults)
    {
        var (state, reason) = ApiApproval.Of(tree, group);
        var path = FieldPath.Of("metadata").Child("annotations").Key(ApiApproval.Annotation);
        if (state == ApiApprovalState.Missing) faults.Required(path, reason);
        else if (state == ApiApprovalState.Invalid) faults.Invalid(path, ApiApproval.ValueOf(tree), reason);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (tree["spec"] is not JsonObject spec || stored["spec"] is not JsonObject old) return;
        // Scope and kind decide how objects are stored; group and plural are the name of the definition.
        if (CustomResourceSchemas.IsEstablished(stored))
        {
            CheckImmutable(spec["scope"], old["scope"], Spec.Child("scope"), faults);
            CheckImmutable(JsonTree.At(spec, ["names", "kind"]), JsonTree.At(old, ["names", "kind"]), Spec.Child("names").Child("kind"), faults);
        }
        CheckImmutable(spec["group"], old["group"], Spec.Child("group"), faults);
        CheckImmutable(JsonTree.At(spec, ["names", "plural"]), JsonTree.At(old, ["names", "plural"]), Spec.Child("names").Child("plural"), faults);
        CustomConversionValidation.ValidateUpdate(spec["conversion"] as JsonObject, old["conversion"] as JsonObject, Spec.Child("conversion"), faults);
        if (subresource.Length == 0) ValidateStoredVersions(tree, spec, faults);
        else if (JsonTree.At(tree, ["status", "acceptedNames"]) is JsonObject names) ValidateNames(names, FieldPath.Of("status").Child("acceptedNames"), faults);
    }

    private static void CheckImmutable(JsonNode? value, JsonNode? before, FieldPath path, FaultList faults)
    {
        if (!JsonTree.DeepEquals(value, before)) faults.Invalid(path, value, Immutable);
    }

    private static void ValidateStoredVersions(JsonObject tree, JsonObject spec, FaultList faults)
    {
        var path = FieldPath.Of("status").Child("storedVersions");
        var stored = JsonTree.At(tree, ["status", "storedVersions"]) as JsonArray ?? [];
        if (stored.Count == 0)
        {
            faults.Invalid(path, stored, "must have at least one stored version");
            return;
        }
        var versions = (spec["versions"] as JsonArray ?? []).OfType<JsonObject>().ToArray();
        foreach (var version in versions)
        {
            var name = JsonTree.String(version, "name");
            if (JsonTree.Bool(version, "storage") == true && !stored.Any(s => JsonTree.AsString(s) == name)) faults.Invalid(path, stored, $"must have the storage version {name}");
        }
        for (var i = 0; i < stored.Count; i++)
        {
            var name = JsonTree.AsString(stored[i]);
            if (!versions.Any(v => JsonTree.String(v, "name") == name))
                faults.Invalid(path.Index(i), name, $"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions");
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
        JsonObject[] all = [.. versions.OfType<JsonObject>()];
        var shared = SharedVersionParts.Of(all);
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i] is not JsonObject version) continue;
            if (JsonTree.Bool(version, "storage") == true) storage++;
            unique &= seen.Add(JsonTree.String(version, "name") ?? "");
            CustomVersionValidation.Validate(version, path.Index(i), shared, faults);
        }
        if (all.Length > 0) CustomVersionValidation.ValidateShared(all, Spec, shared, faults);
        if (!unique) faults.Invalid(path, versions, "must contain unique version names");
        if (storage != 1) faults.Invalid(path, versions, "must have exactly one version marked as storage version");
    }
}
