using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>Which headers pass a proxy.</summary>
internal static class ProxyHeaders
{
    /// <summary>They speak of one connection, and we have two. Source: RFC 9110, section 7.6.1.</summary>
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whom a browser's script may be is for the API server to say, not for a pod. Source: util/proxy corsRemovingTransport.</summary>
    private static readonly FrozenSet<string> CrossOrigin = new[]
    {
        "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool WantsUpgrade(IHeaderDictionary headers) =>
        headers.Upgrade.Count > 0 && Tokens(headers.Connection).Contains("Upgrade", StringComparer.OrdinalIgnoreCase);

    public static void CopyRequest(HttpContext context, HttpRequestMessage message, bool upgrade)
    {
        var headers = context.Request.Headers;
        var named = Tokens(headers.Connection);
        foreach (var (name, values) in headers)
        {
            if (HopByHop.Contains(name) || named.Contains(name, StringComparer.OrdinalIgnoreCase) || IsCredential(name) || name.StartsWith(':')) continue;
            if (string.Equals(name, "Host", StringComparison.OrdinalIgnoreCase) || string.Equals(name, "X-Forwarded-For", StringComparison.OrdinalIgnoreCase)
                || string.Equals(name, "X-Forwarded-Uri", StringComparison.OrdinalIgnoreCase)) continue;
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) message.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        message.Headers.Host = context.Request.Host.Value;
        if (context.Connection.RemoteIpAddress is { } client)
            message.Headers.TryAddWithoutValidation("X-Forwarded-For", headers.TryGetValue("X-Forwarded-For", out var before) ? $"{before}, {client}" : client.ToString());
        if (!upgrade) return;
        message.Headers.Connection.Add("Upgrade");
        message.Headers.TryAddWithoutValidation("Upgrade", headers.Upgrade.ToString());
    }

    public static void CopyResponse(HttpResponseMessage from, HttpResponse to, ProxyLinks links)
    {
        to.StatusCode = (int)from.StatusCode;
        var named = from.Headers.Connection;
        foreach (var (name, values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            if (HopByHop.Contains(name) || CrossOrigin.Contains(name) || named.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            if (string.Equals(name, "Location", StringComparison.OrdinalIgnoreCase)) to.Headers.Location = links.Rewrite(values.ToString());
            else to.Headers.Append(name, new StringValues([.. values]));
        }
    }

    /// <summary>What tells the API server who asks must not reach what is behind it.</summary>
    private static bool IsCredential(string name) =>
        string.Equals(name, "Authorization", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("X-Remote-", StringComparison.OrdinalIgnoreCase);

    private static string[] Tokens(StringValues values) =>
        [.. values.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}

/// <summary>The path of a proxied request, as it was sent: what is before and what is after the proxy.</summary>
/// <param name="Prefix">Up to <c>proxy</c>, without a slash at its end.</param>
/// <param name="Rest">Empty, or with a slash at its beginning.</param>
internal readonly record struct ProxyPath(string Prefix, string Rest)
{
    public static ProxyPath Of(HttpRequest request, RequestInfo info)
    {
        var raw = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget ?? "";
        var end = raw.IndexOf('?', StringComparison.Ordinal);
        if (end >= 0) raw = raw[..end];
        // Only the path that was authorized counts. Where the server has tidied it, the sent one may not even have the same parts.
        if (!raw.StartsWith('/') || HasDots(raw)) raw = request.Path.ToUriComponent();
        var parts = info.Namespace.Length > 0 ? 7 : 5;
        var at = 0;
        while (parts > 0 && at < raw.Length)
        {
            while (at < raw.Length && raw[at] == '/') at++;
            while (at < raw.Length && raw[at] != '/') at++;
            parts--;
        }
        return new ProxyPath(raw[..at], raw[at..]);
    }

    private static bool HasDots(string raw) => raw.Split('/').Any(part => Uri.UnescapeDataString(part) is "." or "..");
}
