using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authorization;

/// <summary>Expressions that must all hold of a request before an authorization webhook is asked about it. Immutable.</summary>
/// <remarks>Their variable <c>request</c> is a SubjectAccessReviewSpec of v1. Source: k8s.io/apiserver, pkg/authorization/cel.</remarks>
public sealed class AccessConditions
{
    private const int CountMax = 64;

    private static readonly CelType Texts = CelType.List(CelType.String);
    private static readonly CelType Requirement = Fields("kubernetes.SelectorRequirement", ("key", CelType.String), ("operator", CelType.String), ("values", Texts));

    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes.With(("request", Fields("kubernetes.SubjectAccessReviewSpec",
        ("resourceAttributes", Fields("kubernetes.ResourceAttributes",
            ("namespace", CelType.String), ("verb", CelType.String), ("group", CelType.String), ("version", CelType.String), ("resource", CelType.String),
            ("subresource", CelType.String), ("name", CelType.String),
            ("fieldSelector", Fields("kubernetes.FieldSelectorAttributes", ("rawSelector", CelType.String), ("requirements", CelType.List(Requirement)))),
            ("labelSelector", Fields("kubernetes.LabelSelectorAttributes", ("rawSelector", CelType.String), ("requirements", CelType.List(Requirement)))))),
        ("nonResourceAttributes", Fields("kubernetes.NonResourceAttributes", ("path", CelType.String), ("verb", CelType.String))),
        ("user", CelType.String), ("groups", Texts), ("extra", CelType.Map(CelType.String, Texts)), ("uid", CelType.String))));

    private readonly ImmutableArray<PolicyExpression> _conditions;

    private AccessConditions(ImmutableArray<PolicyExpression> conditions) => _conditions = conditions;

    public static AccessConditions None { get; } = new([]);

    public bool IsEmpty => _conditions.IsEmpty;

    /// <param name="webhook">Has the field matchConditions, or not.</param>
    /// <param name="path">Of that field.</param>
    /// <param name="faults">Is told what is wrong.</param>
    internal static AccessConditions Read(JsonObject webhook, FieldPath path, FaultList faults)
    {
        if (webhook.CountOf("matchConditions") is > CountMax and var count)
        {
            faults.TooMany(path, count, CountMax);
            return None;
        }
        var conditions = ImmutableArray.CreateBuilder<PolicyExpression>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, condition) in webhook.Entries("matchConditions"))
        {
            var here = path.Index(index).Child("expression");
            var source = JsonTree.String(condition, "expression") ?? "";
            if (source.AsSpan().Trim().IsEmpty) faults.Required(here);
            else if (!seen.Add(source)) faults.Duplicate(here, source);
            else
            {
                var compiled = PolicyExpression.Compile(source, Environment, CelTypeKind.Bool);
                conditions.Add(compiled);
                if (compiled.Fault is { } fault) faults.Invalid(here, source, compiled.Type.Kind == CelTypeKind.Error ? fault : $"{fault} but got {compiled.Type}");
            }
        }
        return new AccessConditions(conditions.ToImmutable());
    }

    /// <summary>Whether all hold. A condition that is false decides, whatever became of the others.</summary>
    /// <returns>No match and no fault: the webhook is passed over. A fault: some could not be evaluated, and none is false.
    /// <c>Erred</c>: some could not be evaluated before that was decided.</returns>
    public (bool Matches, string? Fault, bool Erred) Evaluate(AccessRequest request)
    {
        if (_conditions.IsEmpty) return (true, null, false);
        var activation = new CelActivation(Environment).Set("request", CelJson.Of(AccessReview.Whole(request)));
        List<string>? faults = null;
        foreach (var condition in _conditions)
        {
            // Each has a limit of its own, and their number is limited.
            var (value, fault) = condition.Evaluate(activation, new CelBudget(long.MaxValue));
            if (fault is not null) (faults ??= []).Add($"cel evaluation error: {fault}");
            else if (value is not CelBool { Value: true }) return (false, null, faults is not null);
        }
        return faults is null ? (true, null, false) : (false, AuthorizerChain.Aggregate(faults), true);
    }

    private static CelType Fields(string name, params (string Name, CelType Type)[] fields)
    {
        var byName = fields.ToDictionary(static f => f.Name, static f => f.Type, StringComparer.Ordinal);
        return CelType.Object(name, byName.GetValueOrDefault);
    }
}
