using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Evaluation;

/// <summary>One step of an evaluation: reads what it needs from the frame and charges its cost there.</summary>
internal delegate CelValue CelStep(CelFrame frame);

/// <summary>Turns a checked expression into steps.</summary>
internal sealed class CelPlanner(CelEnvironment environment)
{
    private readonly List<(string Name, int Slot)> _scope = [];

    /// <summary>How many local variables a frame needs.</summary>
    public int Locals { get; private set; }

    public CelStep Plan(CelExpr expression) => expression switch
    {
        CelConstant constant => PlanConstant(constant.Value),
        CelIdent ident => PlanIdent(ident.Name),
        CelSelect select => PlanSelect(select),
        CelCall call => PlanCall(call),
        CelListExpr list => PlanList(list),
        CelMapExpr map => PlanMap(map),
        _ => PlanComprehension((CelComprehension)expression),
    };

    private static CelStep PlanConstant(CelValue value) => _ => value;

    private CelStep PlanIdent(string name)
    {
        var absolute = name[0] == '.';
        if (absolute) name = name[1..];
        for (var i = absolute ? -1 : _scope.Count - 1; i >= 0; i--)
        {
            if (_scope[i].Name != name) continue;
            var local = _scope[i].Slot;
            return frame =>
            {
                frame.Charge(1);
                return frame.Locals[local]!;
            };
        }
        if (environment.ConstantOf(name) is { } constant)
        {
            return frame =>
            {
                frame.Charge(1);
                return constant;
            };
        }
        var slot = environment.SlotOf(name);
        var absent = new CelError($"no such attribute(s): {name}");
        return frame =>
        {
            frame.Charge(1);
            return frame.Activation[slot] ?? absent;
        };
    }

    private CelStep PlanSelect(CelSelect select)
    {
        var operand = Plan(select.Operand);
        var field = select.Field;
        if (select.TestOnly) return frame => CelAccess.Has(operand(frame), field, select.Optional);
        if (select.Optional)
        {
            return frame =>
            {
                var owner = operand(frame);
                frame.Charge(1);
                return CelAccess.SelectOptional(owner, field);
            };
        }
        return frame =>
        {
            var owner = operand(frame);
            frame.Charge(1);
            return CelAccess.Select(owner, field);
        };
    }

    private CelStep PlanCall(CelCall call)
    {
        var args = (call.Target is null ? call.Args : call.Args.Insert(0, call.Target)).Select(Plan).ToArray();
        switch (call.Function)
        {
            case CelOperators.And: return frame => CelLogic.And(args[0], args[1], frame);
            case CelOperators.Or: return frame => CelLogic.Or(args[0], args[1], frame);
            case CelOperators.Conditional: return frame => CelLogic.Choose(args[0], args[1], args[2], frame);
            case CelOperators.NotStrictlyFalse:
                return frame =>
                {
                    frame.Charge(1);
                    return CelBool.Of(args[0](frame) is not CelBool { Value: false });
                };
            case CelOperators.Equal or CelOperators.NotEqual when args.Length == 2:
                return PlanEquality(args[0], args[1], call.Function == CelOperators.NotEqual);
            case CelOperators.Index:
                return frame => Indexed(args, frame, CelAccess.Index);
            case CelOperators.OptionalIndex:
                return frame => Indexed(args, frame, CelAccess.IndexOptional);
            case "or" or "orValue" when call.Target is not null && args.Length == 2:
                return PlanOptionalOr(args[0], args[1], call.Function == "or");
        }
        return PlanFunction(call, args);
    }

    private static CelValue Indexed(CelStep[] args, CelFrame frame, Func<CelValue, CelValue, CelValue> access)
    {
        var owner = args[0](frame);
        if (owner is CelError) return owner;
        var index = args[1](frame);
        if (index is CelError) return index;
        frame.Charge(1);
        return access(owner, index);
    }

    private static CelStep PlanEquality(CelStep left, CelStep right, bool negate) => frame =>
    {
        var a = left(frame);
        if (a is CelError) return a;
        var b = right(frame);
        if (b is CelError) return b;
        frame.Charge(CelCosts.Compare(a, b));
        return CelBool.Of(a.SameAs(b) != negate);
    };

    // The alternative is looked at only when it is needed, and its errors count only then.
    private static CelStep PlanOptionalOr(CelStep optional, CelStep alternative, bool wrapped) => frame =>
    {
        var value = optional(frame);
        if (value is CelError) return value;
        frame.Charge(1);
        if (value is not CelOptional o) return CelError.NoSuchOverload;
        return o.Value is null ? alternative(frame) : wrapped ? o : o.Value;
    };

    private static CelStep PlanFunction(CelCall call, CelStep[] steps)
    {
        var overloads = call.Overloads;
        var first = overloads[0];
        var rule = first.Cost;
        var symbolic = !char.IsAsciiLetter(call.Function[0]);
        var refusal = symbolic ? CelError.NoSuchOverload : CelError.NoSuchOverloadOf(call.Function);
        return frame =>
        {
            var args = new CelValue[steps.Length];
            for (var i = 0; i < steps.Length; i++)
            {
                args[i] = steps[i](frame);
                if (args[i] is CelError && !first.TakesErrors) return args[i];
            }
            var overload = Choose(overloads, args);
            if (overload is null) return refusal;
            var result = overload.Body(args);
            var cost = CelCosts.Of(overload.Cost, args, result);
            if (cost > 0) frame.Charge(cost);
            return result;
        };
    }

    private static CelOverload? Choose(ImmutableArray<CelOverload> overloads, CelValue[] args)
    {
        foreach (var overload in overloads)
            if (overload.Accepts(args)) return overload;
        return null;
    }

    private CelStep PlanList(CelListExpr list)
    {
        if (list.Optional.IsEmpty && list.Items.Length > 0 && list.Items.All(static i => i is CelConstant))
        {
            var constant = new CelValues([.. list.Items.Select(static i => ((CelConstant)i).Value)]);
            return _ => constant;
        }
        var items = list.Items.Select(Plan).ToArray();
        var optional = list.Optional;
        return frame =>
        {
            var values = new List<CelValue>(items.Length);
            for (var i = 0; i < items.Length; i++)
            {
                var value = items[i](frame);
                if (value is CelError) return value;
                if (!optional.Contains(i)) values.Add(value);
                else if (value is not CelOptional o) return new CelError($"cannot initialize optional list element from non-optional value {CelText.Show(value)}");
                else if (o.Value is not null) values.Add(o.Value);
            }
            frame.Charge(CelCosts.ListBase);
            return new CelValues(values);
        };
    }

    private CelStep PlanMap(CelMapExpr map)
    {
        var entries = map.Entries.Select(e => (Key: Plan(e.Key), Value: Plan(e.Value), e.Optional)).ToArray();
        return frame =>
        {
            var table = new CelTable();
            foreach (var (keyStep, valueStep, optional) in entries)
            {
                var key = keyStep(frame);
                if (key is CelError) return key;
                var value = valueStep(frame);
                if (value is CelError) return value;
                if (key is not (CelString or CelInt or CelUint or CelBool)) return new CelError($"unsupported key type: {key.Type.Name}");
                if (optional)
                {
                    if (value is not CelOptional o) return new CelError($"cannot initialize optional entry '{CelText.Show(key)}' from non-optional value {CelText.Show(value)}");
                    if (o.Value is null) continue;
                    value = o.Value;
                }
                if (!table.TryAdd(key, value)) return new CelError($"Failed with repeated key {CelText.Show(key)}");
            }
            frame.Charge(CelCosts.MapBase);
            return table;
        };
    }

    private CelStep PlanComprehension(CelComprehension fold)
    {
        var range = Plan(fold.Range);
        var initial = Plan(fold.Initial);
        var scope = _scope.Count;
        var accumulator = Declare(fold.Accumulator);
        var first = Declare(fold.Variable);
        var second = fold.Variable2 is { } name ? Declare(name) : -1;
        var plan = new CelFold(range, initial, Plan(fold.Condition), Plan(fold.Step), accumulator, first, second)
        {
            GrowsList = fold.Initial is CelListExpr { Items.IsEmpty: true } && fold.Accumulator == CelOperators.Accumulator,
            GrowsMap = fold.Initial is CelMapExpr { Entries.IsEmpty: true } && fold.Accumulator == CelOperators.Accumulator,
        };
        _scope.RemoveRange(scope + 1, _scope.Count - scope - 1);
        var result = Plan(fold.Result);
        _scope.RemoveRange(scope, _scope.Count - scope);
        return frame => plan.Run(frame) is { } error ? error : plan.Finish(result, frame);
    }

    private int Declare(string name)
    {
        _scope.Add((name, Locals));
        return Locals++;
    }
}
