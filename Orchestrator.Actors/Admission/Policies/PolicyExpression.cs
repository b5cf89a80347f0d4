using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>An expression about requests, compiled.</summary>
/// <param name="Source">As written.</param>
/// <param name="Environment">Declares its variables.</param>
/// <param name="Program">Null when there is a fault.</param>
/// <param name="Fault">What is wrong with it; null when nothing is.</param>
/// <param name="Type">Of its value.</param>
public sealed record PolicyExpression(string Source, CelEnvironment Environment, CelProgram? Program, string? Fault, CelType Type)
{
    /// <summary>Told when the expressions about a request cost more than they may together.</summary>
    public const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

    /// <param name="source">As written.</param>
    /// <param name="environment">Declares its variables.</param>
    /// <param name="types">What its value may be; empty for anything.</param>
    public static PolicyExpression Compile(string source, CelEnvironment environment, params ReadOnlySpan<CelTypeKind> types)
    {
        var compiled = environment.Compile(source);
        var fault = compiled.Program is null ? $"compilation failed: {compiled.Errors}" : types.Length > 0 && !types.Contains(compiled.ResultType.Kind) ? Unfit(types) : null;
        return new PolicyExpression(source, environment, fault is null ? compiled.Program : null, fault, compiled.ResultType);
    }

    /// <returns>The value, or what went wrong as Kubernetes tells it.</returns>
    public (CelValue? Value, string? Fault) Evaluate(CelActivation activation, CelBudget budget)
    {
        if (Program is null) return (null, $"compilation error: {Fault}");
        var value = Program.Evaluate(activation, budget);
        if (budget.IsExhausted) return (null, OutOfBudget);
        return value is CelError error ? (null, $"expression '{Source}' resulted in error: {error.Message}") : (value, null);
    }

    private static string Unfit(ReadOnlySpan<CelTypeKind> types)
    {
        var names = new List<string>();
        foreach (var type in types) names.Add(type switch { CelTypeKind.Bool => "bool", CelTypeKind.Null => "null_type", _ => "string" });
        return names.Count == 1 ? $"must evaluate to {names[0]}" : $"must evaluate to one of [{string.Join(' ', names)}]";
    }
}
