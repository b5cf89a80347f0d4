using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Estimation;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>A rule as it is evaluated.</summary>
/// <param name="Rule">As written.</param>
/// <param name="Environment">Declares self and oldSelf; activations are made for it.</param>
/// <param name="Program">Null when the rule is empty or has a fault.</param>
/// <param name="Fault">What is wrong with the rule; null when nothing is.</param>
/// <param name="Message">Makes the message; null without a messageExpression that compiles.</param>
/// <param name="MessageFault">What is wrong with the messageExpression; null when nothing is.</param>
/// <param name="UsesOldSelf">The rule is about a transition.</param>
public sealed record RuleCompilation(
    ValidationRule Rule, CelEnvironment Environment, CelProgram? Program, string? Fault, CelProgram? Message, string? MessageFault, bool UsesOldSelf)
{
    /// <summary>What one evaluation of the rule costs at most.</summary>
    public ulong CostMax { get; init; }

    public ulong MessageCostMax { get; init; }

    /// <summary>The path below the value of which a fault is told; empty for the value itself.</summary>
    public string Field { get; init; } = "";

    /// <param name="rule">As written.</param>
    /// <param name="self">The type of the values that it is about.</param>
    public static RuleCompilation Compile(ValidationRule rule, CelType self)
    {
        var old = rule.OptionalOldSelf == true ? CelType.Optional(self) : self;
        var environment = CelEnvironment.Kubernetes.With(("self", self), ("oldSelf", old));
        if (rule.Rule.Trim().Length == 0) return new RuleCompilation(rule, environment, null, null, null, null, false);
        var compiled = environment.Compile(rule.Rule);
        var fault = compiled.Program is null ? $"compilation failed: {compiled.Errors}"
            : compiled.ResultType.Kind != CelTypeKind.Bool ? "cel expression must evaluate to a bool" : null;
        var (message, messageFault, messageCost) = CompileMessage(rule.MessageExpression, environment);
        return new RuleCompilation(rule, environment, fault is null ? compiled.Program : null, fault, message, messageFault, Mentions(compiled.Tree, "oldSelf"))
        {
            CostMax = fault is null ? compiled.EstimateCost().Max : 0,
            MessageCostMax = messageCost,
            Field = NormalizedPath(rule.FieldPath),
        };
    }

    private static (CelProgram? Program, string? Fault, ulong Cost) CompileMessage(string expression, CelEnvironment environment)
    {
        if (expression.Trim().Length == 0) return (null, null, 0);
        var compiled = environment.Compile(expression);
        if (compiled.Program is null) return (null, $"messageExpression compilation failed: {compiled.Errors}", 0);
        return compiled.ResultType.Kind != CelTypeKind.String
            ? (null, "messageExpression must evaluate to a string", 0)
            : (compiled.Program, null, compiled.EstimateCost().Max);
    }

    private static bool Mentions(CelExpr? tree, string name) => tree switch
    {
        CelIdent ident => ident.Name == name,
        CelSelect select => Mentions(select.Operand, name),
        CelCall call => Mentions(call.Target, name) || call.Args.Any(a => Mentions(a, name)),
        CelListExpr list => list.Items.Any(i => Mentions(i, name)),
        CelMapExpr map => map.Entries.Any(e => Mentions(e.Key, name) || Mentions(e.Value, name)),
        CelComprehension fold => Mentions(fold.Range, name) || Mentions(fold.Initial, name) || Mentions(fold.Condition, name) || Mentions(fold.Step, name) || Mentions(fold.Result, name),
        _ => false,
    };

    private static string NormalizedPath(string path) =>
        path.Trim().Length == 0 || RulePath.Parse(path.Trim()) is not { } parts ? "" : RulePath.Show(parts);
}

/// <summary>The paths of <c>fieldPath</c> and <c>selectableFields</c>: <c>.a.b</c> and <c>['a.b']</c>.</summary>
internal static class RulePath
{
    /// <returns>The names; null when the path is malformed.</returns>
    public static List<(string Name, bool Quoted)>? Parse(string path)
    {
        var parts = new List<(string, bool)>();
        for (var i = 0; i < path.Length;)
        {
            if (path[i] == '.')
            {
                var end = path.AsSpan(i + 1).IndexOfAny('.', '[', ']');
                end = end < 0 ? path.Length : i + 1 + end;
                if (end == i + 1) return null;
                parts.Add((path[(i + 1)..end], false));
                i = end;
                continue;
            }
            if (path[i] != '[' || i + 1 >= path.Length || path[i + 1] != '\'') return null;
            var text = new System.Text.StringBuilder();
            for (i += 2; i < path.Length && path[i] != '\''; i++)
            {
                if (path[i] != '\\')
                {
                    text.Append(path[i]);
                    continue;
                }
                if (++i == path.Length) return null;
                var at = "abfnrtv'\\".IndexOf(path[i], StringComparison.Ordinal);
                if (at < 0) return null;
                text.Append("\a\b\f\n\r\t\v'\\"[at]);
            }
            if (i + 1 >= path.Length || path[i + 1] != ']') return null;
            parts.Add((text.ToString(), true));
            i += 2;
        }
        return parts;
    }

    /// <summary>The schema that a path leads to; null when it leads nowhere.</summary>
    /// <param name="path">The names.</param>
    /// <param name="schema">As written.</param>
    public static JsonObject? Find(IEnumerable<(string Name, bool Quoted)> path, JsonObject schema)
    {
        foreach (var (name, _) in path)
        {
            var next = schema["properties"] is JsonObject properties ? properties[name] : schema["additionalProperties"];
            if (next is not JsonObject node) return null;
            schema = node;
        }
        return schema;
    }

    public static string Show(IEnumerable<(string Name, bool Quoted)> path) => string.Join('.', path.Select(static p => p.Name));
}
