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
        catch (RegexParseException e)
        {
            fault = Explain(pattern, e);
            return false;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            fault = e.Message;
            return false;
        }
    }

    // Source: Go, regexp/syntax, the texts of its error codes.
    private static string Explain(string pattern, RegexParseException e)
    {
        var rest = e.Offset > 0 && e.Offset <= pattern.Length ? pattern[(e.Offset - 1)..] : pattern;
        return "error parsing regexp: " + e.Error switch
        {
            RegexParseError.InsufficientClosingParentheses => $"missing closing ): `{pattern}`",
            RegexParseError.InsufficientOpeningParentheses => $"unexpected ): `{pattern}`",
            RegexParseError.UnterminatedBracket => $"missing closing ]: `{pattern[Math.Max(0, pattern.LastIndexOf('['))..]}`",
            RegexParseError.QuantifierAfterNothing => $"missing argument to repetition operator: `{rest[..1]}`",
            RegexParseError.NestedQuantifiersNotParenthesized => $"invalid nested repetition operator: `{rest}`",
            RegexParseError.UnescapedEndingBackslash => "trailing backslash at end of expression: ``",
            _ => $"{e.Error}: `{pattern}`",
        };
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
                i = TranslateEscape(pattern, i + 1, inClass, text);
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

    /// <summary>Go's classes are those of ASCII, and it writes code points in braces.</summary>
    /// <param name="at">Where the character behind the backslash is.</param>
    /// <returns>Where the last character of the escape is.</returns>
    private static int TranslateEscape(string pattern, int at, bool inClass, StringBuilder text)
    {
        var c = pattern[at];
        var ascii = c switch { 'd' or 'D' => "0-9", 'w' or 'W' => "0-9A-Za-z_", 's' or 'S' => "\\t\\n\\f\\r ", _ => null };
        if (ascii is not null && (!inClass || char.IsAsciiLetterLower(c)))
        {
            text.Append(inClass ? ascii : char.IsAsciiLetterLower(c) ? $"[{ascii}]" : $"[^{ascii}]");
            return at;
        }
        var end = c == 'x' && at + 1 < pattern.Length && pattern[at + 1] == '{' ? pattern.IndexOf('}', at) : -1;
        if (end > 0 && int.TryParse(pattern.AsSpan(at + 2, end - at - 2), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out var code) && code <= 0xffff)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{code:x4}");
            return end;
        }
        if (c is 'p' or 'P' && at + 1 < pattern.Length && char.IsAsciiLetterUpper(pattern[at + 1]))
        {
            text.Append('\\').Append(c).Append('{').Append(pattern[at + 1]).Append('}');
            return at + 1;
        }
        text.Append('\\').Append(c);
        return at;
    }
}
