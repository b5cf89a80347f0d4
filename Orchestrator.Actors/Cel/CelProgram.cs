using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel;

/// <summary>A checked expression, ready to be evaluated any number of times from any thread.</summary>
public sealed class CelProgram
{
    private readonly CelStep _root;
    private readonly int _locals;

    internal CelProgram(CelEnvironment environment, CelExpr tree)
    {
        var planner = new CelPlanner(environment);
        _root = planner.Plan(tree);
        _locals = planner.Locals;
        ResultType = tree.Type;
    }

    public CelType ResultType { get; }

    /// <summary>Evaluates the expression; what goes wrong is a <see cref="CelError"/>.</summary>
    /// <param name="activation">The variables; of the environment that compiled the program.</param>
    /// <param name="budget">Is charged with what the evaluation costs.</param>
    public CelValue Evaluate(CelActivation activation, CelBudget budget)
    {
        var frame = new CelFrame(activation, _locals, budget.PerCall);
        try
        {
            return _root(frame);
        }
        catch (CelCostException)
        {
            return CelError.CostExceeded;
        }
        finally
        {
            budget.Spend(frame.Cost);
        }
    }
}
