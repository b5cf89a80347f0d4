using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>Expressions that must all hold before a webhook or a policy is asked about a request. Immutable; made once per version.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/matchconditions.</remarks>
public sealed class MatchConditions
{
    private readonly ImmutableArray<PolicyExpression> _conditions;

    private MatchConditions(ImmutableArray<PolicyExpression> conditions) => _conditions = conditions;

    public bool IsEmpty => _conditions.IsEmpty;

    /// <param name="conditions">The <c>matchConditions</c> of a webhook or policy; null for none.</param>
    /// <param name="hasParams">They may name <c>params</c>.</param>
    public static MatchConditions Read(JsonNode? conditions, bool hasParams = false)
    {
        var environment = AdmissionEnvironment.Of(hasParams, hasAuthorizer: true);
        return new MatchConditions(conditions is not JsonArray list ? [] : [.. list.OfType<JsonObject>()
            .Select(c => PolicyExpression.Compile(JsonTree.String(c, "expression") ?? "", environment, CelTypeKind.Bool))]);
    }

    /// <summary>Whether all hold. A condition that is false decides, whatever became of the others.</summary>
    /// <param name="variables">The request.</param>
    /// <param name="failClosed">The failure policy is Fail: what cannot be evaluated is a fault; else it does not match.</param>
    /// <param name="parameters">The value of <c>params</c>; null where there is none.</param>
    public (bool Matches, string? Fault) Evaluate(AdmissionVariables variables, bool failClosed, CelValue? parameters = null)
    {
        if (_conditions.IsEmpty) return (true, null);
        var budget = new CelBudget(CelBudget.MatchConditionsMax);
        var activation = variables.Activate(_conditions[0].Environment, parameters);
        List<string>? faults = null;
        foreach (var condition in _conditions)
        {
            var (value, fault) = condition.Evaluate(activation, budget);
            if (fault is not null) (faults ??= []).Add(fault);
            else if (value is not CelBool { Value: true }) return (false, null);
            if (budget.IsExhausted) break;
        }
        if (faults is null) return (true, null);
        return failClosed ? (false, faults.Count == 1 ? faults[0] : $"[{string.Join(", ", faults)}]") : (false, null);
    }

    /// <summary>What is wrong with a condition; null when nothing is.</summary>
    public static string? FaultOf(string expression, bool hasParams) =>
        PolicyExpression.Compile(expression, AdmissionEnvironment.Of(hasParams, hasAuthorizer: true), CelTypeKind.Bool).Fault;
}
