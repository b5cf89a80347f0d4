using System.Text;
using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>The string extensions of cel-go in the version that Kubernetes uses (2): indices count code points.</summary>
internal static class StringLibrary
{
    public static CelLibrary Build() => new CelLibrary()
        .Add("string.charAt(int) string", static a => CharAt(Text(a[0]), Arithmetic.Int(a[1])))
        .Add("string.indexOf(string) int", static a => IndexOf(Text(a[0]), Text(a[1]), 0), CelCostRule.Text)
        .Add("string.indexOf(string, int) int", static a => IndexOf(Text(a[0]), Text(a[1]), Arithmetic.Int(a[2])), CelCostRule.Text)
        .Add("string.lastIndexOf(string) int", static a => LastIndexOf(Text(a[0]), Text(a[1]), null), CelCostRule.Text)
        .Add("string.lastIndexOf(string, int) int", static a => LastIndexOf(Text(a[0]), Text(a[1]), Arithmetic.Int(a[2])), CelCostRule.Text)
        .Add("string.lowerAscii() string", static a => new CelString(MapAscii(Text(a[0]), static c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c)), CelCostRule.Text)
        .Add("string.upperAscii() string", static a => new CelString(MapAscii(Text(a[0]), static c => char.IsAsciiLetterLower(c) ? (char)(c & ~0x20) : c)), CelCostRule.Text)
        .Add("string.replace(string, string) string", static a => Replace(Text(a[0]), Text(a[1]), Text(a[2]), -1), CelCostRule.TextTwice)
        .Add("string.replace(string, string, int) string", static a => Replace(Text(a[0]), Text(a[1]), Text(a[2]), Arithmetic.Int(a[3])), CelCostRule.TextTwice)
        .Add("string.split(string) list(string)", static a => Split(Text(a[0]), Text(a[1]), -1), CelCostRule.TextTwice)
        .Add("string.split(string, int) list(string)", static a => Split(Text(a[0]), Text(a[1]), Arithmetic.Int(a[2])), CelCostRule.TextTwice)
        .Add("string.substring(int) string", static a => Substring(Text(a[0]), Arithmetic.Int(a[1]), null), CelCostRule.Text)
        .Add("string.substring(int, int) string", static a => Substring(Text(a[0]), Arithmetic.Int(a[1]), Arithmetic.Int(a[2])), CelCostRule.Text)
        .Add("string.trim() string", static a => new CelString(Trim(Text(a[0]))), CelCostRule.Text)
        .Add("list(string).join() string", static a => Join((CelList)a[0], ""), CelCostRule.Join)
        .Add("list(string).join(string) string", static a => Join((CelList)a[0], Text(a[1])), CelCostRule.Join)
        .Add("string.format(list(dyn)) string", static a => StringFormatting.Format(Text(a[0]), (CelList)a[1]), CelCostRule.Text)
        .Add(".strings.quote(string) string", static a => new CelString(Quote(Text(a[0]))), CelCostRule.Text);

    private static string Text(CelValue value) => StandardLibrary.Text(value);

    private static CelValue CharAt(string text, long index)
    {
        var at = CelText.CharIndex(text, index);
        if (at < 0) return new CelError($"index out of range: {index}");
        if (at == text.Length) return CelString.Empty;
        return new CelString(char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? text.Substring(at, 2) : text.Substring(at, 1));
    }

    private static CelValue IndexOf(string text, string part, long from)
    {
        var start = CelText.CharIndex(text, from);
        if (start < 0) return new CelError($"index out of range: {from}");
        var at = text.IndexOf(part, start, StringComparison.Ordinal);
        return CelInt.Of(at < 0 ? -1 : CelText.CodePointIndex(text, at));
    }

    private static CelValue LastIndexOf(string text, string part, long? from)
    {
        if (from is { } limit && (limit < 0 || limit >= Math.Max(1, CelText.Length(text)))) return new CelError($"index out of range: {limit}");
        if (part.Length == 0) return CelInt.Of(from ?? CelText.Length(text));
        var start = from is { } index ? CelText.CharIndex(text, index) : text.Length;
        for (var at = Math.Min(start, text.Length - part.Length); at >= 0; at--)
            if (string.CompareOrdinal(text, at, part, 0, part.Length) == 0) return CelInt.Of(CelText.CodePointIndex(text, at));
        return CelInt.Of(-1);
    }

    private static string MapAscii(string text, Func<char, char> map) => string.Create(text.Length, (text, map), static (span, s) =>
    {
        for (var i = 0; i < span.Length; i++) span[i] = s.map(s.text[i]);
    });

    private static CelString Replace(string text, string old, string replacement, long limit)
    {
        if (limit == 0 || old == replacement) return new CelString(text);
        var result = new StringBuilder();
        var at = 0;
        for (var done = 0L; limit < 0 || done < limit; done++)
        {
            if (old.Length == 0)
            {
                // An empty text is found before every character and at the end.
                result.Append(replacement);
                if (at >= text.Length) return new CelString(result.ToString());
                var width = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
                result.Append(text, at, width);
                at += width;
                continue;
            }
            var next = text.IndexOf(old, at, StringComparison.Ordinal);
            if (next < 0) break;
            result.Append(text, at, next - at).Append(replacement);
            at = next + old.Length;
        }
        return new CelString(result.Append(text, at, text.Length - at).ToString());
    }

    private static CelValues Split(string text, string separator, long limit)
    {
        if (limit == 0) return CelValues.Empty;
        var parts = new List<CelValue>();
        var at = 0;
        while (limit < 0 || parts.Count < limit - 1)
        {
            int next;
            if (separator.Length == 0)
            {
                next = at + (at < text.Length && char.IsHighSurrogate(text[at]) ? 2 : 1);
                if (next >= text.Length) break;
                parts.Add(new CelString(text[at..next]));
                at = next;
                continue;
            }
            next = text.IndexOf(separator, at, StringComparison.Ordinal);
            if (next < 0) break;
            parts.Add(new CelString(text[at..next]));
            at = next + separator.Length;
        }
        if (separator.Length > 0 || at < text.Length) parts.Add(new CelString(text[at..]));
        return new CelValues(parts);
    }

    private static CelValue Substring(string text, long start, long? end)
    {
        var from = CelText.CharIndex(text, start);
        if (from < 0) return new CelError($"index out of range: {start}");
        if (end is not { } stop) return new CelString(text[from..]);
        var to = CelText.CharIndex(text, stop);
        if (to < 0) return new CelError($"index out of range: {stop}");
        return start > stop ? new CelError($"invalid substring range. start: {start}, end: {stop}") : new CelString(text[from..to]);
    }

    private static string Trim(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsBlank(text[start])) start++;
        while (end > start && IsBlank(text[end - 1])) end--;
        return text[start..end];
    }

    private static bool IsBlank(char c) => c is '\t' or '\n' or '\v' or '\f' or '\r' or ' ' or '\x85' or '\xa0' or '\u1680' or (>= '\u2000' and <= '\u200a')
        or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000';

    private static CelString Join(CelList list, string separator)
    {
        var text = new StringBuilder();
        for (var i = 0; i < list.Count; i++) text.Append(i > 0 ? separator : "").Append(list[i] is CelString s ? s.Value : "");
        return new CelString(text.ToString());
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            var at = "\a\b\f\n\r\t\v\\\"".IndexOf(c, StringComparison.Ordinal);
            if (at >= 0) quoted.Append('\\').Append("abfnrtv\\\""[at]);
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
