using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>Aggregates of lists, and lists as sets.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/lists.go; cel-go ext/sets.go.</remarks>
internal static class ListLibrary
{
    public static CelLibrary Build()
    {
        var library = new CelLibrary();
        foreach (var type in (string[])["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"])
        {
            library.Add($"list({type}).isSorted() bool", static a => IsSorted((CelList)a[0]), CelCostRule.Traverse)
                .Add($"list({type}).max() {type}", static a => Extreme((CelList)a[0], "max", static c => c > 0), CelCostRule.Traverse)
                .Add($"list({type}).min() {type}", static a => Extreme((CelList)a[0], "min", static c => c < 0), CelCostRule.Traverse);
        }
        foreach (var type in (string[])["int", "uint", "double", "duration"])
            library.Add($"list({type}).sum() {type}", a => Sum((CelList)a[0], type), CelCostRule.Traverse);
        library.Add("list(A).indexOf(A) int", static a => IndexOf((CelList)a[0], a[1], last: false), CelCostRule.Traverse)
            .Add("list(A).lastIndexOf(A) int", static a => IndexOf((CelList)a[0], a[1], last: true), CelCostRule.Traverse)
            .Add(".sets.contains(list(A), list(A)) bool", static a => CelBool.Of(Includes((CelList)a[0], (CelList)a[1])), CelCostRule.SetProduct)
            .Add(".sets.equivalent(list(A), list(A)) bool",
                static a => CelBool.Of(Includes((CelList)a[0], (CelList)a[1]) && Includes((CelList)a[1], (CelList)a[0])), CelCostRule.SetEquivalence)
            .Add(".sets.intersects(list(A), list(A)) bool", static a => CelBool.Of(Items((CelList)a[0]).Any(((CelList)a[1]).Contains)), CelCostRule.SetProduct);
        return library;
    }

    private static IEnumerable<CelValue> Items(CelList list)
    {
        for (var i = 0; i < list.Count; i++) yield return list[i];
    }

    private static bool Includes(CelList list, CelList all) => Items(all).All(list.Contains);

    private static CelBool IsSorted(CelList list)
    {
        for (var i = 1; i < list.Count; i++)
            if (StandardLibrary.Compare(list[i - 1], list[i]) > 0) return CelBool.False;
        return CelBool.True;
    }

    private static CelValue Extreme(CelList list, string name, Func<int, bool> better)
    {
        if (list.Count == 0) return new CelError($"{name} called on empty list");
        var best = list[0];
        for (var i = 1; i < list.Count; i++)
            if (better(StandardLibrary.Compare(list[i], best))) best = list[i];
        return best;
    }

    private static CelValue Sum(CelList list, string type)
    {
        if (type == "double") return new CelDouble(Items(list).Sum(static v => v is CelDouble d ? d.Value : 0));
        Int128 sum = 0;
        foreach (var item in Items(list))
        {
            sum += item switch
            {
                CelInt i => i.Value,
                CelUint u => u.Value,
                CelDuration d => d.Nanos,
                _ => 0,
            };
        }
        // A list of dynamic values is summed as what it holds.
        return (list.Count > 0 ? list[0] : null) switch
        {
            CelDouble => Sum(list, "double"),
            CelUint => Arithmetic.Uint(sum),
            CelDuration => CelDuration.Of(sum),
            null when type == "uint" => Arithmetic.Uint(sum),
            null when type == "duration" => CelDuration.Of(sum),
            _ => Arithmetic.Int(sum),
        };
    }

    private static CelInt IndexOf(CelList list, CelValue value, bool last)
    {
        for (var i = 0; i < list.Count; i++)
        {
            var at = last ? list.Count - 1 - i : i;
            if (list[at].SameAs(value)) return CelInt.Of(at);
        }
        return CelInt.Of(-1);
    }
}
