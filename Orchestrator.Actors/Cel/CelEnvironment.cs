using System.Collections.Frozen;
using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Estimation;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Syntax;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel;

/// <summary>What expressions may speak of: variables with their types, and the functions of libraries. Immutable.</summary>
public sealed class CelEnvironment
{
    private readonly Functions _functions;
    private readonly FrozenDictionary<string, int> _slots;

    private CelEnvironment(Functions functions, ImmutableArray<(string Name, CelType Type)> variables)
    {
        _functions = functions;
        Variables = variables;
        _slots = variables.Select(static (v, i) => (v.Name, i)).ToFrozenDictionary(static p => p.Name, static p => p.i, StringComparer.Ordinal);
    }

    /// <summary>The standard functions and all libraries of Kubernetes 1.32; no variables.</summary>
    public static CelEnvironment Kubernetes { get; } = new(new Functions(KubernetesLibraries.All), []);

    public ImmutableArray<(string Name, CelType Type)> Variables { get; }

    /// <summary>This environment and further variables; one of the same name is replaced.</summary>
    public CelEnvironment With(params ReadOnlySpan<(string Name, CelType Type)> variables)
    {
        var all = Variables.ToBuilder();
        foreach (var variable in variables)
        {
            all.RemoveAll(v => v.Name == variable.Name);
            all.Add(variable);
        }
        return new CelEnvironment(_functions, all.ToImmutable());
    }

    /// <summary>This environment and further libraries.</summary>
    public CelEnvironment With(CelLibrary library) => new(new Functions([.. _functions.Libraries, library]), Variables);

    /// <summary>Parses and checks an expression. Never throws on what it is given.</summary>
    public CelCompilation Compile(string expression)
    {
        var (parsed, syntax) = CelParser.Parse(expression);
        if (parsed is null) return new CelCompilation(expression, null, syntax, CelType.Error, null);
        var (tree, issues) = new CelChecker(this, expression).Check(parsed);
        if (!issues.IsEmpty) return new CelCompilation(expression, null, issues, CelType.Error, null);
        return new CelCompilation(expression, new CelProgram(this, tree), [], tree.Type, tree);
    }

    /// <summary>The type of a variable or constant; null when there is none of that name.</summary>
    internal CelType? TypeOf(string name) =>
        _slots.TryGetValue(name, out var slot) ? Variables[slot].Type : _functions.Constants.TryGetValue(name, out var constant) ? constant.Type : null;

    internal CelValue? ConstantOf(string name) =>
        !_slots.ContainsKey(name) && _functions.Constants.TryGetValue(name, out var constant) ? constant.Value : null;

    /// <summary>The place of a variable in an activation; -1 when there is none of that name.</summary>
    internal int SlotOf(string name) => _slots.GetValueOrDefault(name, -1);

    internal ImmutableArray<CelOverload> Overloads(string function) => _functions.ByName.GetValueOrDefault(function, []);

    /// <summary>All functions by name; shared by environments that differ in their variables only.</summary>
    private sealed class Functions
    {
        public readonly ImmutableArray<CelLibrary> Libraries;
        public readonly FrozenDictionary<string, ImmutableArray<CelOverload>> ByName;
        public readonly FrozenDictionary<string, (CelType Type, CelValue Value)> Constants;

        public Functions(ImmutableArray<CelLibrary> libraries)
        {
            Libraries = libraries;
            ByName = libraries.SelectMany(static l => l.Overloads).GroupBy(static o => o.Function, StringComparer.Ordinal)
                .ToFrozenDictionary(static g => g.Key, static g => g.ToImmutableArray(), StringComparer.Ordinal);
            Constants = libraries.SelectMany(static l => l.Constants).ToFrozenDictionary(static p => p.Key, static p => p.Value, StringComparer.Ordinal);
        }
    }
}

/// <summary>What became of an expression: a program, or what is wrong with it.</summary>
/// <param name="Source">The expression as written.</param>
/// <param name="Program">Null when there are issues.</param>
/// <param name="Issues">In the order of the source.</param>
/// <param name="ResultType">The type of the value that the program gives.</param>
/// <param name="Tree">The checked expression, for estimates.</param>
public sealed record CelCompilation(string Source, CelProgram? Program, ImmutableArray<CelIssue> Issues, CelType ResultType, CelExpr? Tree)
{
    /// <summary>The issues as Kubernetes shows them; empty when there are none.</summary>
    public string Errors => CelIssue.Join(Issues);

    /// <summary>What an evaluation may cost at most and at least, by the sizes that the types of the variables allow.</summary>
    public CelCostRange EstimateCost() => Tree is null ? default : new CelCostEstimator().Estimate(Tree);
}
