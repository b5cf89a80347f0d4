using System.Text;

namespace Hocon;

/// <summary>A dotted path; a segment with a special character is written in quotes.</summary>
public static class HoconPath
{
    /// <summary>Splits a path into its segments.</summary>
    public static IReadOnlyList<string> Parse(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.IndexOf('"') < 0 && path.IndexOf('\'') < 0)
            return path.Length == 0 ? [] : path.Trim().Split('.');
        var segments = new List<string>();
        var current = new StringBuilder();
        var quoted = false;
        foreach (var c in path)
        {
            if (c == '"') quoted = !quoted;
            else if (c == '.' && !quoted) { segments.Add(current.ToString()); current.Clear(); }
            else current.Append(c);
        }

        if (quoted) throw new HoconParserException($"The path [{path}] has an open quote");
        segments.Add(current.ToString());
        return segments;
    }

    /// <summary>The text that <see cref="Parse"/> reads back as the same segments.</summary>
    public static string Render(IEnumerable<string> segments) => string.Join('.', segments.Select(RenderKey));

    internal static string RenderKey(string key)
    {
        var plain = key.Length > 0;
        foreach (var c in key)
            plain &= char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/';
        return plain && !key.Contains("//", StringComparison.Ordinal) ? key : HoconValue.Quote(key);
    }
}
