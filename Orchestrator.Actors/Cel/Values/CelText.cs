using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Cel.Values;

/// <summary>Strings as sequences of code points, which is how the language counts and cuts them.</summary>
public static class CelText
{
    public static int Length(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1])) count--;
        return count;
    }

    /// <summary>The index in UTF-16 of the code point <paramref name="index"/>; -1 beyond the end.</summary>
    public static int CharIndex(string text, long index)
    {
        if (index < 0 || index > text.Length) return -1;
        var at = 0;
        for (; index > 0; index--)
        {
            if (at >= text.Length) return -1;
            at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
        }
        return at;
    }

    /// <summary>The count of code points before a UTF-16 index.</summary>
    public static int CodePointIndex(string text, int at) => Length(text.AsSpan(0, at));

    /// <summary>How a key or value is shown in an error.</summary>
    public static string Show(CelValue value) => value switch
    {
        CelString s => s.Value,
        CelInt i => i.Value.ToString(CultureInfo.InvariantCulture),
        CelUint u => u.Value.ToString(CultureInfo.InvariantCulture),
        CelDouble d => CelNumbers.Show(d.Value),
        CelBool b => b.Value ? "true" : "false",
        CelNull => "null",
        CelBytes b => Encoding.UTF8.GetString(b.Value.Span),
        CelTypeValue t => t.Value.Name,
        CelTimestamp t => t.ToString(),
        CelDuration d => d.ToString(),
        CelList list => ShowList(list),
        CelError e => e.Message,
        _ => value.Type.Name,
    };

    private static string ShowList(CelList list)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < list.Count; i++) text.Append(i > 0 ? ", " : "").Append(Show(list[i]));
        return text.Append(']').ToString();
    }
}
