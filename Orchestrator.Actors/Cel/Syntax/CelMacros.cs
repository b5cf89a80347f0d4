using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>Expands the calls that are syntax: has, the comprehensions, cel.bind and the optional maps.</summary>
internal sealed class CelMacros(Action<int, string> report)
{
    private const string Unused = "#unused";

    /// <returns>What the call stands for; null when it is no macro.</returns>
    public CelExpr? Expand(string name, CelExpr? target, ImmutableArray<CelExpr> args, int offset)
    {
        if (target is null) return name == "has" && args.Length == 1 ? Has(args[0], offset) : null;
        return (name, args.Length) switch
        {
            ("bind", 3) when target is CelIdent { Name: "cel" } => Bind(args, offset),
            ("all", 2 or 3) => Quantify(target, args, offset, true),
            ("exists", 2 or 3) => Quantify(target, args, offset, false),
            ("exists_one", 2) or ("existsOne", 2 or 3) or ("exists_one", 3) => ExistsOne(target, args, offset),
            ("map", 2 or 3) => Map(target, args, offset),
            ("filter", 2) => Filter(target, args, offset),
            ("transformList", 3 or 4) => TransformList(target, args, offset),
            ("transformMap", 3 or 4) => TransformMap(target, args, offset),
            ("transformMapEntry", 3 or 4) => TransformMapEntry(target, args, offset),
            ("optMap", 2) => OptionalMap(target, args, offset, wrap: true),
            ("optFlatMap", 2) => OptionalMap(target, args, offset, wrap: false),
            _ => null,
        };
    }

    private CelExpr Has(CelExpr operand, int offset)
    {
        if (operand is CelSelect { TestOnly: false } select) return select with { TestOnly = true, Offset = offset };
        report(operand.Offset, "invalid argument to has() macro");
        return operand;
    }

    private string Variable(CelExpr expression, string fault = "argument must be a simple name")
    {
        if (expression is CelIdent ident && !ident.Name.Contains('.', StringComparison.Ordinal))
        {
            if (ident.Name is "__result__" or CelOperators.Accumulator) report(expression.Offset, "iteration variable overwrites accumulator variable");
            return ident.Name;
        }
        report(expression.Offset, fault);
        return Unused;
    }

    private (string First, string? Second) Variables(ImmutableArray<CelExpr> args, bool two)
    {
        var first = Variable(args[0], two ? "argument must be an identifier" : "argument must be a simple name");
        if (!two) return (first, null);
        var second = Variable(args[1], "argument must be an identifier");
        if (first == second && first != Unused) report(args[1].Offset, $"duplicate variable name: {first}");
        return (first, second);
    }

    private static CelIdent Accumulator(int offset) => new(CelOperators.Accumulator, offset);

    private static CelCall Call(string function, int offset, params ReadOnlySpan<CelExpr> args) => new(function, null, [.. args], offset);

    private static CelConstant Constant(CelValue value, int offset) => new(value, offset);

    private static CelComprehension Fold(
        CelExpr range, (string First, string? Second) variables, CelExpr initial, CelExpr condition, CelExpr step, CelExpr result, int offset) =>
        new(range, variables.First, variables.Second, CelOperators.Accumulator, initial, condition, step, result, offset);

    private CelComprehension Quantify(CelExpr range, ImmutableArray<CelExpr> args, int offset, bool all)
    {
        var variables = Variables(args, args.Length == 3);
        var result = Accumulator(offset);
        CelExpr going = all ? result : Call(CelOperators.Not, offset, result);
        return Fold(range, variables, Constant(CelBool.Of(all), offset), Call(CelOperators.NotStrictlyFalse, offset, going),
            Call(all ? CelOperators.And : CelOperators.Or, offset, result, args[^1]), Accumulator(offset), offset);
    }

    private CelComprehension ExistsOne(CelExpr range, ImmutableArray<CelExpr> args, int offset)
    {
        var variables = Variables(args, args.Length == 3);
        var one = Constant(CelInt.Of(1), offset);
        var step = Call(CelOperators.Conditional, offset, args[^1], Call(CelOperators.Add, offset, Accumulator(offset), one), Accumulator(offset));
        return Fold(range, variables, Constant(CelInt.Of(0), offset), Constant(CelBool.True, offset), step,
            Call(CelOperators.Equal, offset, Accumulator(offset), one with { }), offset);
    }

    private CelComprehension Map(CelExpr range, ImmutableArray<CelExpr> args, int offset) =>
        Grow(range, (Variable(args[0]), null), args.Length == 3 ? args[1] : null, args[^1], offset);

    private CelComprehension Filter(CelExpr range, ImmutableArray<CelExpr> args, int offset)
    {
        var name = Variable(args[0]);
        return Grow(range, (name, null), args[1], new CelIdent(name, args[0].Offset), offset);
    }

    private CelComprehension TransformList(CelExpr range, ImmutableArray<CelExpr> args, int offset) =>
        Grow(range, Variables(args, true), args.Length == 4 ? args[2] : null, args[^1], offset);

    private static CelComprehension Grow(CelExpr range, (string First, string? Second) variables, CelExpr? when, CelExpr item, int offset)
    {
        CelExpr step = Call(CelOperators.Add, offset, Accumulator(offset), new CelListExpr([item], [], offset));
        if (when is not null) step = Call(CelOperators.Conditional, offset, when, step, Accumulator(offset));
        return Fold(range, variables, new CelListExpr([], [], offset), Constant(CelBool.True, offset), step, Accumulator(offset), offset);
    }

    private CelComprehension TransformMap(CelExpr range, ImmutableArray<CelExpr> args, int offset)
    {
        var variables = Variables(args, true);
        var step = Call(CelOperators.MapInsert, offset, Accumulator(offset), new CelIdent(variables.First, args[0].Offset), args[^1]);
        return Insert(range, variables, args.Length == 4 ? args[2] : null, step, offset);
    }

    private CelComprehension TransformMapEntry(CelExpr range, ImmutableArray<CelExpr> args, int offset) =>
        Insert(range, Variables(args, true), args.Length == 4 ? args[2] : null, Call(CelOperators.MapInsert, offset, Accumulator(offset), args[^1]), offset);

    private static CelComprehension Insert(CelExpr range, (string First, string? Second) variables, CelExpr? when, CelExpr step, int offset)
    {
        if (when is not null) step = Call(CelOperators.Conditional, offset, when, step, Accumulator(offset));
        return Fold(range, variables, new CelMapExpr("", [], offset), Constant(CelBool.True, offset), step, Accumulator(offset), offset);
    }

    private CelComprehension Bind(ImmutableArray<CelExpr> args, int offset)
    {
        var name = Variable(args[0], "cel.bind() variable names must be simple identifiers");
        return new CelComprehension(new CelListExpr([], [], offset), Unused, null, name, args[1],
            Constant(CelBool.False, offset), new CelIdent(name, offset), args[2], offset);
    }

    private CelCall OptionalMap(CelExpr target, ImmutableArray<CelExpr> args, int offset, bool wrap)
    {
        var name = Variable(args[0], $"{(wrap ? "optMap" : "optFlatMap")}() variable name must be a simple identifier");
        var optional = new CelIdent("optional", offset);
        CelExpr bound = new CelComprehension(new CelListExpr([], [], offset), Unused, null, name, new CelCall("value", target, [], offset),
            Constant(CelBool.False, offset), new CelIdent(name, offset), args[1], offset);
        if (wrap) bound = new CelCall("of", optional, [bound], offset);
        return Call(CelOperators.Conditional, offset, new CelCall("hasValue", target, [], offset), bound, new CelCall("none", optional with { }, [], offset));
    }
}
