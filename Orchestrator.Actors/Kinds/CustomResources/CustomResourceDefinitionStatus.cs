using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Decides whether a definition gets its names and is served: the pure half of its controller.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/controller/status/naming_controller.go.</remarks>
public static class CustomResourceDefinitionStatus
{
    /// <summary>The status that <paramref name="definition"/> should have.</summary>
    /// <param name="others">All other definitions; names that they have been given already are taken.</param>
    /// <returns>A new status, equal to the present one when nothing is to be done.</returns>
    public static JsonObject Compute(JsonObject definition, IEnumerable<JsonObject> others, DateTimeOffset now)
    {
        var status = definition["status"]?.DeepClone() as JsonObject ?? [];
        var names = JsonTree.At(definition, ["spec", "names"]) as JsonObject ?? [];
        var group = JsonTree.At(definition, ["spec", "group"]);
        var taken = others.Where(o => JsonTree.DeepEquals(JsonTree.At(o, ["spec", "group"]), group))
            .Select(o => JsonTree.At(o, ["status", "acceptedNames"]) as JsonObject).OfType<JsonObject>().ToArray();

        var conflict = Accept(status, names, taken);
        if (conflict is null) SetCondition(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
        else SetCondition(status, "NamesAccepted", "False", conflict.Value.Reason, conflict.Value.Message, now);

        // Once established it stays so: a later conflict takes the new name away, not the old ones.
        var untrusted = CertificateBundle.FaultOf(CustomConversionValidation.BundleOf(JsonTree.At(definition, ["spec", "conversion"]) as JsonObject));
        if (conflict is null && untrusted is null) SetCondition(status, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
        else if (!CustomResourceSchemas.IsEstablished(definition))
        {
            if (conflict is not null) SetCondition(status, "Established", "False", "NotAccepted", "not all names are accepted", now);
            else SetCondition(status, "Established", "False", "InvalidCABundle", $"The conversion webhook CABundle is invalid: {untrusted}", now);
        }
        SetApproval(definition, status, JsonTree.AsString(group) ?? "", now);
        SetStructure(definition, status, now);
        return status;
    }

    // Source: apiextensions-apiserver, pkg/controller/apiapproval.
    private static void SetApproval(JsonObject definition, JsonObject status, string group, DateTimeOffset now)
    {
        const string type = "KubernetesAPIApprovalPolicyConformant";
        var (state, message) = ApiApproval.Of(definition, group);
        if (state == ApiApprovalState.NotNeeded) RemoveCondition(status, type);
        else if (state == ApiApprovalState.Approved) SetCondition(status, type, "True", "ApprovedAnnotation", message, now);
        else SetCondition(status, type, "False", $"{state}Annotation", message, now);
    }

    // Source: apiextensions-apiserver, pkg/controller/nonstructuralschema. Only a definition from before the rules can break them.
    private static void SetStructure(JsonObject definition, JsonObject status, DateTimeOffset now)
    {
        const string type = "NonStructuralSchema";
        const int messageMax = 4096;
        var faults = new FaultList();
        if (JsonTree.Bool(definition["spec"] as JsonObject, "preserveUnknownFields") == true)
            faults.Invalid(FieldPath.Of("spec").Child("preserveUnknownFields"), true, "must be false");
        var versions = JsonTree.At(definition, ["spec", "versions"]) as JsonArray ?? [];
        for (var i = 0; i < versions.Count; i++)
            if (JsonTree.At(versions[i], ["schema", "openAPIV3Schema"]) is JsonObject schema)
                new StructuralSchemaValidation(faults).ValidateRoot(schema, FieldPath.Of("spec").Child("versions").Index(i).Child("schema").Child("openAPIV3Schema"));
        if (faults.IsEmpty)
        {
            RemoveCondition(status, type);
            return;
        }
        var texts = faults.Causes.Select(static c => $"{c.Field}: {c.Message}").ToList();
        var message = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        SetCondition(status, type, "True", "Violations", message.Length > messageMax ? message[..messageMax] : message, now);
    }

    private static void RemoveCondition(JsonObject status, string type)
    {
        if (status["conditions"] is JsonArray conditions && conditions.FirstOrDefault(c => JsonTree.String(c as JsonObject, "type") == type) is { } condition) conditions.Remove(condition);
    }

    // Each name is taken that is free, and of several that are not the last is told. Source: apiextensions-apiserver, pkg/controller/status.
    private static (string Reason, string Message)? Accept(JsonObject status, JsonObject names, JsonObject[] taken)
    {
        var resourceNames = taken.SelectMany(ResourceNames).ToHashSet(StringComparer.Ordinal);
        var kinds = taken.SelectMany(t => new[] { JsonTree.String(t, "kind"), JsonTree.String(t, "listKind") }).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var accepted = status["acceptedNames"]?.DeepClone() as JsonObject ?? [];
        (string Reason, string Message)? conflict = null;
        TakeName("plural", "PluralConflict", resourceNames);
        TakeName("singular", "SingularConflict", resourceNames);
        TakeShortNames();
        TakeName("kind", "KindConflict", kinds);
        TakeName("listKind", "ListKindConflict", kinds);
        if (names["categories"] is { } categories) accepted["categories"] = categories.DeepClone();
        else accepted.Remove("categories");
        status["acceptedNames"] = accepted;
        return conflict;

        void TakeName(string name, string reason, HashSet<string> used)
        {
            if (JsonTree.String(names, name) is not { Length: > 0 } wanted || JsonTree.String(accepted, name) == wanted) return;
            if (used.Contains(wanted)) conflict = (reason, InUse(wanted));
            else accepted[name] = wanted;
        }

        void TakeShortNames()
        {
            var wanted = (names["shortNames"] as JsonArray ?? []).Select(JsonTree.AsString).OfType<string>().ToList();
            var own = (accepted["shortNames"] as JsonArray ?? []).Select(JsonTree.AsString).ToHashSet();
            var clashes = wanted.Where(s => !own.Contains(s) && resourceNames.Contains(s)).Distinct().Select(InUse).ToList();
            if (clashes.Count > 0) conflict = ("ShortNamesConflict", clashes.Count == 1 ? clashes[0] : $"[{string.Join(", ", clashes)}]");
            else if (wanted.Count > 0) accepted["shortNames"] = names["shortNames"]!.DeepClone();
            else accepted.Remove("shortNames");
        }
    }

    private static string InUse(string name) => $"{GoQuote.Quote(name)} is already in use";

    private static IEnumerable<string> ResourceNames(JsonObject names)
    {
        foreach (var name in new[] { JsonTree.String(names, "plural"), JsonTree.String(names, "singular") })
            if (!string.IsNullOrEmpty(name)) yield return name;
        foreach (var node in names["shortNames"] as JsonArray ?? [])
            if (JsonTree.AsString(node) is { } name) yield return name;
    }

    private static void SetCondition(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now)
    {
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(c => JsonTree.String(c, "type") == type);
        if (condition is null) conditions.Add((JsonNode)(condition = new JsonObject { ["type"] = type }));
        if (JsonTree.String(condition, "status") != value) condition["lastTransitionTime"] = Rfc3339.Seconds(now);
        condition["status"] = value;
        condition["reason"] = reason;
        condition["message"] = message;
    }
}
