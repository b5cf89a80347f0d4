using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>A policy, its parameters, and what follows when it is broken.</summary>
/// <remarks>Source: kubernetes pkg/apis/admissionregistration/validation.</remarks>
public sealed class ValidatingAdmissionPolicyBindingValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly string[] Actions = ["Audit", "Deny", "Warn"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        var policy = FieldRules.Required(spec, "policyName", Spec, faults);
        if (policy.Length > 0 && ObjectNames.Subdomain(policy) is { } fault) faults.Invalid(Spec.Child("policyName"), policy, fault);
        if (JsonTree.Object(spec, "paramRef") is { } reference) ValidateParamRef(reference, Spec.Child("paramRef"), faults);
        if (JsonTree.Object(spec, "matchResources") is { } match) PolicyResources.Validate(match, Spec.Child("matchResources"), faults);
        ValidateActions(spec, Spec.Child("validationActions"), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateParamRef(JsonObject reference, FieldPath path, FaultList faults)
    {
        var name = JsonTree.String(reference, "name") ?? "";
        var selector = JsonTree.Object(reference, "selector");
        if (name.Length > 0)
        {
            if (ObjectNames.PathSegment(name) is { } fault) faults.Invalid(path.Child("name"), name, fault);
            if (selector is not null) faults.Forbidden(path.Child("name"), "name and selector are mutually exclusive");
        }
        if (selector is not null)
        {
            SelectorValidation.Validate(selector, path.Child("selector"), faults);
            if (name.Length > 0) faults.Forbidden(path.Child("selector"), "name and selector are mutually exclusive");
        }
        if (name.Length == 0 && selector is null) faults.Required(path, "one of name or selector must be specified");
        FieldRules.OneOf(reference, "parameterNotFoundAction", ["Deny", "Allow"], path, faults, required: "");
    }

    private static void ValidateActions(JsonObject? spec, FieldPath path, FaultList faults)
    {
        var actions = spec.Texts("validationActions");
        if (actions.Length == 0) faults.Required(path);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < actions.Length; i++)
        {
            if (!Actions.Contains(actions[i], StringComparer.Ordinal)) faults.NotSupported(path.Index(i), actions[i], Actions);
            if (!seen.Add(actions[i])) faults.Duplicate(path.Index(i), actions[i]);
        }
        if (seen.Contains("Deny") && seen.Contains("Warn"))
            faults.Invalid(path, GoSyntax.Texts("admissionregistration.ValidationAction", spec!["validationActions"]),
                "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
    }
}
