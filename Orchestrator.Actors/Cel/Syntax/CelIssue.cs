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

    /// <summary>The message, the line, and a caret below the place.</summary>
    public override string ToString()
    {
        if (Offset < 0) return $"ERROR: <input>:-1:0: {Message}";
        var offset = Math.Min(Offset, Source.Length);
        var start = offset == 0 ? 0 : Source.LastIndexOf('\n', offset - 1) + 1;
        var line = Source.AsSpan(0, start).Count('\n') + 1;
        var column = CelText.Length(Source.AsSpan(start, offset - start));
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"ERROR: <input>:{line}:{column + 1}: {Message}");
        var end = Source.IndexOf('\n', start);
        var shown = Source.AsSpan(start, (end < 0 ? Source.Length : end) - start);
        if (CelText.Length(shown) > LineLengthMax) return text.ToString();
        text.Append("\n | ").Append(shown);
        text.Replace('\t', ' ', text.Length - shown.Length, shown.Length).Append("\n | ").Append('.', column).Append('^');
        return text.ToString();
    }

    /// <summary>The issues of one expression in the order of their places, the first hundred of them.</summary>
    public static string Join(IReadOnlyCollection<CelIssue> issues)
    {
        var text = string.Join('\n', issues.OrderBy(static i => i.Offset).Take(ShownMax));
        return issues.Count > ShownMax ? $"{text}\n{issues.Count - ShownMax} more errors were truncated" : text;
    }
}
