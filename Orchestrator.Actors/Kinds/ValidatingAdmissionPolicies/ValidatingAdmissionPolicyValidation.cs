using Orchestrator.Actors.Kinds.WebhookConfigurations;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>The shape of a policy, and its expressions.</summary>
/// <remarks>Source: kubernetes pkg/apis/admissionregistration/validation.</remarks>
public sealed class ValidatingAdmissionPolicyValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly string[] Reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        FieldRules.OneOf(spec, "failurePolicy", ["Fail", "Ignore"], Spec, faults, required: "");
        if (JsonTree.Object(spec, "paramKind") is { } kind) ValidateParamKind(kind, Spec.Child("paramKind"), faults);
        ValidateConstraints(spec, faults);
        WebhookRules.ValidateConditions(spec, Spec, faults, hasParams: spec["paramKind"] is JsonObject);
        ValidateVariables(spec, faults);
        if (spec.CountOf("validations") == 0 && spec.CountOf("auditAnnotations") == 0)
        {
            faults.Required(Spec.Child("validations"), "validations or auditAnnotations must contain at least one item");
            faults.Required(Spec.Child("auditAnnotations"), "validations or auditAnnotations must contain at least one item");
        }
        foreach (var (index, rule) in spec.Entries("validations")) ValidateRule(rule, Spec.Child("validations").Index(index), faults);
        ValidateAnnotations(spec, faults);
        PolicyExpressions.Validate(spec, Spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateConstraints(JsonObject spec, FaultList faults)
    {
        var path = Spec.Child("matchConstraints");
        if (JsonTree.Object(spec, "matchConstraints") is not { } constraints)
        {
            faults.Required(path);
            return;
        }
        PolicyResources.Validate(constraints, path, faults);
        if (constraints.CountOf("resourceRules") == 0) faults.Required(path.Child("resourceRules"));
    }

    private static void ValidateParamKind(JsonObject kind, FieldPath path, FaultList faults)
    {
        var version = FieldRules.Required(kind, "apiVersion", path, faults);
        if (version.Length > 0)
        {
            var parts = version.Split('/');
            if (parts.Length > 2) faults.Invalid(path.Child("apiVersion"), version, $"unexpected GroupVersion string: {version}");
            else
            {
                if (parts.Length == 2 && parts[0].Length > 0 && ObjectNames.Subdomain(parts[0]) is { } groupFault) faults.Invalid(path.Child("apiVersion"), parts[0], groupFault);
                if (ObjectNames.Label1035(parts[^1]) is { } versionFault) faults.Invalid(path.Child("apiVersion"), parts[^1], versionFault);
            }
        }
        var name = FieldRules.Required(kind, "kind", path, faults);
        if (name.Length > 0 && ObjectNames.Label1035(name.ToLowerInvariant()) is { } fault)
            faults.Invalid(path.Child("kind"), name, $"may have mixed case, but should otherwise match: {fault}");
    }

    private static void ValidateVariables(JsonObject spec, FaultList faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, variable) in spec.Entries("variables"))
        {
            var path = Spec.Child("variables").Index(index);
            if (string.IsNullOrWhiteSpace(JsonTree.String(variable, "expression"))) faults.Required(path.Child("expression"), "expression is not specified");
            var name = FieldRules.Required(variable, "name", path, faults, "name is not specified");
            if (name.Length == 0) continue;
            if (!IsIdentifier(name)) faults.Invalid(path.Child("name"), name, "name is not a valid CEL identifier");
            if (!names.Add(name)) faults.Duplicate(path.Child("name"), name);
        }
    }

    private static bool IsIdentifier(string name) =>
        (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_')
        && name is not ("true" or "false" or "null" or "in" or "as" or "break" or "const" or "continue" or "else" or "for" or "function" or "if"
            or "import" or "let" or "loop" or "package" or "namespace" or "return" or "var" or "void" or "while");

    private static void ValidateRule(JsonObject rule, FieldPath path, FaultList faults)
    {
        var expression = JsonTree.String(rule, "expression")?.Trim() ?? "";
        var message = JsonTree.String(rule, "message") ?? "";
        if (expression.Length == 0) faults.Required(path.Child("expression"), "expression is not specified");
        if (message.Length > 0 && message.Trim().Length == 0) faults.Invalid(path.Child("message"), message, "message must be non-empty if specified");
        else if (message.Trim().Contains('\n', StringComparison.Ordinal)) faults.Invalid(path.Child("message"), message, "message must not contain line breaks");
        else if (message.Length == 0 && expression.Contains('\n', StringComparison.Ordinal))
            faults.Required(path.Child("message"), "message must be specified if expression contains line breaks");
        FieldRules.OneOf(rule, "reason", Reasons, path, faults);
    }

    private static void ValidateAnnotations(JsonObject spec, FaultList faults)
    {
        const int AnnotationsMax = 20;
        var list = Spec.Child("auditAnnotations");
        if (spec.CountOf("auditAnnotations") > AnnotationsMax) faults.TooMany(list, spec.CountOf("auditAnnotations"), AnnotationsMax);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, annotation) in spec.Entries("auditAnnotations"))
        {
            var path = list.Index(index);
            var key = FieldRules.Required(annotation, "key", path, faults);
            if (key.Length > 0 && ObjectNames.QualifiedName(key) is { } fault) faults.Invalid(path.Child("key"), key, fault);
            if (key.Length > 0 && !keys.Add(key)) faults.Duplicate(path.Child("key"), key);
            if (string.IsNullOrWhiteSpace(JsonTree.String(annotation, "valueExpression"))) faults.Required(path.Child("valueExpression"), "expression is not specified");
        }
    }
}
