using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Checking;

/// <summary>How the cost of a call grows with its arguments.</summary>
/// <remarks>Source: cel-go interpreter/runtimecost.go; k8s.io/apiserver pkg/cel/library/cost.go.</remarks>
public enum CelCostRule : byte
{
    /// <summary>1, whatever the arguments.</summary>
    Unit,

    /// <summary>A tenth of the size of the first argument.</summary>
    Text,

    /// <summary>The count of the list that is searched.</summary>
    InList,

    /// <summary>A tenth of the smaller of the two.</summary>
    Compare,

    /// <summary>A tenth of both together.</summary>
    Concat,

    /// <summary>Text by pattern.</summary>
    Regex,

    /// <summary>Text by text.</summary>
    Contains,

    /// <summary>Every element of a list once, strings in them by their length.</summary>
    Traverse,

    /// <summary>A fifth of the size of the result.</summary>
    Join,

    /// <summary>1, and every element of one set with every one of the other.</summary>
    SetProduct,

    /// <summary>The same, both ways.</summary>
    SetEquivalence,

    /// <summary>One check of the authorizer.</summary>
    Authorize,

    /// <summary>A tenth of the second argument: what is parsed there.</summary>
    Argument,

    /// <summary>A fifth of the size of the first argument: it is read and written, or read twice.</summary>
    TextTwice,

    /// <summary>An address held against a range, and parsed where it is text.</summary>
    InRange,

    /// <summary>A range held against a range, and parsed where it is text.</summary>
    RangeInRange,

    /// <summary>A selector is parsed, and each of its terms weighs.</summary>
    Selector,

    /// <summary>A named format applied to a text.</summary>
    Validate,

    /// <summary>Nothing: operators whose operands alone cost.</summary>
    Free,
}

/// <summary>Computes a call from arguments that fit its overload; the receiver comes first.</summary>
public delegate CelValue CelBody(CelValue[] args);

/// <summary>One signature of a function.</summary>
public sealed class CelOverload
{
    public required string Function { get; init; }

    /// <summary>Called as <c>a.f(b)</c>; the receiver is the first parameter.</summary>
    public required bool IsMember { get; init; }

    public required ImmutableArray<CelType> Parameters { get; init; }
    public required CelType Result { get; init; }
    public required CelBody Body { get; init; }
    public CelCostRule Cost { get; init; }

    /// <summary>The body also takes errors and decides what becomes of them.</summary>
    public bool TakesErrors { get; init; }

    /// <summary>Whether values fit, which the checker cannot know of dynamic ones.</summary>
    public bool Accepts(CelValue[] args)
    {
        if (args.Length != Parameters.Length) return false;
        for (var i = 0; i < args.Length; i++)
            if (!Accepts(Parameters[i], args[i])) return false;
        return true;
    }

    private static bool Accepts(CelType type, CelValue value) => type.Kind switch
    {
        CelTypeKind.Dyn or CelTypeKind.Parameter or CelTypeKind.Error => true,
        CelTypeKind.Opaque => value.Type.Kind == CelTypeKind.Opaque && value.Type.Name == type.Name,
        CelTypeKind.Object => value is CelMap,
        CelTypeKind.Map => value is CelMap,
        CelTypeKind.List => value is CelList,
        CelTypeKind.Optional => value is CelOptional,
        var kind => value.Type.Kind == kind,
    };
}
