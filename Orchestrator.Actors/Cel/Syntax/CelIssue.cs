using System.Globalization;
using System.Text;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>What is wrong with an expression, and where.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 0, in characters.</param>
/// <param name="LineText">The line of the source that is shown below the message.</param>
public sealed record CelIssue(string Message, int Line, int Column, string LineText)
{
    public static CelIssue At(string source, int offset, string message)
    {
        offset = Math.Clamp(offset, 0, source.Length);
        var start = offset == 0 ? 0 : source.LastIndexOf('\n', offset - 1) + 1;
        var end = source.IndexOf('\n', start);
        var line = source.AsSpan(0, start).Count('\n') + 1;
        return new CelIssue(message, line, CelText.Length(source[start..offset]), end < 0 ? source[start..] : source[start..end]);
    }

    /// <summary>The message, the line, and a caret below the place.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"ERROR: <input>:{Line}:{Column + 1}: {Message}");
        text.Append("\n | ").Append(LineText.Replace('\t', ' ')).Append("\n | ").Append('.', Column).Append('^');
        return text.ToString();
    }

    /// <summary>All issues, one after the other.</summary>
    public static string Join(IEnumerable<CelIssue> issues) => string.Join('\n', issues.Select(static i => i.ToString()));
}
