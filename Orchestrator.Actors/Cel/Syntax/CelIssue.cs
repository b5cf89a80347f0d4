using System.Globalization;
using System.Text;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>What is wrong with an expression, and where.</summary>
/// <param name="Source">The expression. Its lines are looked for only when the issue is shown: a long one may have thousands.</param>
/// <param name="Offset">Where in the source; -1 is nowhere in particular.</param>
public sealed record CelIssue(string Message, string Source, int Offset)
{
    /// <summary>Most issues that are shown of one expression (count). Source: cel-go, common/errors.go.</summary>
    private const int ShownMax = 100;

    /// <summary>A longer line is not shown (characters). Source: cel-go, common/error.go, maxSnippetLength.</summary>
    private const int LineLengthMax = 16384;

    /// <summary>No further issue of an expression is shown once they have this much text (characters): each repeats its line, so that a
    /// line of 16 KiB would be told two hundred times.</summary>
    private const int TextMax = 32 * 1024;

    /// <summary>The message, the line, and a caret below the place.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        AppendTo(text);
        return text.ToString();
    }

    /// <summary>The issues of one expression in the order of their places: the first hundred of them, or fewer where they are long.</summary>
    public static string Join(IReadOnlyCollection<CelIssue> issues)
    {
        var text = new StringBuilder();
        var shown = 0;
        foreach (var issue in issues.OrderBy(static i => i.Offset).Take(ShownMax))
        {
            if (text.Length >= TextMax) break;
            if (shown++ > 0) text.Append('\n');
            issue.AppendTo(text);
        }
        if (issues.Count > shown) text.Append(CultureInfo.InvariantCulture, $"\n{issues.Count - shown} more errors were truncated");
        return text.ToString();
    }

    private void AppendTo(StringBuilder text)
    {
        if (Offset < 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"ERROR: <input>:-1:0: {Message}");
            return;
        }
        var offset = Math.Min(Offset, Source.Length);
        var start = offset == 0 ? 0 : Source.LastIndexOf('\n', offset - 1) + 1;
        var line = Source.AsSpan(0, start).Count('\n') + 1;
        var column = CelText.Length(Source.AsSpan(start, offset - start));
        text.Append(CultureInfo.InvariantCulture, $"ERROR: <input>:{line}:{column + 1}: {Message}");
        var end = Source.IndexOf('\n', start);
        var shown = Source.AsSpan(start, (end < 0 ? Source.Length : end) - start);
        if (CelText.Length(shown) > LineLengthMax) return;
        text.Append("\n | ").Append(shown);
        text.Replace('\t', ' ', text.Length - shown.Length, shown.Length).Append("\n | ").Append('.', column).Append('^');
    }
}
