using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>The operators and functions that cel-spec prescribes; numbers of different types compare.</summary>
internal static class StandardLibrary
{
    public static CelLibrary Build()
    {
        var library = new CelLibrary();
        AddTypes(library);
        AddOperators(library);
        AddComparisons(library);
        AddStrings(library);
        Conversions.AddTo(library);
        Times.AddTo(library);
        return library;
    }

    private static void AddTypes(CelLibrary library)
    {
        foreach (var type in (CelType[])[CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes, CelType.Null, CelType.Timestamp, CelType.Duration])
            library.AddType(type.Name, type);
        library.AddType("list", CelType.DynList).AddType("map", CelType.DynMap).AddType("type", CelType.AnyType);
        library.Add("type(A) type(A)", static a => new CelTypeValue(a[0].Type));
        library.Add("dyn(A) dyn", static a => a[0]);
    }

    private static void AddOperators(CelLibrary library)
    {
        library.Add("_?_:_(bool, A, A) A", static _ => CelError.NoSuchOverload)
            .Add("_&&_(bool, bool) bool", static _ => CelError.NoSuchOverload, CelCostRule.Free)
            .Add("_||_(bool, bool) bool", static _ => CelError.NoSuchOverload, CelCostRule.Free)
            .Add("@not_strictly_false(bool) bool", static _ => CelError.NoSuchOverload)
            .Add("!_(bool) bool", static a => CelBool.Of(!((CelBool)a[0]).Value))
            .Add("_==_(A, A) bool", static a => CelBool.Of(a[0].SameAs(a[1])), CelCostRule.Compare)
            .Add("_!=_(A, A) bool", static a => CelBool.Of(!a[0].SameAs(a[1])), CelCostRule.Compare)
            .Add("_[_](list(A), int) A", static a => CelAccess.Index(a[0], a[1]))
            .Add("_[_](map(A, B), A) B", static a => CelAccess.Index(a[0], a[1]))
            .Add("@in(A, list(A)) bool", static a => CelBool.Of(((CelList)a[1]).Contains(a[0])), CelCostRule.InList)
            .Add("@in(A, map(A, B)) bool", static a => CelBool.Of(((CelMap)a[1]).Find(a[0]) is not null))
            .Add(".cel.@mapInsert(map(A, B), map(A, B)) map(A, B)", static a => Insert(a[0], (CelMap)a[1]))
            .Add(".cel.@mapInsert(map(A, B), A, B) map(A, B)", static a => Insert(a[0], a[1], a[2]));
        Arithmetic.AddTo(library);
    }

    private static CelValue Insert(CelValue target, CelValue key, CelValue value)
    {
        var table = (CelTable)target;
        return table.TryAdd(key, value) ? table : new CelError($"insert failed: key {CelText.Show(key)} already exists");
    }

    private static CelValue Insert(CelValue target, CelMap entries)
    {
        foreach (var key in entries.Keys)
            if (Insert(target, key, entries.Find(key)!) is CelError error) return error;
        return target;
    }

    private static void AddComparisons(CelLibrary library)
    {
        foreach (var (op, test) in ((string, Func<int, bool>)[])
            [("_<_", static c => c < 0), ("_<=_", static c => c <= 0), ("_>_", static c => c > 0), ("_>=_", static c => c >= 0)])
        {
            foreach (var left in (string[])["int", "uint", "double"])
                foreach (var right in (string[])["int", "uint", "double"])
                    library.Add($"{op}({left}, {right}) bool", a => CelBool.Of(CelNumbers.Compare(a[0], a[1]) is { } c && test(c)));
            foreach (var type in (string[])["bool", "string", "bytes", "timestamp", "duration"])
                library.Add($"{op}({type}, {type}) bool", a => CelBool.Of(test(Compare(a[0], a[1]))), type is "string" or "bytes" ? CelCostRule.Compare : CelCostRule.Unit);
        }
    }

    /// <summary>The order of two values of one type that has an order.</summary>
    internal static int Compare(CelValue a, CelValue b) => (a, b) switch
    {
        (CelBool x, CelBool y) => x.Value.CompareTo(y.Value),
        (CelString x, CelString y) => CompareText(x.Value, y.Value),
        (CelBytes x, CelBytes y) => x.Value.Span.SequenceCompareTo(y.Value.Span),
        (CelTimestamp x, CelTimestamp y) => x.CompareTo(y),
        (CelDuration x, CelDuration y) => x.CompareTo(y),
        _ => CelNumbers.Compare(a, b) ?? 0,
    };

    // UTF-16 sorts surrogates below the last of the basic plane; the order of UTF-8 is that of code points.
    private static int CompareText(string a, string b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] == b[i]) continue;
            return char.IsSurrogate(a[i]) == char.IsSurrogate(b[i]) ? a[i].CompareTo(b[i]) : char.IsSurrogate(a[i]) ? 1 : -1;
        }
        return a.Length.CompareTo(b.Length);
    }

    private static void AddStrings(CelLibrary library)
    {
        foreach (var form in (string[])["size({0}) int", "{0}.size() int"])
            foreach (var type in (string[])["string", "bytes", "list(A)", "map(A, B)"])
                library.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, type), static a => CelInt.Of(a[0].CostSize));
        library.Add("string.contains(string) bool", static a => CelBool.Of(Text(a[0]).Contains(Text(a[1]), StringComparison.Ordinal)), CelCostRule.Contains)
            .Add("string.startsWith(string) bool", static a => CelBool.Of(Text(a[0]).StartsWith(Text(a[1]), StringComparison.Ordinal)), CelCostRule.Text)
            .Add("string.endsWith(string) bool", static a => CelBool.Of(Text(a[0]).EndsWith(Text(a[1]), StringComparison.Ordinal)), CelCostRule.Text)
            .Add("string.matches(string) bool", static a => Regexes.IsMatch(Text(a[0]), Text(a[1])), CelCostRule.Regex)
            .Add("matches(string, string) bool", static a => Regexes.IsMatch(Text(a[0]), Text(a[1])), CelCostRule.Regex);
    }

    internal static string Text(CelValue value) => ((CelString)value).Value;
}
