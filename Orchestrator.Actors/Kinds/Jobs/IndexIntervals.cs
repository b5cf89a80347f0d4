using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Jobs;

/// <summary>Reads lists of indexes as clients write them, <c>0-2,4</c>, and tells what is wrong with them.</summary>
/// <remarks>Source: kubernetes pkg/apis/batch/validation, validateIndexesFormat, for the words.</remarks>
internal static class IndexIntervals
{
    /// <param name="completions">All indexes are less than that.</param>
    /// <param name="total">How many indexes there are.</param>
    /// <returns>The fault, or null.</returns>
    public static string? Check(string text, long completions, out long total)
    {
        total = 0;
        if (text.Length == 0) return null;
        long last = -1;
        foreach (var interval in text.Split(','))
        {
            var parts = interval.Split('-');
            if (parts.Length > 2) return $"the fragment {GoQuote.Quote(interval)} violates the requirement that an index interval can have at most two parts separated by '-'";
            if (ReadIndex(parts[0], completions, out var first) is { } fault) return fault;
            var end = first;
            if (parts.Length == 2)
            {
                if (ReadIndex(parts[1], completions, out end) is { } wrong) return wrong;
                if (first >= end) return Falls(first, end);
            }
            if (last >= first) return Falls(last, first);
            total += end - first + 1;
            last = end;
        }
        return null;
    }

    private static string? ReadIndex(string text, long completions, out long index)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out index)) return $"cannot convert string to integer for index: {GoQuote.Quote(text)}";
        return index >= completions ? $"too large index: {GoQuote.Quote(text)}" : null;
    }

    private static string Falls(long previous, long current) => string.Create(CultureInfo.InvariantCulture, $"non-increasing order, previous: {previous}, current: {current}");
}
