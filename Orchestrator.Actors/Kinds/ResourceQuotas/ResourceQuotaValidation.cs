using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>What a quota limits and the scopes that fit it.</summary>
/// <remarks>Source: ValidateResourceQuota of kubernetes pkg/apis/core/validation.</remarks>
public sealed class ResourceQuotaValidation : IKindValidation
{
    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly (string, string)[] Conflicts = [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        ValidateAmounts(spec, "hard", Spec, faults);
        ValidateScopes(spec, faults);
        ValidateSelector(spec, faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
        if (subresource == "status")
        {
            foreach (var name in (ReadOnlySpan<string>)["hard", "used"]) ValidateAmounts(JsonTree.Object(tree, "status"), name, FieldPath.Of("status"), faults);
            return;
        }
        var (scopes, before) = (JsonTree.Object(tree, "spec").Texts("scopes"), JsonTree.Object(stored, "spec").Texts("scopes"));
        if (!scopes.ToHashSet(StringComparer.Ordinal).SetEquals(before))
            faults.Invalid(Spec.Child("scopes"), Show(JsonTree.Object(tree, "spec")), SelectorValidation.Immutable);
    }

    private static void ValidateAmounts(JsonObject? owner, string list, FieldPath path, FaultList faults)
    {
        foreach (var (name, amount) in owner.Quantities(list))
        {
            var here = path.Child(list).Key(name);
            if (ObjectNames.QualifiedName(name) is { } fault) faults.Invalid(here, name, fault);
            else if (!name.Contains('/', StringComparison.Ordinal) && !QuotaResources.IsStandard(name)) faults.Invalid(here, name, "must be a standard resource for quota");
            AmountRules.Validate(amount, QuotaResources.IsWhole(name), here, faults);
        }
    }

    private static void ValidateScopes(JsonObject? spec, FaultList faults)
    {
        var scopes = spec.Texts("scopes");
        var path = Spec.Child("scopes");
        foreach (var scope in scopes)
        {
            if (!QuotaResources.IsScope(scope)) faults.Invalid(path, Show(spec), "unsupported scope");
            ValidateFit(spec, scope, path, Show(spec), faults);
        }
        ValidateConflicts(scopes, path, Show(spec), faults);
    }

    private static ShownValue Show(JsonObject? spec) => GoSyntax.Texts("core.ResourceQuotaScope", spec?["scopes"]);

    private static void ValidateFit(JsonObject? spec, string scope, FieldPath path, object? shown, FaultList faults)
    {
        foreach (var (name, _) in spec.Quantities("hard"))
            if (QuotaResources.IsStandard(name) && !QuotaResources.Fits(scope, name)) faults.Invalid(path, shown, "unsupported scope applied to resource");
    }

    private static void ValidateConflicts(string[] scopes, FieldPath path, object? shown, FaultList faults)
    {
        foreach (var (one, other) in Conflicts)
            if (scopes.Contains(one, StringComparer.Ordinal) && scopes.Contains(other, StringComparer.Ordinal)) faults.Invalid(path, shown, "conflicting scopes");
    }

    private static void ValidateSelector(JsonObject? spec, FaultList faults)
    {
        if (JsonTree.Object(spec, "scopeSelector") is not { } selector) return;
        var path = Spec.Child("scopeSelector").Child("matchExpressions");
        foreach (var (_, expression) in selector.Entries("matchExpressions"))
        {
            var scope = JsonTree.String(expression, "scopeName") ?? "";
            var op = JsonTree.String(expression, "operator") ?? "";
            if (!QuotaResources.IsScope(scope)) faults.Invalid(path.Child("scopeName"), scope, "unsupported scope");
            ValidateFit(spec, scope, path, selector, faults);
            if (scope is not "PriorityClass" && QuotaResources.IsScope(scope) && op != "Exists")
                faults.Invalid(path.Child("operator"), op,
                    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
                    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
            ValidateOperator(expression, op, path, faults);
        }
        ValidateConflicts([.. selector.Entries("matchExpressions").Select(static e => JsonTree.String(e.Item, "scopeName") ?? "")], path, selector, faults);
    }

    private static void ValidateOperator(JsonObject expression, string op, FieldPath path, FaultList faults)
    {
        var values = expression.CountOf("values");
        switch (op)
        {
            case "In" or "NotIn":
                if (values == 0) faults.Required(path.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
                break;
            case "Exists" or "DoesNotExist":
                if (values > 0) faults.Invalid(path.Child("values"), expression["values"], "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
                break;
            default:
                faults.Invalid(path.Child("operator"), op, "not a valid selector operator");
                break;
        }
    }
}
