using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary><c>find</c>, <c>findAll</c>, and the matching that all libraries share. Patterns run in linear time.</summary>
internal static class Regexes
{
    /// <summary>Most compiled patterns that are kept (count); beyond it they are compiled at each use.</summary>
    private const int KeptMax = 1000;

    private static readonly ConcurrentDictionary<string, Regex> Compiled = new(StringComparer.Ordinal);

    public static CelLibrary Build() => new CelLibrary()
        .Add("string.find(string) string", static a => With(a[1], "Illegal regex: ", r => new CelString(r.Match(StandardLibrary.Text(a[0])).Value)), CelCostRule.Regex)
        .Add("string.findAll(string) list(string)", static a => With(a[1], "Illegal regex: ", r => All(r, StandardLibrary.Text(a[0]), -1)), CelCostRule.Regex)
        .Add("string.findAll(string, int) list(string)", static a => With(a[1], "Illegal regex: ", r => All(r, StandardLibrary.Text(a[0]), Arithmetic.Int(a[2]))), CelCostRule.Regex);

    public static CelValue IsMatch(string text, string pattern) => With(new CelString(pattern), "", r => CelBool.Of(r.IsMatch(text)));

    private static CelValues All(Regex regex, string text, long limit)
    {
        var found = new List<CelValue>();
        for (var match = regex.Match(text); match.Success && (limit < 0 || found.Count < limit); match = match.NextMatch())
            found.Add(new CelString(match.Value));
        return new CelValues(found);
    }

    private static CelValue With(CelValue pattern, string context, Func<Regex, CelValue> use)
    {
        var text = StandardLibrary.Text(pattern);
        if (!Compiled.TryGetValue(text, out var regex))
        {
            if (!GoRegex.TryCompile(text, out regex, out var fault)) return new CelError(context + fault);
            if (Compiled.Count < KeptMax) Compiled.TryAdd(text, regex);
        }
        return use(regex);
    }
}
