using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>Checks the texts of rules, without looking into the expressions.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/validation.</remarks>
internal sealed class RuleTexts(FaultList faults)
{
    private static readonly string[] Reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

    public void Validate(JsonObject schema, FieldPath path)
    {
        var rules = ValidationRule.Read(schema);
        for (var i = 0; i < rules.Length; i++) Validate(rules[i], schema, path.Child("x-kubernetes-validations").Index(i));
    }

    private void Validate(ValidationRule rule, JsonObject schema, FieldPath path)
    {
        var message = rule.Message.Trim();
        if (rule.Rule.Trim().Length == 0) faults.Required(path.Child("rule"), "rule is not specified");
        else if (rule.Message.Length > 0 && message.Length == 0) faults.Invalid(path.Child("message"), rule.Message, "message must be non-empty if specified");
        else if (HasLineBreaks(message)) faults.Invalid(path.Child("message"), rule.Message, "message must not contain line breaks");
        else if (HasLineBreaks(rule.Rule.Trim()) && message.Length == 0) faults.Required(path.Child("message"), "message must be specified if rule contains line breaks");
        if (rule.MessageExpression.Length > 0 && rule.MessageExpression.Trim().Length == 0)
            faults.Required(path.Child("messageExpression"), "messageExpression must be non-empty if specified");
        if (rule.Reason.Length > 0 && !Reasons.Contains(rule.Reason)) faults.NotSupported(path.Child("reason"), rule.Reason, Reasons);
        if (rule.FieldPath.Length == 0) return;
        var fieldPath = path.Child("fieldPath");
        if (rule.FieldPath.Trim().Length == 0) faults.Invalid(fieldPath, rule.FieldPath, "fieldPath must be non-empty if specified");
        if (HasLineBreaks(rule.FieldPath)) faults.Invalid(fieldPath, rule.FieldPath, "fieldPath must not contain line breaks");
        if (RulePath.Parse(rule.FieldPath) is not { } parts || RulePath.Find(parts, schema) is null)
            faults.Invalid(fieldPath, rule.FieldPath, "fieldPath must be a valid path");
    }

    private static bool HasLineBreaks(string text) => text.AsSpan().ContainsAny('\n', '\r');
}
