using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>Values that may be absent. <c>or</c> and <c>orValue</c> are lazy and so part of the evaluator.</summary>
internal static class OptionalLibrary
{
    public static CelLibrary Build() => new CelLibrary()
        .AddType("optional_type", CelType.DynOptional)
        .Add(".optional.of(A) optional(A)", static a => new CelOptional(a[0]))
        .Add(".optional.ofNonZeroValue(A) optional(A)", static a => IsZero(a[0]) ? CelOptional.None : new CelOptional(a[0]))
        .Add(".optional.none() optional(A)", static _ => CelOptional.None)
        .Add("optional(A).value() A", static a => ((CelOptional)a[0]).Value ?? new CelError("optional.none() dereference"))
        .Add("optional(A).hasValue() bool", static a => CelBool.Of(((CelOptional)a[0]).Value is not null))
        .Add("optional(A).or(optional(A)) optional(A)", static _ => CelError.NoSuchOverload)
        .Add("optional(A).orValue(A) A", static _ => CelError.NoSuchOverload)
        .Add("_[?_](list(A), int) optional(A)", static _ => CelError.NoSuchOverload)
        .Add("_[?_](map(A, B), A) optional(B)", static _ => CelError.NoSuchOverload)
        .Add("_[?_](optional(list(A)), int) optional(A)", static _ => CelError.NoSuchOverload)
        .Add("_[?_](optional(map(A, B)), A) optional(B)", static _ => CelError.NoSuchOverload)
        .Add("_[_](optional(list(A)), int) optional(A)", static _ => CelError.NoSuchOverload)
        .Add("_[_](optional(map(A, B)), A) optional(B)", static _ => CelError.NoSuchOverload);

    private static bool IsZero(CelValue value) => value switch
    {
        CelNull => true,
        CelBool b => !b.Value,
        CelInt i => i.Value == 0,
        CelUint u => u.Value == 0,
        CelDouble d => d.Value == 0,
        CelDuration d => d.Nanos == 0,
        CelOptional o => o.Value is null,
        CelString or CelBytes or CelList or CelMap => value.CostSize == 0,
        _ => false,
    };
}
