using System.Globalization;

namespace Orchestrator.Actors.Resources;

/// <summary>Times as Kubernetes writes them in JSON.</summary>
public static class Rfc3339
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    /// <summary>Digits beyond 100 ns are cut off.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(Shorten(text), Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    /// <summary>Whole seconds in UTC, as metav1.Time.</summary>
    public static string Seconds(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Microseconds in UTC, as metav1.MicroTime.</summary>
    public static string Micros(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>What Go says of a time that it cannot read.</summary>
    public static string Explain(string text, bool micros)
    {
        var layout = micros ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
        var at = 0;
        while (at < text.Length && at < layout.Length && (layout[at] == text[at] || (char.IsAsciiDigit(layout[at]) && char.IsAsciiDigit(text[at])))) at++;
        var elements = (ReadOnlySpan<(int Start, string Name)>)[(0, "2006"), (4, "-"), (5, "01"), (7, "-"), (8, "02"), (10, "T"), (11, "15"), (13, ":"), (14, "04"), (16, ":"), (17, "05"), (19, "Z07:00")];
        var (start, name) = elements[0];
        foreach (var element in elements)
            if (element.Start <= at) (start, name) = element;
        return $"parsing time {GoQuote.Quote(text)} as \"{layout}\": cannot parse {GoQuote.Quote(text[Math.Min(start, text.Length)..])} as {GoQuote.Quote(name)}";
    }

    private static string Shorten(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return text;
        var end = dot + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return end - dot - 1 <= 7 ? text : string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end));
    }
}
