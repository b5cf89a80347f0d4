using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>One rule of a policy.</summary>
/// <param name="Expression">True when the rule is kept.</param>
/// <param name="Message">As written; empty for none.</param>
/// <param name="MessageExpression">Makes the message; null for none.</param>
/// <param name="Reason">Of the refusal, such as <c>Invalid</c>; empty when it is not said.</param>
public sealed record PolicyRule(PolicyExpression Expression, string Message, PolicyExpression? MessageExpression, string Reason);

/// <summary>A ValidatingAdmissionPolicy, compiled. Immutable; made once per version of its object.</summary>
public sealed record Policy
{
    public required string Name { get; init; }

    /// <summary>What cannot be evaluated is refused; else it passes.</summary>
    public required bool FailClosed { get; init; }

    public required RequestMatch Match { get; init; }
    public required MatchConditions Conditions { get; init; }

    /// <summary>In their order; each may name those before it.</summary>
    public required ImmutableArray<(string Name, PolicyExpression Expression)> Variables { get; init; }

    public required ImmutableArray<PolicyRule> Rules { get; init; }

    public required ImmutableArray<(string Key, PolicyExpression Value)> AuditAnnotations { get; init; }

    /// <summary>The kind of the parameters as apiVersion and kind; null for a policy without.</summary>
    public (string ApiVersion, string Kind)? ParamKind { get; init; }

    public static Policy Read(StoredObject stored) => Read(stored.ToTree());

    public static Policy Read(JsonObject tree)
    {
        var spec = tree["spec"] as JsonObject ?? [];
        var paramKind = spec["paramKind"] as JsonObject;
        var hasParams = paramKind is not null;
        var variables = CompileVariables(spec["variables"], hasParams);
        var types = variables.Select(static v => (v.Name, v.Expression.Type)).ToImmutableArray();
        var asking = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, true), types);
        var plain = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, false), types);
        return new Policy
        {
            Name = JsonTree.String(tree["metadata"] as JsonObject, "name") ?? "",
            FailClosed = JsonTree.String(spec, "failurePolicy") != "Ignore",
            Match = RequestMatch.ReadPolicy(spec["matchConstraints"] as JsonObject),
            Conditions = MatchConditions.Read(spec["matchConditions"], hasParams),
            Variables = variables,
            ParamKind = paramKind is null ? null : (JsonTree.String(paramKind, "apiVersion") ?? "", JsonTree.String(paramKind, "kind") ?? ""),
            Rules = [.. Entries(spec["validations"]).Select(v => new PolicyRule(
                PolicyExpression.Compile(JsonTree.String(v, "expression") ?? "", asking, CelTypeKind.Bool),
                JsonTree.String(v, "message") ?? "",
                JsonTree.String(v, "messageExpression") is { } message && message.Trim().Length > 0 ? PolicyExpression.Compile(message, plain, CelTypeKind.String) : null,
                JsonTree.String(v, "reason") ?? ""))],
            AuditAnnotations = [.. Entries(spec["auditAnnotations"]).Select(a => (
                JsonTree.String(a, "key") ?? "",
                PolicyExpression.Compile((JsonTree.String(a, "valueExpression") ?? "").Trim(), asking, CelTypeKind.String, CelTypeKind.Null)))],
        };
    }

    private static ImmutableArray<(string Name, PolicyExpression Expression)> CompileVariables(JsonNode? variables, bool hasParams)
    {
        var compiled = ImmutableArray.CreateBuilder<(string Name, PolicyExpression Expression)>();
        foreach (var variable in Entries(variables))
        {
            var known = compiled.Select(static v => (v.Name, v.Expression.Type)).ToImmutableArray();
            var environment = AdmissionEnvironment.WithVariables(AdmissionEnvironment.Of(hasParams, true), known);
            compiled.Add((JsonTree.String(variable, "name") ?? "", PolicyExpression.Compile(JsonTree.String(variable, "expression") ?? "", environment)));
        }
        return compiled.ToImmutable();
    }

    private static IEnumerable<JsonObject> Entries(JsonNode? node) => (node as JsonArray ?? []).OfType<JsonObject>();
}

/// <summary>A ValidatingAdmissionPolicyBinding. Immutable; made once per version of its object.</summary>
/// <param name="Match">Null when the binding applies wherever the policy does.</param>
/// <param name="ParamRef">As written; null for none.</param>
/// <param name="Actions">What follows when the policy is broken: Deny, Warn, Audit.</param>
public sealed record PolicyBinding(string Name, string PolicyName, RequestMatch? Match, JsonObject? ParamRef, ImmutableArray<string> Actions)
{
    public static PolicyBinding Read(StoredObject stored)
    {
        var spec = stored.ToTree()["spec"] as JsonObject ?? [];
        return new PolicyBinding(
            stored.Key.Name,
            JsonTree.String(spec, "policyName") ?? "",
            spec["matchResources"] is JsonObject match ? RequestMatch.ReadPolicy(match) : null,
            spec["paramRef"] as JsonObject,
            [.. (spec["validationActions"] as JsonArray ?? []).Select(JsonTree.AsString).OfType<string>()]);
    }
}
