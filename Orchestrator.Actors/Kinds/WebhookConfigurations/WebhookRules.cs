using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.WebhookConfigurations;

/// <summary>Which operations on which resources are meant: the rules of webhooks and of admission policies.</summary>
/// <remarks>Source: validateRuleWithOperations and validateResources of kubernetes pkg/apis/admissionregistration/validation.</remarks>
internal static class WebhookRules
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    public static void Validate(JsonObject rule, FieldPath path, FaultList faults)
    {
        var operations = rule.Texts("operations");
        if (operations.Length == 0) faults.Required(path.Child("operations"));
        OnlyStar(operations, "operations", "if '*' is present, must not specify other operations", rule, path, faults);
        for (var i = 0; i < operations.Length; i++)
            if (!Operations.Contains(operations[i], StringComparer.Ordinal)) faults.NotSupported(path.Child("operations").Index(i), operations[i], Operations);

        var groups = rule.Texts("apiGroups");
        if (groups.Length == 0) faults.Required(path.Child("apiGroups"));
        OnlyStar(groups, "apiGroups", "if '*' is present, must not specify other API groups", rule, path, faults);

        var versions = rule.Texts("apiVersions");
        if (versions.Length == 0) faults.Required(path.Child("apiVersions"));
        OnlyStar(versions, "apiVersions", "if '*' is present, must not specify other API versions", rule, path, faults);
        for (var i = 0; i < versions.Length; i++)
            if (versions[i].Length == 0) faults.Required(path.Child("apiVersions").Index(i));

        ValidateResources(rule, path.Child("resources"), faults);
        FieldRules.OneOf(rule, "scope", ["*", "Cluster", "Namespaced"], path, faults);
    }

    private static void OnlyStar(string[] values, string name, string fault, JsonObject rule, FieldPath path, FaultList faults)
    {
        if (values.Length > 1 && values.Contains("*", StringComparer.Ordinal)) faults.Invalid(path.Child(name), rule[name], fault);
    }

    private static void ValidateResources(JsonObject rule, FieldPath path, FaultList faults)
    {
        var resources = rule.Texts("resources");
        if (resources.Length == 0) faults.Required(path);
        // What a wildcard covers must not be named again: x/* covers x/y, and */y covers x/y.
        var resourcesOfAll = new HashSet<string>(StringComparer.Ordinal);
        var subresourcesOfAll = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < resources.Length; i++)
        {
            var text = resources[i];
            var here = path.Index(i);
            if (text.Length == 0)
            {
                faults.Required(here);
                continue;
            }
            if (text == "*/*") continue;
            var slash = text.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0) continue;
            var (resource, subresource) = (text[..slash], text[(slash + 1)..]);
            if (subresourcesOfAll.Contains(subresource)) faults.Invalid(here, text, $"if '*/{subresource}' is present, must not specify {text}");
            if (resourcesOfAll.Contains(resource)) faults.Invalid(here, text, $"if '{resource}/*' is present, must not specify {text}");
            if (resource == "*") subresourcesOfAll.Add(subresource);
            if (subresource == "*") resourcesOfAll.Add(resource);
        }
        if (resources.Length > 1 && resources.Contains("*/*", StringComparer.Ordinal)) faults.Invalid(path, rule["resources"], "if '*/*' is present, must not specify other resources");
        if (resources.Contains("*", StringComparer.Ordinal) && resources.Any(static r => r != "*" && !r.Contains('/', StringComparison.Ordinal)))
            faults.Invalid(path, rule["resources"], "if '*' is present, must not specify other resources without subresources");
    }

    /// <summary>Conditions of webhooks and policies: a name each, told apart, and an expression.</summary>
    public static void ValidateConditions(JsonObject owner, FieldPath path, FaultList faults, bool hasParams = false)
    {
        const int ConditionsMax = 64;
        var conditions = path.Child("matchConditions");
        if (owner.CountOf("matchConditions") > ConditionsMax) faults.TooMany(conditions, owner.CountOf("matchConditions"), ConditionsMax);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, condition) in owner.Entries("matchConditions"))
        {
            var here = conditions.Index(index);
            var expression = JsonTree.String(condition, "expression")?.Trim() ?? "";
            if (expression.Length == 0) faults.Required(here.Child("expression"));
            else if (MatchConditions.FaultOf(expression, hasParams) is { } unfit) faults.Invalid(here.Child("expression"), expression, unfit);
            var name = FieldRules.Required(condition, "name", here, faults);
            if (name.Length == 0) continue;
            if (ObjectNames.QualifiedName(name) is { } fault) faults.Invalid(here.Child("name"), name, fault);
            if (!names.Add(name)) faults.Duplicate(here.Child("name"), name);
        }
    }

    public static void ValidateSelectors(JsonObject owner, FieldPath path, FaultList faults)
    {
        foreach (var name in (ReadOnlySpan<string>)["namespaceSelector", "objectSelector"])
            if (JsonTree.Object(owner, name) is { } selector) SelectorValidation.Validate(selector, path.Child(name), faults);
    }
}
