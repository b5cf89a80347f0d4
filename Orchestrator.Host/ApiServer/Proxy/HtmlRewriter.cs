using System.Collections.Frozen;
using System.Text;

namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>Rewrites the links in HTML as it passes, and nothing else: bytes that are no link's stay what they are.</summary>
/// <remarks>Source of the attributes: k8s.io/apimachinery, util/proxy atomsToAttrs.</remarks>
public static class HtmlRewriter
{
    /// <summary>A tag longer than this passes as it is (bytes).</summary>
    private const int TagBytesMax = 64 * 1024;

    private static readonly FrozenDictionary<string, string[]> Links = new Dictionary<string, string[]>
    {
        ["a"] = ["href"],
        ["applet"] = ["codebase"],
        ["area"] = ["href"],
        ["audio"] = ["src"],
        ["base"] = ["href"],
        ["blockquote"] = ["cite"],
        ["body"] = ["background"],
        ["button"] = ["formaction"],
        ["command"] = ["icon"],
        ["del"] = ["cite"],
        ["embed"] = ["src"],
        ["form"] = ["action"],
        ["frame"] = ["longdesc", "src"],
        ["head"] = ["profile"],
        ["html"] = ["manifest"],
        ["iframe"] = ["longdesc", "src"],
        ["img"] = ["longdesc", "src", "usemap"],
        ["input"] = ["src", "usemap", "formaction"],
        ["ins"] = ["cite"],
        ["link"] = ["href"],
        ["object"] = ["classid", "codebase", "data", "usemap"],
        ["q"] = ["cite"],
        ["script"] = ["src"],
        ["source"] = ["src"],
        ["video"] = ["poster", "src"],
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static async Task CopyAsync(Stream from, Stream to, Func<string, string> rewrite, CancellationToken cancellationToken)
    {
        // Latin-1 maps each byte to one character and back, whatever the document's real encoding.
        var pending = "";
        var until = "";
        var buffer = new byte[16 * 1024];
        for (var ended = false; !ended;)
        {
            var read = await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            ended = read == 0;
            pending += Encoding.Latin1.GetString(buffer, 0, read);
            var output = new StringBuilder(pending.Length + 256);
            pending = Take(pending, output, ended, ref until, rewrite);
            if (output.Length == 0) continue;
            await to.WriteAsync(Encoding.Latin1.GetBytes(output.ToString()), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Moves what is complete to the output and returns the rest.</summary>
    /// <param name="until">What ends a stretch that is no markup: a comment's or a script's.</param>
    private static string Take(string text, StringBuilder output, bool ended, ref string until, Func<string, string> rewrite)
    {
        var at = 0;
        while (at < text.Length)
        {
            var start = until.Length > 0 ? text.IndexOf(until, at, StringComparison.OrdinalIgnoreCase) : text.IndexOf('<', at);
            if (start < 0)
            {
                // The beginning of the end may be the last that has come.
                var keep = ended || until.Length == 0 ? 0 : Math.Min(text.Length - at, until.Length - 1);
                output.Append(text, at, text.Length - keep - at);
                return text[^keep..];
            }
            output.Append(text, at, start - at);
            at = start;
            if (until.Length > 0)
            {
                until = "";
                if (text[at] != '<') continue;
            }
            var length = TagLength(text.AsSpan(at));
            if (length < 0)
            {
                if (!ended && text.Length - at < TagBytesMax) return text[at..];
                output.Append(text, at, text.Length - at);
                return "";
            }
            var tag = text.AsSpan(at, length);
            at += length;
            if (tag.StartsWith("<!--")) until = "-->";
            else if (IsOpening(tag, "script")) until = "</script";
            else if (IsOpening(tag, "style")) until = "</style";
            Append(output, tag, rewrite);
        }
        return "";
    }

    private static bool IsOpening(ReadOnlySpan<char> tag, string name) =>
        tag.Length > name.Length + 1 && tag[1..].StartsWith(name, StringComparison.OrdinalIgnoreCase) && !char.IsAsciiLetterOrDigit(tag[name.Length + 1]);

    /// <summary>How long the tag is at whose beginning the text stands; -1 when its end has not come.</summary>
    private static int TagLength(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("<!--")) return 4;
        if (text.Length < 4 && "<!--".AsSpan().StartsWith(text)) return -1;
        var quote = '\0';
        for (var i = 1; i < text.Length; i++)
        {
            if (quote != '\0') quote = text[i] == quote ? '\0' : quote;
            else if (text[i] is '"' or '\'' && text[i - 1] == '=') quote = text[i];
            else if (text[i] == '>') return i + 1;
        }
        return -1;
    }

    private static void Append(StringBuilder output, ReadOnlySpan<char> tag, Func<string, string> rewrite)
    {
        var at = 1;
        while (at < tag.Length && char.IsAsciiLetterOrDigit(tag[at])) at++;
        if (!Links.TryGetValue(tag[1..at].ToString(), out var attributes))
        {
            output.Append(tag);
            return;
        }
        output.Append(tag[..at]);
        while (at < tag.Length)
        {
            var start = at;
            while (at < tag.Length && (char.IsWhiteSpace(tag[at]) || tag[at] is '/' or '>')) at++;
            var name = at;
            while (at < tag.Length && !char.IsWhiteSpace(tag[at]) && tag[at] is not ('=' or '>' or '/')) at++;
            var attribute = tag[name..at].ToString();
            if (at >= tag.Length || tag[at] != '=')
            {
                output.Append(tag[start..at]);
                continue;
            }
            at++;
            var quoted = at < tag.Length && tag[at] is '"' or '\'';
            var value = quoted ? at + 1 : at;
            var end = value;
            if (quoted)
                while (end < tag.Length && tag[end] != tag[at]) end++;
            else
                while (end < tag.Length && !char.IsWhiteSpace(tag[end]) && tag[end] != '>') end++;
            output.Append(tag[start..value]);
            if (attributes.Contains(attribute, StringComparer.OrdinalIgnoreCase)) output.Append(rewrite(tag[value..end].ToString()));
            else output.Append(tag[value..end]);
            at = end;
        }
    }
}
