using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Evaluation;

/// <summary>What an evaluation is charged.</summary>
/// <remarks>Source of the factors: cel-go common/cost.go and interpreter/runtimecost.go; k8s.io/apiserver pkg/cel/library/cost.go.</remarks>
internal static class CelCosts
{
    public const double Traversal = 0.1;
    public const double Pattern = 0.25;
    public const long ListBase = 10;
    public const long MapBase = 30;
    public const long Authorization = 350_000;

    /// <summary>How long the pattern of a named format may be thought to be.</summary>
    public const long FormatPattern = 128;

    public static long Compare(CelValue a, CelValue b) => Text(Math.Min(a.CostSize, b.CostSize));

    public static long Of(CelCostRule rule, CelValue[] args, CelValue result) => rule switch
    {
        CelCostRule.Free => 0,
        CelCostRule.Text => Text(args[0].CostSize),
        CelCostRule.Argument => Text(args[^1].CostSize),
        CelCostRule.InList => args[1].CostSize,
        CelCostRule.Compare => Compare(args[0], args[1]),
        CelCostRule.Concat => Text(args[0].CostSize + args[1].CostSize),
        CelCostRule.Regex => Text(1 + args[0].CostSize) * (long)Math.Ceiling(args[1].CostSize * Pattern),
        CelCostRule.Contains => Text(args[0].CostSize) * Text(args[1].CostSize),
        CelCostRule.Traverse => Visit(args[0]),
        CelCostRule.Join => Text(result.CostSize * 2),
        CelCostRule.SetProduct => args[0].CostSize * args[1].CostSize,
        CelCostRule.SetEquivalence => 2 * args[0].CostSize * args[1].CostSize,
        CelCostRule.Authorize => Authorization,
        CelCostRule.Validate => Text(args[^1].CostSize) * (long)Math.Ceiling(FormatPattern * Pattern),
        _ => 1,
    };

    private static long Text(long size) => (long)Math.Ceiling(size * Traversal);

    private static long Visit(CelValue value)
    {
        switch (value)
        {
            case CelString or CelBytes: return (long)(value.CostSize * Traversal);
            case CelList list:
                long cost = 0;
                for (var i = 0; i < list.Count; i++) cost += Visit(list[i]);
                return cost;
            case CelMap map: return map.Keys.Sum(k => Visit(k) + Visit(map.Find(k)!));
            default: return 1;
        }
    }
}
