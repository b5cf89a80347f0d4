using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>Gives every node its type and every call its overloads, and rewrites qualified names.</summary>
/// <remarks>Rules and messages are those of cel-go's checker, with lists and maps of one type only and comparisons across numbers.</remarks>
internal sealed class CelChecker(CelEnvironment environment, string source)
{
    private readonly CelBindings _bindings = new();
    private readonly List<CelIssue> _issues = [];
    private readonly List<(string Name, CelType Type)> _locals = [];
    private bool _typed;

    /// <returns>The expression to evaluate; meaningless when there are issues.</returns>
    public (CelExpr Expression, ImmutableArray<CelIssue> Issues) Check(CelExpr expression)
    {
        var result = Visit(expression);
        _typed = _issues.Count == 0;
        Finish(result);
        return (result, [.. _issues]);
    }

    private void Report(CelExpr at, string message) => _issues.Add(new CelIssue(message, source, at.Offset));

    private string Show(CelType type)
    {
        var resolved = _bindings.Resolve(type, final: true);
        return resolved.Kind == CelTypeKind.Null ? "null" : resolved.ToString();
    }

    private CelExpr Visit(CelExpr expression)
    {
        switch (expression)
        {
            case CelConstant constant: return Typed(constant with { }, constant.Value.Type);
            case CelIdent ident: return VisitIdent(ident);
            case CelSelect select: return VisitSelect(select);
            case CelCall call: return VisitCall(call);
            case CelListExpr list: return VisitList(list);
            case CelMapExpr map: return VisitMap(map);
            default: return VisitComprehension((CelComprehension)expression);
        }
    }

    private static T Typed<T>(T expression, CelType type) where T : CelExpr
    {
        expression.Type = type;
        return expression;
    }

    private CelType? Lookup(string name)
    {
        var absolute = name.Length > 0 && name[0] == '.';
        if (absolute) name = name[1..];
        for (var i = absolute ? -1 : _locals.Count - 1; i >= 0; i--)
            if (_locals[i].Name == name) return _locals[i].Type;
        return environment.TypeOf(name);
    }

    private CelIdent VisitIdent(CelIdent ident)
    {
        if (Lookup(ident.Name) is { } type) return Typed(ident with { }, type);
        Report(ident, $"undeclared reference to '{ident.Name.TrimStart('.')}' (in container '')");
        return Typed(ident with { }, CelType.Error);
    }

    /// <summary><c>a.b.c</c> when the expression is nothing but names.</summary>
    private static string? QualifiedName(CelExpr expression) => expression switch
    {
        CelIdent ident => ident.Name,
        CelSelect { TestOnly: false, Optional: false } select when QualifiedName(select.Operand) is { } operand => $"{operand}.{select.Field}",
        _ => null,
    };

    private CelExpr VisitSelect(CelSelect select)
    {
        if (!select.TestOnly && !select.Optional && QualifiedName(select) is { } name && Lookup(name) is { } known)
            return Typed(new CelIdent(name, select.Offset), known);
        var operand = Visit(select.Operand);
        var type = FieldType(select, operand.Type, select.Optional);
        if (select.TestOnly) type = CelType.Bool;
        return Typed(select with { Operand = operand }, type);
    }

    private CelType FieldType(CelSelect select, CelType operand, bool optional)
    {
        operand = _bindings.Resolve(operand);
        var wrapped = operand.Kind == CelTypeKind.Optional;
        if (wrapped) operand = _bindings.Resolve(operand.Element);
        CelType type;
        switch (operand.Kind)
        {
            case CelTypeKind.Map:
                type = operand.Value;
                break;
            case CelTypeKind.Object:
                if (operand.Field(select.Field) is not { } field)
                {
                    Report(select, $"undefined field '{select.Field}'");
                    return CelType.Error;
                }
                type = field;
                break;
            case CelTypeKind.Parameter:
                _bindings.TryAssign(CelType.Dyn, operand);
                type = CelType.Dyn;
                break;
            case CelTypeKind.Dyn or CelTypeKind.Error:
                type = CelType.Dyn;
                break;
            default:
                Report(select, $"type '{Show(operand)}' does not support field selection");
                return CelType.Error;
        }
        return (wrapped || optional) && type.Kind != CelTypeKind.Error ? CelType.Optional(type) : type;
    }

    private CelCall VisitCall(CelCall call)
    {
        // "math.max(a)": a function whose name has dots looks like a call on a receiver.
        if (call.Target is not null && QualifiedName(call.Target) is { } prefix)
        {
            var qualified = $"{prefix}.{call.Function}".TrimStart('.');
            if (environment.Overloads(qualified).Any(static o => !o.IsMember))
                call = new CelCall(qualified, null, call.Args, call.Offset);
        }
        var args = call.Args.Select(Visit).ToImmutableArray();
        var target = call.Target is null ? null : Visit(call.Target);
        var function = call.Target is null ? call.Function.TrimStart('.') : call.Function;
        var checkedCall = new CelCall(function, target, args, call.Offset);
        var candidates = environment.Overloads(function);
        if (candidates.IsEmpty)
        {
            Report(call, $"undeclared reference to '{function}' (in container '')");
            return Typed(checkedCall, CelType.Error);
        }
        var types = (target is null ? args : args.Insert(0, target)).Select(a => a.Type).ToArray();
        return Resolve(checkedCall, candidates, types, target is not null);
    }

    private CelCall Resolve(CelCall call, ImmutableArray<CelOverload> candidates, CelType[] types, bool isMember)
    {
        CelType? result = null;
        var fitting = ImmutableArray.CreateBuilder<CelOverload>();
        foreach (var candidate in candidates)
        {
            if (candidate.IsMember != isMember || candidate.Parameters.Length != types.Length) continue;
            var renamed = new Dictionary<string, CelType>(StringComparer.Ordinal);
            var parameters = candidate.Parameters.Select(p => _bindings.Instantiate(p, renamed)).ToArray();
            if (!_bindings.TryAssign(parameters, types)) continue;
            fitting.Add(candidate);
            var own = _bindings.Resolve(_bindings.Instantiate(candidate.Result, renamed));
            if (result is null) result = own;
            else if (!own.SameAs(result)) result = CelType.Dyn;
        }
        if (result is null)
        {
            Report(call, $"found no matching overload for '{call.Function}' applied to '{ShowArguments(types, isMember)}'");
            return Typed(call, CelType.Error);
        }
        call.Overloads = fitting.ToImmutable();
        return Typed(call, result);
    }

    private string ShowArguments(CelType[] types, bool isMember)
    {
        var shown = types.Select(Show).ToArray();
        return isMember ? $"{shown[0]}.({string.Join(", ", shown.Skip(1))})" : $"({string.Join(", ", shown)})";
    }

    private CelListExpr VisitList(CelListExpr list)
    {
        CelType? element = null;
        var items = ImmutableArray.CreateBuilder<CelExpr>(list.Items.Length);
        for (var i = 0; i < list.Items.Length; i++)
        {
            var item = Visit(list.Items[i]);
            items.Add(item);
            element = Join(element, list.Optional.Contains(i) ? Unwrap(item) : item.Type, item);
        }
        return Typed(list with { Items = items.MoveToImmutable() }, CelType.List(element ?? _bindings.Fresh()));
    }

    private CelType Join(CelType? previous, CelType current, CelExpr at)
    {
        if (_bindings.Join(previous, current) is { } joined) return joined;
        Report(at, $"expected type '{Show(previous!)}' but found '{Show(current)}'");
        return CelType.Error;
    }

    private CelType Unwrap(CelExpr item)
    {
        var type = _bindings.Resolve(item.Type);
        if (type.Kind == CelTypeKind.Optional) return type.Element;
        if (!type.IsDyn) Report(item, $"expected type 'optional_type({Show(type)})' but found '{Show(type)}'");
        return CelType.Dyn;
    }

    private CelMapExpr VisitMap(CelMapExpr map)
    {
        if (map.TypeName.Length > 0)
        {
            Report(map, $"undeclared reference to '{map.TypeName}' (in container '')");
            return Typed(map with { }, CelType.Error);
        }
        CelType? key = null, value = null;
        var entries = ImmutableArray.CreateBuilder<CelMapEntry>(map.Entries.Length);
        foreach (var entry in map.Entries)
        {
            var keyed = entry with { Key = Visit(entry.Key), Value = Visit(entry.Value) };
            entries.Add(keyed);
            key = Join(key, keyed.Key.Type, keyed.Key);
            value = Join(value, entry.Optional ? Unwrap(keyed.Value) : keyed.Value.Type, keyed.Value);
        }
        return Typed(map with { Entries = entries.MoveToImmutable() }, CelType.Map(key ?? _bindings.Fresh(), value ?? _bindings.Fresh()));
    }

    private CelComprehension VisitComprehension(CelComprehension fold)
    {
        var range = Visit(fold.Range);
        var initial = Visit(fold.Initial);
        var (first, second) = VariableTypes(range, fold.Variable2 is not null);
        var scope = _locals.Count;
        _locals.Add((fold.Accumulator, initial.Type));
        _locals.Add((fold.Variable, first));
        if (fold.Variable2 is { } name) _locals.Add((name, second));
        var condition = Visit(fold.Condition);
        Expect(condition, CelType.Bool);
        var step = Visit(fold.Step);
        Expect(step, initial.Type);
        _locals.RemoveRange(scope + 1, _locals.Count - scope - 1);
        var result = Visit(fold.Result);
        _locals.RemoveRange(scope, _locals.Count - scope);
        return Typed(fold with { Range = range, Initial = initial, Condition = condition, Step = step, Result = result }, result.Type);
    }

    private (CelType First, CelType Second) VariableTypes(CelExpr range, bool two)
    {
        var type = _bindings.Resolve(range.Type);
        switch (type.Kind)
        {
            case CelTypeKind.List: return two ? (CelType.Int, type.Element) : (type.Element, CelType.Error);
            case CelTypeKind.Map: return (type.Key, type.Value);
            case CelTypeKind.Dyn or CelTypeKind.Error or CelTypeKind.Parameter: return (CelType.Dyn, CelType.Dyn);
            default:
                Report(range, $"expression of type '{Show(type)}' cannot be range of a comprehension (must be list, map, or dynamic)");
                return (CelType.Error, CelType.Error);
        }
    }

    private void Expect(CelExpr expression, CelType type)
    {
        if (!_bindings.TryAssign(type, expression.Type))
            Report(expression, $"expected type '{Show(type)}' but found '{Show(expression.Type)}'");
    }

    /// <summary>Puts into every node what was learnt of its type after it was visited.</summary>
    private void Finish(CelExpr expression)
    {
        expression.Type = _bindings.Resolve(expression.Type, final: true);
        switch (expression)
        {
            case CelSelect select:
                Finish(select.Operand);
                break;
            case CelCall call:
                if (call.Target is not null) Finish(call.Target);
                foreach (var arg in call.Args) Finish(arg);
                if (_typed) CheckLiteral(call);
                break;
            case CelListExpr list:
                foreach (var item in list.Items) Finish(item);
                break;
            case CelMapExpr map:
                foreach (var entry in map.Entries)
                {
                    Finish(entry.Key);
                    Finish(entry.Value);
                }
                break;
            case CelComprehension fold:
                foreach (var part in (ReadOnlySpan<CelExpr>)[fold.Range, fold.Initial, fold.Condition, fold.Step, fold.Result]) Finish(part);
                break;
        }
    }

    /// <summary>A literal that nothing can be made of is a fault of the expression, once all else of it is well.</summary>
    /// <remarks>Source: cel-go, cel/validator.go; for find and findAll, the optimizations of k8s.io/apiserver, pkg/cel/library/regex.go.</remarks>
    private void CheckLiteral(CelCall call)
    {
        if (call is { Function: "format", Target: CelConstant { Value: CelString text }, Args: [CelListExpr args] })
        {
            if (FormatCheck.Find(text.Value, args) is var (message, at)) Report(at ?? call, message);
            return;
        }
        if (call.Args is not [CelConstant literal, ..]) return;
        switch (call.Function)
        {
            case "duration" or "timestamp" when call.Overloads is [var overload] && overload.Body([literal.Value]) is CelError:
            case "matches" when literal.Value is CelString { Value: var pattern } && !GoRegex.TryCompile(pattern, out _, out _):
                Report(literal, $"invalid {call.Function} argument");
                break;
            case "find" or "findAll" when literal.Value is CelString { Value: var pattern } && !GoRegex.TryCompile(pattern, out _, out var fault):
                Report(literal, fault);
                break;
        }
    }
}
