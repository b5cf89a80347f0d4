using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Libraries;
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

    /// <summary>How long the name of a format may be thought to be.</summary>
    public const long FormatName = 64;

    /// <summary>The sizes of the addresses of both families (bytes).</summary>
    public const long AddressMin = 4, AddressMax = 16;

    private const long SelectorBase = 10;
    private const long SelectorTerm = 50;

    /// <summary>The least size of a term of a selector (characters).</summary>
    private const long SelectorTermSize = 2;

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
        CelCostRule.SetProduct => 1 + args[0].CostSize * args[1].CostSize,
        CelCostRule.SetEquivalence => 1 + 2 * args[0].CostSize * args[1].CostSize,
        CelCostRule.TextTwice => Text(2 * args[0].CostSize),
        CelCostRule.InRange => 1 + Parsed(args[1]),
        CelCostRule.RangeInRange => 3 + Parsed(args[1]),
        CelCostRule.Selector => (long)Selector((ulong)args[1].CostSize),
        CelCostRule.Authorize => Authorization,
        CelCostRule.Validate => Text(args[^1].CostSize) * (long)Math.Ceiling(((CelNamedFormat)args[0]).PatternSize * Pattern),
        _ => 1,
    };

    /// <summary>What a selector of a size (characters) costs.</summary>
    public static ulong Selector(ulong size)
    {
        var cost = SelectorBase + (Math.Ceiling(size / (double)SelectorTermSize) * SelectorTerm) + Math.Ceiling(size * Traversal);
        return cost >= ulong.MaxValue ? ulong.MaxValue : (ulong)cost;
    }

    private static long Parsed(CelValue value) => value is CelString ? Text(value.CostSize) : 0;

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
