using System.Text;

namespace Orchestrator.Host.Shell;

/// <summary>Aligned columns, as kubectl prints them: three blanks between, none behind the last.</summary>
public static class TextTable
{
    private const int Gap = 3;

    public static string Render(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [[.. header.Select(h => h.ToUpperInvariant())], .. rows];
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in all)
        {
            for (var column = 0; column < row.Count - 1; column++) text.Append(row[column].PadRight(widths[column] + Gap));
            text.AppendLine(row[^1]);
        }
        return text.ToString();
    }
}
