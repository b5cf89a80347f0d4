using System.Globalization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Where a pod may run: node selector, tolerations, affinities, spreading.</summary>
internal static class PlacementValidation
{
    public static void Validate(JsonObject spec, FieldPath path, FaultList faults)
    {
        ValidateNodes(spec, path, faults);
        if (spec["affinity"] is JsonObject affinity) ValidateAffinity(affinity, path.Child("affinity"), faults);
        ValidateSpread(spec, path.Child("topologySpreadConstraints"), faults);
    }

    /// <summary>The labels of nodes and the tolerations of taints: of a pod, or of all pods of a runtime class.</summary>
    public static void ValidateNodes(JsonObject spec, FieldPath path, FaultList faults)
    {
        if (spec["nodeSelector"] is JsonObject labels) MetadataValidation.ValidateLabels(labels, path.Child("nodeSelector"), faults);
        foreach (var (index, toleration) in spec.Entries("tolerations")) ValidateToleration(toleration, path.Child("tolerations").Index(index), faults);
    }

    private static void ValidateToleration(JsonObject toleration, FieldPath path, FaultList faults)
    {
        var key = JsonTree.String(toleration, "key") ?? "";
        var op = JsonTree.String(toleration, "operator") ?? "";
        var value = JsonTree.String(toleration, "value") ?? "";
        if (key.Length > 0) faults.QualifiedName(path.Child("key"), key);
        if (key.Length == 0 && op != "Exists")
            faults.Invalid(path.Child("operator"), op, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        if (toleration["tolerationSeconds"] is not null && JsonTree.String(toleration, "effect") is var effect and not "NoExecute")
            faults.Invalid(path.Child("effect"), effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
        if (op is "Equal" or "")
        {
            if (ObjectNames.LabelValue(value) is { } valueFault) faults.Invalid(path.Child("operator"), value, valueFault);
        }
        else if (op == "Exists" && value.Length > 0)
        {
            faults.Invalid(path.Child("operator"), GoSyntax.Toleration(toleration), "value must be empty when `operator` is 'Exists'");
        }
    }

    private static void ValidateAffinity(JsonObject affinity, FieldPath path, FaultList faults)
    {
        const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
        const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        if (affinity["nodeAffinity"] is JsonObject node)
        {
            var here = path.Child("nodeAffinity");
            if (node[Required] is JsonObject required)
            {
                var terms = here.Child(Required).Child("nodeSelectorTerms");
                if (required.CountOf("nodeSelectorTerms") == 0) faults.Required(terms, "must have at least one node selector term");
                foreach (var (index, term) in required.Entries("nodeSelectorTerms")) ValidateNodeTerm(term, terms.Index(index), faults);
            }
            foreach (var (index, preference) in node.Entries(Preferred))
            {
                var item = here.Child(Preferred).Index(index);
                ValidateWeight(preference, item, faults);
                if (preference["preference"] is JsonObject term) ValidateNodeTerm(term, item.Child("preference"), faults);
            }
        }
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            if (affinity[kind] is not JsonObject pods) continue;
            foreach (var (index, term) in pods.Entries(Required)) ValidatePodTerm(term, path.Child(kind).Child(Required).Index(index), faults);
            foreach (var (index, preference) in pods.Entries(Preferred))
            {
                var item = path.Child(kind).Child(Preferred).Index(index);
                ValidateWeight(preference, item, faults);
                if (preference["podAffinityTerm"] is JsonObject term) ValidatePodTerm(term, item.Child("podAffinityTerm"), faults);
            }
        }
    }

    internal static void ValidateNodeTerm(JsonObject term, FieldPath path, FaultList faults)
    {
        foreach (var (index, expression) in term.Entries("matchExpressions"))
        {
            var here = path.Child("matchExpressions").Index(index);
            var values = expression.CountOf("values");
            switch (JsonTree.String(expression, "operator"))
            {
                case "In" or "NotIn":
                    if (values == 0) faults.Required(here.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist":
                    if (values > 0) faults.Forbidden(here.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case "Gt" or "Lt":
                    if (values != 1) faults.Required(here.Child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                    break;
                case var other:
                    faults.Invalid(here.Child("operator"), other ?? "", "not a valid selector operator");
                    break;
            }
            faults.QualifiedName(here.Child("key"), JsonTree.String(expression, "key") ?? "");
        }
        foreach (var (index, field) in term.Entries("matchFields")) ValidateNodeField(field, path.Child("matchFields").Index(index), faults);
    }

    /// <summary>A node is only ever chosen by its name.</summary>
    private static void ValidateNodeField(JsonObject field, FieldPath path, FaultList faults)
    {
        var values = field.Texts("values");
        var key = JsonTree.String(field, "key") ?? "";
        if (JsonTree.String(field, "operator") is not ("In" or "NotIn"))
            faults.Invalid(path.Child("operator"), JsonTree.String(field, "operator") ?? "", "not a valid selector operator");
        else if (values.Length != 1)
            faults.Required(path.Child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        if (key != "metadata.name")
        {
            faults.Invalid(path.Child("key"), key, "not a valid field selector key");
            return;
        }
        foreach (var (index, value) in values.Index())
            if (ObjectNames.Subdomain(value) is { } fault) faults.Invalid(path.Child("values").Index(index), value, fault);
    }

    private static void ValidateWeight(JsonObject preference, FieldPath path, FaultList faults)
    {
        if (JsonTree.Int64(preference, "weight") is var weight && weight is not (>= 1 and <= 100)) faults.Invalid(path.Child("weight"), weight ?? 0, "must be in the range 1-100");
    }

    private static void ValidatePodTerm(JsonObject term, FieldPath path, FaultList faults)
    {
        if (term["labelSelector"] is JsonObject labels) SelectorValidation.Validate(labels, path.Child("labelSelector"), faults);
        if (term["namespaceSelector"] is JsonObject spaces) SelectorValidation.Validate(spaces, path.Child("namespaceSelector"), faults);
        foreach (var name in term.Texts("namespaces"))
            if (ObjectNames.Label(name) is { } fault) faults.Invalid(path.Child("namespace"), name, fault);
        if (JsonTree.String(term, "topologyKey") is { Length: > 0 } key) faults.QualifiedName(path.Child("topologyKey"), key);
        else faults.Required(path.Child("topologyKey"), "can not be empty");
    }

    private static void ValidateSpread(JsonObject spec, FieldPath path, FaultList faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, constraint) in spec.Entries("topologySpreadConstraints"))
        {
            var here = path.Index(index);
            if (JsonTree.Int64(constraint, "maxSkew") is var skew && skew is not > 0) faults.Invalid(here.Child("maxSkew"), skew ?? 0, "must be greater than zero");
            var key = JsonTree.String(constraint, "topologyKey") ?? "";
            if (key.Length == 0) faults.Required(here.Child("topologyKey"), "can not be empty");
            if (JsonTree.String(constraint, "whenUnsatisfiable") is var otherwise && otherwise is not ("DoNotSchedule" or "ScheduleAnyway"))
                faults.NotSupported(here.Child("whenUnsatisfiable"), otherwise ?? "", ["DoNotSchedule", "ScheduleAnyway"]);
            var pair = string.Create(CultureInfo.InvariantCulture, $"{{{key}, {JsonTree.String(constraint, "whenUnsatisfiable")}}}");
            if (!seen.Add(pair)) faults.Duplicate(here.Child("{topologyKey, whenUnsatisfiable}"), pair);
            if (constraint["labelSelector"] is JsonObject labels) SelectorValidation.Validate(labels, here.Child("labelSelector"), faults);
        }
    }
}
