using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Orchestrator.Actors.Schemas;

/// <summary>Compiles the patterns of definitions, which are written for Go, so that none can hang the server.</summary>
/// <remarks>.NET's non-backtracking engine runs in linear time like Go's, and like it refuses look-around and back-references.
/// What differs in spelling is rewritten: <c>$</c> is the very end, <c>(?P&lt;n&gt;</c> names a group, <c>[[:alpha:]]</c> is a class.</remarks>
internal static class GoRegex
{
    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["digit"] = "0-9",
        ["lower"] = "a-z",
        ["upper"] = "A-Z",
        ["space"] = "\\t\\n\\v\\f\\r ",
        ["blank"] = "\\t ",
        ["xdigit"] = "0-9A-Fa-f",
        ["word"] = "0-9A-Za-z_",
        ["punct"] = "!-/:-@\\[-`{-~",
    };

    public static bool TryCompile(string pattern, [NotNullWhen(true)] out Regex? regex, [NotNullWhen(false)] out string? fault)
    {
        (regex, fault) = (null, null);
        try
        {
            regex = new Regex(Translate(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            fault = e.Message;
            return false;
        }
    }

    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length + 8);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                text.Append(c).Append(pattern[++i]);
            }
            else if (inClass)
            {
                var end = c == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':' ? pattern.IndexOf(":]", i + 2, StringComparison.Ordinal) : -1;
                if (end > 0 && Classes.TryGetValue(pattern[(i + 2)..end], out var ranges))
                {
                    text.Append(ranges);
                    i = end + 1;
                    continue;
                }
                inClass = c != ']';
                // .NET would take "[a-[b]]" for a subtraction; Go takes the bracket for itself.
                text.Append(c == '[' ? "\\[" : c.ToString());
            }
            else if (c == '[')
            {
                inClass = true;
                text.Append(c);
                if (i + 1 < pattern.Length && pattern[i + 1] == '^') text.Append(pattern[++i]);
                if (i + 1 < pattern.Length && pattern[i + 1] == ']')
                {
                    text.Append("\\]");
                    i++;
                }
            }
            else if (c == '$') text.Append("\\z");
            else if (c == '(' && string.CompareOrdinal(pattern, i, "(?P<", 0, 4) == 0)
            {
                text.Append("(?<");
                i += 3;
            }
            else text.Append(c);
        }
        return text.ToString();
    }
}
