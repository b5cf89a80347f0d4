using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>A rule of a policy that a request breaks, or what went wrong when that was to be found out.</summary>
/// <param name="Index">Of the rule; -1 when it is none.</param>
/// <param name="Reason">Of the refusal; empty when it is not said.</param>
public sealed record PolicyViolation(int Index, string Message, string Reason);

/// <summary>What came of a policy for one request and one parameter.</summary>
/// <param name="Violations">In the order of the rules.</param>
/// <param name="Annotations">For the audit event.</param>
/// <param name="AnnotationFaults">Annotations that could not be made; they refuse the request whatever the binding says.</param>
public sealed record PolicyOutcome(
    ImmutableArray<PolicyViolation> Violations, ImmutableArray<(string Key, string Value)> Annotations, ImmutableArray<string> AnnotationFaults)
{
    public static PolicyOutcome Nothing { get; } = new([], [], []);
}

/// <summary>Holds one request against one policy. Pure but for the questions to the authorizer.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/policy/validating/validator.go.</remarks>
public static class PolicyEvaluation
{
    /// <summary>How long a computed message may be (bytes).</summary>
    private const int MessageBytesMax = 5 * 1024;

    /// <param name="parameters">The value of <c>params</c>; null where there is none.</param>
    public static PolicyOutcome Evaluate(Policy policy, AdmissionVariables request, CelValue? parameters)
    {
        var (matches, fault) = policy.Conditions.Evaluate(request, policy.FailClosed, parameters);
        if (fault is not null) return new PolicyOutcome([new PolicyViolation(-1, fault, "")], [], []);
        if (!matches) return PolicyOutcome.Nothing;

        var budget = new CelBudget(CelBudget.PerObjectMax);
        var scope = new Scope(policy, request, parameters, budget);
        var violations = ImmutableArray.CreateBuilder<PolicyViolation>();
        for (var i = 0; i < policy.Rules.Length; i++)
        {
            var rule = policy.Rules[i];
            var (value, broken) = scope.Evaluate(rule.Expression, budget);
            if (budget.IsExhausted)
            {
                // Nothing that was found so far counts, since the rest is not known.
                violations.Clear();
                if (policy.FailClosed) violations.Add(new PolicyViolation(-1, PolicyExpression.OutOfBudget, ""));
                break;
            }
            if (broken is not null)
            {
                if (policy.FailClosed) violations.Add(new PolicyViolation(i, broken, ""));
            }
            else if (value is not CelBool { Value: true })
            {
                violations.Add(new PolicyViolation(i, MessageOf(rule, scope, budget), rule.Reason.Length > 0 ? rule.Reason : "Invalid"));
            }
        }
        var (annotations, faults) = Annotate(policy, scope);
        return new PolicyOutcome(violations.ToImmutable(), annotations, faults);
    }

    private static string MessageOf(PolicyRule rule, Scope scope, CelBudget budget)
    {
        if (rule.MessageExpression is { } expression)
        {
            var (value, _) = scope.Evaluate(expression, budget);
            var text = value is CelString s ? s.Value.Trim() : "";
            if (text.Length > 0 && !text.Contains('\n', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= MessageBytesMax) return text;
        }
        var message = rule.Message.Trim();
        return message.Length > 0 ? message : $"failed expression: {rule.Expression.Source.Trim()}";
    }

    private static (ImmutableArray<(string Key, string Value)> Annotations, ImmutableArray<string> Faults) Annotate(Policy policy, Scope scope)
    {
        if (policy.AuditAnnotations.IsEmpty) return ([], []);
        var budget = new CelBudget(CelBudget.PerObjectMax);
        var annotations = ImmutableArray.CreateBuilder<(string Key, string Value)>();
        var faults = ImmutableArray.CreateBuilder<string>();
        foreach (var (key, expression) in policy.AuditAnnotations)
        {
            var (value, fault) = scope.Evaluate(expression, budget);
            if (fault is not null)
            {
                if (policy.FailClosed) faults.Add(fault);
            }
            else if (value is CelString s)
            {
                if (s.Value.Trim() is { Length: > 0 } text) annotations.Add((key, text));
            }
            else if (value is not CelNull)
            {
                faults.Add($"valueExpression '{expression.Source}' resulted in unsupported return type: {value!.Type.Name}. Return type must be either string or null.");
            }
        }
        return (annotations.ToImmutable(), faults.ToImmutable());
    }

    /// <summary>The variables of one evaluation: each is computed when it is first named, and once.</summary>
    private sealed class Scope
    {
        private readonly AdmissionVariables _request;
        private readonly CelValue? _parameters;
        private readonly CelLazyMap _variables;

        public Scope(Policy policy, AdmissionVariables request, CelValue? parameters, CelBudget budget)
        {
            (_request, _parameters) = (request, parameters);
            _variables = new CelLazyMap([.. policy.Variables.Select(static v => v.Name)], name =>
            {
                var expression = policy.Variables.First(v => v.Name == name).Expression;
                if (expression.Program is null) return new CelError($"composited variable \"{name}\" fails to compile: {expression.Fault}");
                var value = expression.Program.Evaluate(Activate(expression), budget);
                return value is CelError error ? new CelError($"composited variable \"{name}\" fails to evaluate: {error.Message}") : value;
            });
        }

        public (CelValue? Value, string? Fault) Evaluate(PolicyExpression expression, CelBudget budget) => expression.Evaluate(Activate(expression), budget);

        private CelActivation Activate(PolicyExpression expression) => _request.Activate(expression.Environment, _parameters).Set("variables", _variables);
    }
}
