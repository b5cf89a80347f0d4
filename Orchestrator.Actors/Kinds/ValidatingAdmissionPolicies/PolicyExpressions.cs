using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>The expressions of a policy must compile, and give values of the types that are wanted of them.</summary>
/// <remarks>Source: kubernetes pkg/apis/admissionregistration/validation.</remarks>
internal static class PolicyExpressions
{
    private const int ValueExpressionBytesMax = 5 * 1024;

    public static void Validate(JsonObject spec, FieldPath path, FaultList faults)
    {
        var hasParams = spec["paramKind"] is JsonObject;
        var variables = ValidateVariables(spec, hasParams, path, faults);
        var asking = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, hasAuthorizer: true), variables);
        var plain = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, hasAuthorizer: false), variables);
        foreach (var (index, rule) in spec.Entries("validations"))
        {
            var here = path.Child("validations").Index(index);
            Check(rule, "expression", asking, here, faults, CelTypeKind.Bool);
            if (JsonTree.String(rule, "messageExpression") is { Length: > 0 } message && message.Trim().Length == 0)
                faults.Invalid(here.Child("messageExpression"), message, "must be non-empty if specified");
            else Check(rule, "messageExpression", plain, here, faults, CelTypeKind.String);
        }
        foreach (var (index, annotation) in spec.Entries("auditAnnotations"))
        {
            var here = path.Child("auditAnnotations").Index(index);
            if (Encoding.UTF8.GetByteCount((JsonTree.String(annotation, "valueExpression") ?? "").Trim()) > ValueExpressionBytesMax)
                faults.Required(here.Child("valueExpression"), $"must not exceed {ValueExpressionBytesMax} bytes in length");
            else Check(annotation, "valueExpression", asking, here, faults, CelTypeKind.String, CelTypeKind.Null);
        }
    }

    private static ImmutableArray<(string Name, CelType Type)> ValidateVariables(JsonObject spec, bool hasParams, FieldPath path, FaultList faults)
    {
        var known = ImmutableArray<(string Name, CelType Type)>.Empty;
        foreach (var (index, variable) in spec.Entries("variables"))
        {
            // A variable may name those before it, and of a faulty one nothing is known.
            var environment = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, hasAuthorizer: true), known);
            var compiled = Check(variable, "expression", environment, path.Child("variables").Index(index), faults);
            known = known.Add((JsonTree.String(variable, "name") ?? "", compiled?.Fault is null ? compiled?.Type ?? CelType.Dyn : CelType.Dyn));
        }
        return known;
    }

    private static PolicyExpression? Check(
        JsonObject owner, string field, CelEnvironment environment, FieldPath path, FaultList faults, params ReadOnlySpan<CelTypeKind> types)
    {
        // That one is missing is told by the rules of the shape.
        if (JsonTree.String(owner, field) is not { } text || text.Trim().Length == 0) return null;
        var compiled = PolicyExpression.Compile(text, environment, types);
        if (compiled.Fault is { } fault) faults.Invalid(path.Child(field), text, fault);
        return compiled;
    }
}
