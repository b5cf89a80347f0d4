using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>The variables of expressions about tokens and the users that come of them.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/authentication/cel.</remarks>
internal static class ClaimExpression
{
    private const string NoTexts = "expression must return a string or a list of strings";

    /// <summary>Speaks of <c>claims</c>.</summary>
    public static CelEnvironment Claims { get; } = CelEnvironment.Kubernetes.With(("claims", CelType.Map(CelType.String, CelType.Dyn)));

    /// <summary>Speaks of <c>user</c>.</summary>
    public static CelEnvironment User { get; } = CelEnvironment.Kubernetes.With(("user", CelType.Object("kubernetes.UserInfo", static name => name switch
    {
        "username" or "uid" => CelType.String,
        "groups" => CelType.List(CelType.String),
        "extra" => CelType.Map(CelType.String, CelType.List(CelType.String)),
        _ => null,
    })));

    /// <summary>Whether an expression of <see cref="Claims"/> selects a claim by its name.</summary>
    public static bool Selects(string source, string claim) => CelSearch.Selects(Claims.Compile(source).Tree, "claims", claim);

    /// <returns>The value, or what went wrong.</returns>
    public static (CelValue? Value, string? Fault) Evaluate(PolicyExpression expression, CelActivation activation) =>
        // Each expression has a limit of its own, and all together none.
        expression.Evaluate(activation, new CelBudget(long.MaxValue));

    /// <summary>A value as texts: empty ones count as absent, and so does null.</summary>
    public static (ImmutableArray<string> Texts, string? Fault) Texts(CelValue value)
    {
        switch (value)
        {
            case CelNull: return ([], null);
            case CelString one: return (one.Value.Length > 0 ? [one.Value] : [], null);
            case CelList list:
                var texts = ImmutableArray.CreateBuilder<string>();
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is not CelString text) return ([], NoTexts);
                    if (text.Value.Length > 0) texts.Add(text.Value);
                }
                return (texts.ToImmutable(), null);
            default: return ([], NoTexts);
        }
    }
}
