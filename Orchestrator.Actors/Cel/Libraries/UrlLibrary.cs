using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>A URL in its parts; empty where it has none.</summary>
internal sealed class CelUrl(string text, string scheme, string host, string path, string query) : CelValue
{
    public static CelType UrlType { get; } = CelType.Opaque("kubernetes.URL");

    public string Scheme => scheme;

    /// <summary>With the port.</summary>
    public string Host => host;

    /// <summary>As written.</summary>
    public string Path => path;
    public string Query => query;

    public string HostName => host.StartsWith('[') ? host[1..Math.Max(host.IndexOf(']', StringComparison.Ordinal), 1)] : Colon < 0 ? host : host[..Colon];

    public string Port => Colon < 0 ? "" : host[(Colon + 1)..];

    private int Colon => host.LastIndexOf(':') is var at && at > host.LastIndexOf(']') ? at : -1;

    public override CelType Type => UrlType;

    public override bool SameAs(CelValue other) => other is CelUrl url && url.ToString() == text;

    public override JsonNode? ToJson() => text;

    public override string ToString() => text;
}

/// <summary>URLs as Go's net/url reads them: absolute, or a path from the root.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/urls.go.</remarks>
internal static class UrlLibrary
{
    public static CelLibrary Build() => new CelLibrary()
        .AddType("kubernetes.URL", CelUrl.UrlType)
        .Add("url(string) kubernetes.URL", static a => Parse(StandardLibrary.Text(a[0])), CelCostRule.Text)
        .Add("isURL(string) bool", static a => CelBool.Of(Parse(StandardLibrary.Text(a[0])) is CelUrl), CelCostRule.Text)
        .Add("kubernetes.URL.getScheme() string", static a => new CelString(Of(a[0]).Scheme))
        .Add("kubernetes.URL.getHost() string", static a => new CelString(Of(a[0]).Host))
        .Add("kubernetes.URL.getHostname() string", static a => new CelString(Of(a[0]).HostName))
        .Add("kubernetes.URL.getPort() string", static a => new CelString(Of(a[0]).Port))
        .Add("kubernetes.URL.getEscapedPath() string", static a => new CelString(EscapePath(Of(a[0]).Path)))
        .Add("kubernetes.URL.getQuery() map(string, list(string))", static a => Query(Of(a[0]).Query));

    private static CelUrl Of(CelValue value) => (CelUrl)value;

    private static CelError Fault(string text, string why) => new($"URL parse error during conversion from string: parse {GoQuote.Quote(text)}: {why}");

    private static CelValue Parse(string text)
    {
        if (text.Length == 0) return Fault(text, "empty url");
        foreach (var c in text)
            if (c is < ' ' or '\x7f') return Fault(text, "net/url: invalid control character in URL");
        var rest = text;
        var scheme = "";
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && char.IsAsciiLetter(rest[0]) && rest.AsSpan(0, colon).IndexOfAnyExcept(SchemeChars) < 0)
        {
            scheme = rest[..colon].ToLowerInvariant();
            rest = rest[(colon + 1)..];
        }
        else if (colon == 0) return Fault(text, "missing protocol scheme");
        var query = "";
        if (rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark)
        {
            query = rest[(mark + 1)..];
            rest = rest[..mark];
        }
        if (!rest.StartsWith('/'))
        {
            if (scheme.Length == 0) return Fault(text, "invalid URI for request");
            return new CelUrl(text, scheme, "", "", query);
        }
        var host = "";
        // A path alone may begin with two slashes only behind a scheme, or else names a host too.
        if (rest.StartsWith("//", StringComparison.Ordinal) && (scheme.Length > 0 || !rest.StartsWith("///", StringComparison.Ordinal)))
        {
            var slash = rest.IndexOf('/', 2);
            host = slash < 0 ? rest[2..] : rest[2..slash];
            rest = slash < 0 ? "" : rest[slash..];
            host = host[(host.LastIndexOf('@') + 1)..];
            if (HostFault(host) is { } fault) return Fault(text, fault);
        }
        if (EscapeFault(rest) is { } escape) return Fault(text, $"invalid URL escape {GoQuote.Quote(escape)}");
        return new CelUrl(text, scheme, host, rest, query);
    }

    private static readonly System.Buffers.SearchValues<char> SchemeChars =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    private static string? HostFault(string host)
    {
        var end = host.StartsWith('[') ? host.LastIndexOf(']') : -1;
        if (host.StartsWith('[') && end < 0) return "missing ']' in host";
        var colon = host.IndexOf(':', end + 1);
        if (end >= 0 && colon < 0 && end + 1 < host.Length) return $"invalid port {GoQuote.Quote(host[(end + 1)..])} after host";
        if (colon >= 0)
        {
            var port = host[(host.LastIndexOf(':') + 1)..];
            if (end < 0 && colon != host.LastIndexOf(':')) return $"invalid port {GoQuote.Quote(host[host.LastIndexOf(':')..])} after host";
            if (!port.All(char.IsAsciiDigit)) return $"invalid port {GoQuote.Quote(":" + port)} after host";
        }
        foreach (var c in host)
            if (c is ' ' or '"' or '<' or '>' or '^' or '`' or '{' or '}' or '|' or '\\') return $"invalid character {GoQuote.Quote(c.ToString())} in host name";
        return null;
    }

    private static string? EscapeFault(string path)
    {
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] != '%') continue;
            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2])) return path.Substring(i, Math.Min(3, path.Length - i));
        }
        return null;
    }

    private static string EscapePath(string path)
    {
        var text = new System.Text.StringBuilder();
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || "-_.~$&+,/:;=@%!'()*[]".Contains((char)rune.Value, StringComparison.Ordinal))) text.Append((char)rune.Value);
            else text.Append(Uri.EscapeDataString(rune.ToString()));
        }
        return text.ToString();
    }

    private static CelTable Query(string query)
    {
        var table = new CelTable();
        foreach (var group in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(static p => !p.Contains(';', StringComparison.Ordinal))
            .Select(static p => p.Split('=', 2)).GroupBy(static p => Unescape(p[0]), static p => p.Length > 1 ? Unescape(p[1]) : "", StringComparer.Ordinal))
            table.TryAdd(new CelString(group.Key), new CelValues([.. group.Select(static v => new CelString(v))]));
        return table;
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
