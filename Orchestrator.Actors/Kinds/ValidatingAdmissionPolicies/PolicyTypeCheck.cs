using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;

/// <summary>Holds the expressions of a policy against the schemas of the kinds that it names. What is found is told, and changes nothing.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/policy/validating/typechecking.go.</remarks>
public static class PolicyTypeCheck
{
    /// <summary>Most kinds that a policy is checked for (count).</summary>
    private const int KindsMax = 10;

    /// <returns>The <c>expressionWarnings</c>.</returns>
    public static JsonArray Check(JsonObject policy, SchemaCatalog catalog)
    {
        var warnings = new JsonArray();
        var spec = policy["spec"] as JsonObject ?? [];
        var kinds = KindsOf(spec, catalog);
        var parameters = ParamsOf(spec, catalog);
        var rules = spec["validations"] as JsonArray ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not JsonObject rule) continue;
            foreach (var field in (ReadOnlySpan<string>)["expression", "messageExpression"])
            {
                if (JsonTree.String(rule, field) is not { } expression || expression.Trim().Length == 0) continue;
                var found = Check(expression, spec, kinds, parameters);
                if (found.Length > 0) warnings.Add((JsonNode)new JsonObject { ["fieldRef"] = $"spec.validations[{i}].{field}", ["warning"] = found });
            }
        }
        return warnings;
    }

    private static string Check(string expression, JsonObject spec, IEnumerable<ResourceSchema> kinds, (bool Given, CelType? Type) parameters)
    {
        var found = new List<string>();
        foreach (var kind in kinds)
        {
            if (SchemaTypes.Of(kind.Root, kind.Kind) is not { } type) continue;
            var environment = AdmissionEnvironment.Of(parameters.Given, hasAuthorizer: true).With(("object", type), ("oldObject", type));
            if (parameters is { Given: true, Type: { } parameter }) environment = environment.With(("params", parameter));
            var compiled = WithVariables(environment, spec).Compile(expression);
            if (compiled.Program is null) found.Add($"{kind.ApiVersion}, Kind={kind.Kind}: {compiled.Errors}\n");
        }
        return string.Concat(found);
    }

    private static CelEnvironment WithVariables(CelEnvironment environment, JsonObject spec)
    {
        var known = new List<(string Name, CelType Type)>();
        foreach (var variable in (spec["variables"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var compiled = AdmissionEnvironment.WithVariables(environment, [.. known]).Compile(JsonTree.String(variable, "expression") ?? "");
            known.Add((JsonTree.String(variable, "name") ?? "", compiled.Program is null ? CelType.Dyn : compiled.ResultType));
        }
        return AdmissionEnvironment.WithVariables(environment, [.. known]);
    }

    private static (bool Given, CelType? Type) ParamsOf(JsonObject spec, SchemaCatalog catalog)
    {
        if (spec["paramKind"] is not JsonObject kind) return (false, null);
        var apiVersion = JsonTree.String(kind, "apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var schema = catalog.FindKind(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], JsonTree.String(kind, "kind") ?? "");
        return (true, schema is null ? null : SchemaTypes.Of(schema.Root, schema.Kind));
    }

    // A rule with a wildcard names no kind in particular.
    private static List<ResourceSchema> KindsOf(JsonObject spec, SchemaCatalog catalog)
    {
        var kinds = new List<ResourceSchema>();
        foreach (var rule in RequestRule.ReadAll(JsonTree.At(spec, ["matchConstraints", "resourceRules"])))
        {
            if (rule.Groups.Any(HasWildcard) || rule.Versions.Any(HasWildcard)) continue;
            foreach (var group in rule.Groups.Order(StringComparer.Ordinal))
                foreach (var version in rule.Versions.Order(StringComparer.Ordinal))
                    foreach (var resource in rule.Resources.Order(StringComparer.Ordinal))
                        if (kinds.Count < KindsMax && catalog.Find(group, version, resource) is { } found && !kinds.Contains(found)) kinds.Add(found);
        }
        return [.. kinds.OrderBy(static k => k.Group, StringComparer.Ordinal).ThenBy(static k => k.Version, StringComparer.Ordinal).ThenBy(static k => k.Kind, StringComparer.Ordinal)];
    }

    private static bool HasWildcard(string name) => name.Contains('*', StringComparison.Ordinal);
}
