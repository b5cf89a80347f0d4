using System.Text;

namespace Orchestrator.Node.Kubelet;

/// <summary>Replaces <c>$(NAME)</c> in commands, arguments and values.</summary>
/// <remarks>Rules of Kubernetes: an unknown name stays as written, and <c>$$</c> is a dollar sign that starts nothing.</remarks>
public static class VariableExpansion
{
    public static string Expand(string text, Func<string, string?> lookup)
    {
        if (!text.Contains('$', StringComparison.Ordinal)) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
                continue;
            }
            var end = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (end < 0)
            {
                result.Append('$');
                continue;
            }
            var name = text[(i + 2)..end];
            result.Append(lookup(name) ?? $"$({name})");
            i = end;
        }
        return result.ToString();
    }
}
