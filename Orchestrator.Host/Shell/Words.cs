using System.Text;

namespace Orchestrator.Host.Shell;

/// <summary>Splits a line of the shell into words as a Unix shell does: blanks, single and double quotes, backslashes.</summary>
public static class Words
{
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static string[] Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char quote = '\0';
        var inside = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
                inside = true;
            }
            else if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                else word.Append(c);
            }
            else if (c is '\'' or '"')
            {
                quote = c;
                inside = true;
            }
            else if (char.IsWhiteSpace(c))
            {
                if (inside) words.Add(word.ToString());
                word.Clear();
                inside = false;
            }
            else
            {
                word.Append(c);
                inside = true;
            }
        }
        if (quote != '\0') throw new FormatException($"a {quote} is not closed");
        if (inside) words.Add(word.ToString());
        return [.. words];
    }
}
