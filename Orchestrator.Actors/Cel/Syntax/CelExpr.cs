using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>A node of a parsed expression. The checker fills in the type.</summary>
/// <param name="Offset">Where in the source it is shown (UTF-16 index).</param>
public abstract record CelExpr(int Offset)
{
    public CelType Type { get; set; } = CelType.Dyn;
}

public sealed record CelConstant(CelValue Value, int Offset) : CelExpr(Offset);

/// <param name="Name">As written; the checker replaces it by the whole name of a variable when a select turns out to be one.</param>
public sealed record CelIdent(string Name, int Offset) : CelExpr(Offset);

/// <param name="TestOnly">Asks for presence: <c>has(a.b)</c>.</param>
/// <param name="Optional">Written <c>a.?b</c>.</param>
public sealed record CelSelect(CelExpr Operand, string Field, bool TestOnly, bool Optional, int Offset) : CelExpr(Offset);

/// <param name="Target">The receiver of a member call; null for a global function.</param>
public sealed record CelCall(string Function, CelExpr? Target, ImmutableArray<CelExpr> Args, int Offset) : CelExpr(Offset)
{
    /// <summary>The overloads that the checker found to fit; empty before.</summary>
    public ImmutableArray<Checking.CelOverload> Overloads { get; set; } = [];
}

/// <param name="Optional">The indices of the entries that are left out when they are absent.</param>
public sealed record CelListExpr(ImmutableArray<CelExpr> Items, ImmutableHashSet<int> Optional, int Offset) : CelExpr(Offset);

public sealed record CelMapEntry(CelExpr Key, CelExpr Value, bool Optional, int Offset);

/// <param name="TypeName">Empty for a map; else the message type that is constructed.</param>
public sealed record CelMapExpr(string TypeName, ImmutableArray<CelMapEntry> Entries, int Offset) : CelExpr(Offset);

/// <summary>The fold that every macro becomes.</summary>
/// <param name="Variable2">The second variable; null for macros with one.</param>
public sealed record CelComprehension(
    CelExpr Range, string Variable, string? Variable2, string Accumulator, CelExpr Initial, CelExpr Condition, CelExpr Step, CelExpr Result, int Offset)
    : CelExpr(Offset);

/// <summary>The names under which the parser calls operators.</summary>
internal static class CelOperators
{
    public const string Conditional = "_?_:_";
    public const string And = "_&&_";
    public const string Or = "_||_";
    public const string Not = "!_";
    public const string Negate = "-_";
    public const string Equal = "_==_";
    public const string NotEqual = "_!=_";
    public const string Less = "_<_";
    public const string LessEqual = "_<=_";
    public const string Greater = "_>_";
    public const string GreaterEqual = "_>=_";
    public const string Add = "_+_";
    public const string Subtract = "_-_";
    public const string Multiply = "_*_";
    public const string Divide = "_/_";
    public const string Modulo = "_%_";
    public const string Index = "_[_]";
    public const string OptionalIndex = "_[?_]";
    public const string OptionalSelect = "_?._";
    public const string In = "@in";
    public const string NotStrictlyFalse = "@not_strictly_false";
    public const string MapInsert = "cel.@mapInsert";

    public const string Accumulator = "@result";
}
