using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Estimation;

/// <summary>Bounds the cost of an expression by the sizes that its variables may have.</summary>
/// <remarks>Source: cel-go checker/cost.go; k8s.io/apiserver pkg/cel/library/cost.go.</remarks>
internal sealed class CelCostEstimator
{
    private readonly List<(string Name, CelCostRange Size)> _locals = [];

    public CelCostRange Estimate(CelExpr expression) => Visit(expression).Cost;

    /// <summary>What a node costs, and how large its value may be.</summary>
    private readonly record struct Estimation(CelCostRange Cost, CelCostRange Size);

    private Estimation Visit(CelExpr expression)
    {
        switch (expression)
        {
            case CelConstant constant: return new Estimation(default, CelCostRange.Of(Math.Max(constant.Value.CostSize, 0)));
            case CelIdent ident: return new Estimation(CelCostRange.One, SizeOf(ident));
            case CelSelect select:
                var operand = Visit(select.Operand).Cost;
                return new Estimation(select.TestOnly ? operand : operand + CelCostRange.One, SizeOf(select.Type));
            case CelCall call: return VisitCall(call);
            case CelListExpr list:
                var items = Sum(list.Items.Select(i => Visit(i).Cost));
                // A list of constants is made once and costs nothing then, but upstream's estimate does not know of that.
                return new Estimation(items + CelCostRange.Of(CelCosts.ListBase), CelCostRange.Of(list.Items.Length));
            case CelMapExpr map:
                var entries = Sum(map.Entries.Select(e => Visit(e.Key).Cost + Visit(e.Value).Cost));
                return new Estimation(entries + CelCostRange.Of(CelCosts.MapBase), CelCostRange.Of(map.Entries.Length));
            default: return VisitComprehension((CelComprehension)expression);
        }
    }

    private CelCostRange SizeOf(CelIdent ident)
    {
        for (var i = _locals.Count - 1; i >= 0; i--)
            if (_locals[i].Name == ident.Name) return _locals[i].Size;
        return SizeOf(ident.Type);
    }

    private static CelCostRange SizeOf(CelType type)
    {
        if (type.MaxElements >= 0 && type.Kind is not (CelTypeKind.Timestamp or CelTypeKind.Duration)) return new CelCostRange(0, (ulong)type.MaxElements);
        if (type.Kind == CelTypeKind.Opaque && type.Name == CelNamedFormat.FormatType.Name) return new CelCostRange(1, CelCosts.FormatName);
        return type.Kind is CelTypeKind.List or CelTypeKind.Map or CelTypeKind.String or CelTypeKind.Bytes or CelTypeKind.Dyn or CelTypeKind.Optional
            or CelTypeKind.Object or CelTypeKind.Parameter ? CelCostRange.Unknown : CelCostRange.One;
    }

    private static CelCostRange Sum(IEnumerable<CelCostRange> parts) => parts.Aggregate(default(CelCostRange), static (sum, part) => sum + part);

    private Estimation VisitComprehension(CelComprehension fold)
    {
        var range = Visit(fold.Range);
        var initial = Visit(fold.Initial);
        var scope = _locals.Count;
        var (first, second) = ElementSizes(fold.Range.Type, fold.Variable2 is not null);
        _locals.Add((fold.Accumulator, initial.Size));
        _locals.Add((fold.Variable, first));
        if (fold.Variable2 is { } name) _locals.Add((name, second));
        var loop = Visit(fold.Condition).Cost + Visit(fold.Step).Cost;
        _locals.RemoveRange(scope + 1, _locals.Count - scope - 1);
        // What grows by one entry at a step is at the end as large as the range.
        var grows = fold.Accumulator == CelOperators.Accumulator && fold.Initial is CelListExpr or CelMapExpr;
        if (grows) _locals[scope] = (fold.Accumulator, new CelCostRange(0, range.Size.Max));
        var result = Visit(fold.Result);
        _locals.RemoveRange(scope, _locals.Count - scope);
        return new Estimation(range.Cost + initial.Cost + (range.Size * loop) + result.Cost, result.Size);
    }

    private static (CelCostRange First, CelCostRange Second) ElementSizes(CelType range, bool two) => range.Kind switch
    {
        CelTypeKind.List => two ? (CelCostRange.One, SizeOf(range.Element)) : (SizeOf(range.Element), CelCostRange.Unknown),
        CelTypeKind.Map => (SizeOf(range.Key), SizeOf(range.Value)),
        _ => (CelCostRange.Unknown, CelCostRange.Unknown),
    };

    private Estimation VisitCall(CelCall call)
    {
        var args = (call.Target is null ? call.Args : call.Args.Insert(0, call.Target)).Select(Visit).ToArray();
        var all = Sum(args.Select(static a => a.Cost));
        switch (call.Function)
        {
            case CelOperators.And or CelOperators.Or: return new Estimation(all with { Min = args[0].Cost.Min }, CelCostRange.One);
            case CelOperators.Conditional:
                return new Estimation(args[0].Cost + args[1].Cost.Union(args[2].Cost), args[1].Size.Union(args[2].Size));
            case CelOperators.Equal or CelOperators.NotEqual: return new Estimation(all + Compare(args), CelCostRange.One);
        }
        CelCostRange? cost = null;
        foreach (var overload in call.Overloads)
        {
            var own = CostOf(overload.Cost, call, args);
            cost = cost is { } known ? known.Union(own) : own;
        }
        return new Estimation(all + (cost ?? CelCostRange.One), ResultSize(call, args));
    }

    private static CelCostRange Compare(Estimation[] args)
    {
        var most = Math.Min(args[0].Size.Max, args[1].Size.Max);
        return new CelCostRange(most > 0 ? 1ul : 0, most).Times(CelCosts.Traversal);
    }

    private static CelCostRange CostOf(CelCostRule rule, CelCall call, Estimation[] args) => rule switch
    {
        CelCostRule.Free => default,
        CelCostRule.Text => args[0].Size.Times(CelCosts.Traversal),
        CelCostRule.Argument => args[^1].Size.Times(CelCosts.Traversal),
        CelCostRule.InList => args[1].Size,
        CelCostRule.Compare => Compare(args),
        CelCostRule.Concat => (args[0].Size + args[1].Size).Times(CelCosts.Traversal),
        CelCostRule.Regex => (args[0].Size + CelCostRange.One).Times(CelCosts.Traversal) * args[1].Size.Times(CelCosts.Pattern),
        CelCostRule.Contains => args[0].Size.Times(CelCosts.Traversal) * args[1].Size.Times(CelCosts.Traversal),
        CelCostRule.Traverse => args[0].Size * ElementCost(call),
        CelCostRule.Join => ResultSize(call, args).Times(CelCosts.Traversal),
        CelCostRule.SetProduct => CelCostRange.One + (args[0].Size * args[1].Size),
        CelCostRule.SetEquivalence => CelCostRange.One + (args[0].Size * args[1].Size * CelCostRange.Of(2)),
        CelCostRule.TextTwice => args[0].Size.Times(CelCosts.Traversal * 2),
        CelCostRule.InRange => Addresses + Parsed(call, args),
        CelCostRule.RangeInRange => Addresses + new CelCostRange(AddressOnce.Min + 1, AddressOnce.Max + 1) + Parsed(call, args),
        CelCostRule.Selector => new CelCostRange(CelCosts.Selector(args[1].Size.Min), CelCosts.Selector(args[1].Size.Max)),
        CelCostRule.Authorize => CelCostRange.Of(CelCosts.Authorization),
        CelCostRule.Validate => args[^1].Size.Times(CelCosts.Traversal) * CelCostRange.Of(CelCosts.FormatPattern).Times(CelCosts.Pattern),
        _ => CelCostRange.One,
    };

    private static CelCostRange AddressOnce { get; } = new CelCostRange(CelCosts.AddressMin, CelCosts.AddressMax).Times(CelCosts.Traversal);

    private static CelCostRange Addresses { get; } = new CelCostRange(CelCosts.AddressMin, CelCosts.AddressMax).Times(CelCosts.Traversal * 2);

    private static CelCostRange Parsed(CelCall call, Estimation[] args) =>
        call.Args[^1].Type.Kind == CelTypeKind.String ? args[^1].Size.Times(CelCosts.Traversal) : default;

    private static CelCostRange ElementCost(CelCall call)
    {
        var list = call.Target?.Type ?? call.Args[0].Type;
        if (list.Kind != CelTypeKind.List || list.Element.Kind is not (CelTypeKind.String or CelTypeKind.Bytes)) return CelCostRange.One;
        return CelCostRange.One + SizeOf(list.Element).Times(CelCosts.Traversal);
    }

    private static CelCostRange ResultSize(CelCall call, Estimation[] args)
    {
        switch (call.Function)
        {
            case CelOperators.Add when call.Type.Kind is CelTypeKind.String or CelTypeKind.Bytes or CelTypeKind.List or CelTypeKind.Dyn:
                return args[0].Size + args[1].Size;
            case "lowerAscii" or "upperAscii" or "trim" or "substring" or "find" or "split" or "findAll" or "bytes" or "string" or "dyn" or "masked":
                return new CelCostRange(0, args[0].Size.Max);
            case "url": return args[0].Size;
            case "charAt": return CelCostRange.One;
            case "replace" when args.Length >= 3:
                // At worst every character is replaced, and something is put before the first as well.
                return new CelCostRange(0, CelCostRange.Multiply((args[0].Size + CelCostRange.One).Max, Math.Max(args[2].Size.Max, 1)));
            case "join":
                var element = call.Target is { Type.Kind: CelTypeKind.List } list ? SizeOf(list.Type.Element) : CelCostRange.Unknown;
                var separator = args.Length > 1 ? args[1].Size : default;
                return new CelCostRange(CelCostRange.Multiply(args[0].Size.Min, separator.Min), (args[0].Size * (element + separator)).Max);
            case "strings.quote": return new CelCostRange(0, (args[0].Size * CelCostRange.Of(2)).Max);
            default: return SizeOf(call.Type);
        }
    }
}
