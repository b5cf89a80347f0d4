using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Resources;

/// <summary>Quotes a string as Go's %q does, which is how every message of Kubernetes shows one.</summary>
public static class GoQuote
{
    public static string Quote(string text)
    {
        var plain = true;
        foreach (var c in text)
            if (c is '"' or '\\' || char.IsControl(c)) { plain = false; break; }
        if (plain) return $"\"{text}\"";

        var quoted = new StringBuilder(text.Length + 8).Append('"');
        foreach (var c in text) AppendEscaped(quoted, c);
        return quoted.Append('"').ToString();
    }

    private static void AppendEscaped(StringBuilder quoted, char c)
    {
        switch (c)
        {
            case '"': quoted.Append("\\\""); break;
            case '\\': quoted.Append("\\\\"); break;
            case '\n': quoted.Append("\\n"); break;
            case '\t': quoted.Append("\\t"); break;
            case '\r': quoted.Append("\\r"); break;
            case '\a': quoted.Append("\\a"); break;
            case '\b': quoted.Append("\\b"); break;
            case '\f': quoted.Append("\\f"); break;
            case '\v': quoted.Append("\\v"); break;
            case < ' ' or '\x7f': quoted.Append("\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)); break;
            case >= '\x80' and < '\xa0': quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)); break;
            default: quoted.Append(c); break;
        }
    }
}
