using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>The compressed form of completed indexes: <c>0-2,4</c>.</summary>
public static class IndexRanges
{
    public static ImmutableSortedSet<int> Parse(string text)
    {
        var set = ImmutableSortedSet.CreateBuilder<int>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!int.TryParse(dash < 0 ? part : part[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var first)) continue;
            if (!int.TryParse(dash < 0 ? part : part[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var last)) continue;
            for (var i = first; i <= last; i++) set.Add(i);
        }
        return set.ToImmutable();
    }

    public static string Format(ImmutableSortedSet<int> indexes)
    {
        var text = new StringBuilder();
        for (var at = 0; at < indexes.Count;)
        {
            var first = indexes[at];
            var last = first;
            while (++at < indexes.Count && indexes[at] == last + 1) last++;
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{first}");
            // Two neighbours are written apart, as upstream does.
            if (last == first + 1) text.Append(CultureInfo.InvariantCulture, $",{last}");
            else if (last > first) text.Append(CultureInfo.InvariantCulture, $"-{last}");
        }
        return text.ToString();
    }
}
