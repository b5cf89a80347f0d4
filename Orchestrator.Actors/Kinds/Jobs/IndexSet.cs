using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>A set of completion indexes, kept as intervals as its text is: <c>0-2,4</c>. A Job may have as many indexes as there are numbers.</summary>
public sealed class IndexSet
{
    // In order, apart by more than one.
    private readonly ImmutableArray<(int First, int Last)> _intervals;

    private IndexSet(ImmutableArray<(int First, int Last)> intervals)
    {
        _intervals = intervals;
        Count = (int)Math.Min(int.MaxValue, intervals.Sum(static i => (long)i.Last - i.First + 1));
    }

    public static IndexSet Empty { get; } = new([]);

    /// <summary>How many indexes there are (count).</summary>
    public int Count { get; }

    /// <summary>The lowest index.</summary>
    /// <exception cref="InvalidOperationException">The set is empty.</exception>
    public int First => Count > 0 ? _intervals[0].First : throw new InvalidOperationException("an empty set has no first index");

    /// <summary>Reads intervals in any order; what is none is left out.</summary>
    public static IndexSet Parse(string text)
    {
        var intervals = new List<(int First, int Last)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (int.TryParse(dash < 0 ? part : part[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(dash < 0 ? part : part[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && first <= last) intervals.Add((first, last));
        }
        return Of(intervals);
    }

    public bool Contains(int index) => IntervalOf(index) >= 0;

    /// <summary>The first index from <paramref name="index"/> on that is not in the set.</summary>
    public int NextOutside(int index) => IntervalOf(index) is >= 0 and var at && _intervals[at].Last < int.MaxValue ? _intervals[at].Last + 1 : index;

    public IndexSet With(IEnumerable<int> more)
    {
        var added = more.Where(i => !Contains(i)).Select(static i => (i, i)).ToList();
        return added.Count == 0 ? this : Of([.. _intervals, .. added]);
    }

    /// <summary>The indexes that are less than <paramref name="end"/>.</summary>
    public IndexSet Below(int end) => _intervals.IsEmpty || _intervals[^1].Last < end
        ? this
        : new([.. _intervals.TakeWhile(i => i.First < end).Select(i => (i.First, Math.Min(i.Last, end - 1)))]);

    /// <summary>What is in both.</summary>
    public IndexSet Intersect(IndexSet other)
    {
        var both = ImmutableArray.CreateBuilder<(int First, int Last)>();
        for (int a = 0, b = 0; a < _intervals.Length && b < other._intervals.Length;)
        {
            var (one, two) = (_intervals[a], other._intervals[b]);
            var (first, last) = (Math.Max(one.First, two.First), Math.Min(one.Last, two.Last));
            if (first <= last) both.Add((first, last));
            if (one.Last < two.Last) a++;
            else b++;
        }
        return new IndexSet(both.ToImmutable());
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in _intervals)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{first}");
            // Two neighbours are written apart, as upstream does.
            if (last > first) text.Append(CultureInfo.InvariantCulture, $"{(last == first + 1 ? ',' : '-')}{last}");
        }
        return text.ToString();
    }

    private int IntervalOf(int index)
    {
        var (low, high) = (0, _intervals.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_intervals[middle].Last < index) low = middle + 1;
            else if (_intervals[middle].First > index) high = middle - 1;
            else return middle;
        }
        return -1;
    }

    private static IndexSet Of(List<(int First, int Last)> intervals)
    {
        intervals.Sort();
        var merged = ImmutableArray.CreateBuilder<(int First, int Last)>(intervals.Count);
        foreach (var (first, last) in intervals)
        {
            if (merged.Count > 0 && first <= (long)merged[^1].Last + 1) merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            else merged.Add((first, last));
        }
        return new IndexSet(merged.ToImmutable());
    }
}
