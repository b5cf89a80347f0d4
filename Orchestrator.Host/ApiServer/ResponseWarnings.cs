using System.Text;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Host.ApiServer;

/// <summary>The Warning headers of one answer, in the form that kubectl prints; each text once, and no more of them than clients take.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/endpoints/filters/warning.go, and k8s.io/apimachinery, NewWarningHeader.</remarks>
public sealed class ResponseWarnings
{
    /// <summary>How long all texts may be together before they are cut (characters).</summary>
    private const int TotalMax = 4 * 1024;

    /// <summary>How long a text may be once texts are cut (characters).</summary>
    private const int TextMax = 256;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private int _written;
    private bool _cutting;

    public static void Add(HttpContext context, IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            if (context.Features.Get<ResponseWarnings>() is not { } warnings) context.Features.Set(warnings = new ResponseWarnings());
            warnings.Add(context.Response.Headers, text);
        }
    }

    private void Add(IHeaderDictionary headers, string text)
    {
        if (text.Length == 0 || (_cutting && _written >= TotalMax) || !_known.Add(text)) return;
        _texts.Add(text);
        if (!_cutting && _written + LengthOf(text) > TotalMax)
        {
            (_cutting, _written) = (true, 0);
            headers.Remove("Warning");
            foreach (var one in _texts) Write(headers, one);
            return;
        }
        Write(headers, text);
    }

    private void Write(IHeaderDictionary headers, string text)
    {
        // What would end a line of the head, or is none that a terminal should show, is no warning.
        if (text.Any(char.IsControl)) return;
        if (_cutting && LengthOf(text) > TextMax) text = string.Concat(text.EnumerateRunes().Take(TextMax));
        _written += LengthOf(text);
        var quoted = new StringBuilder("299 - \"", text.Length + 16);
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\');
            quoted.Append(c);
        }
        headers.Append("Warning", quoted.Append('"').ToString());
    }

    private static int LengthOf(string text) => text.EnumerateRunes().Count();
}
