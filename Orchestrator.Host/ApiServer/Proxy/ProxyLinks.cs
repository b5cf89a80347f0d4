namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>Turns links of a proxied site to itself into links through the proxy.</summary>
/// <param name="prefix">The path of the proxy, without a slash at its end.</param>
/// <param name="hosts">The names that the site may know itself by.</param>
/// <remarks>Source: k8s.io/apimachinery, util/proxy Transport.rewriteURL. Relative links and other hosts' stay as they are.</remarks>
public sealed class ProxyLinks(string prefix, params string[] hosts)
{
    public string Rewrite(string link)
    {
        var path = PathOf(link);
        if (path is null || path.StartsWith(prefix + "/", StringComparison.Ordinal) || path == prefix) return path ?? link;
        return prefix + path;
    }

    /// <summary>The part after the host, or null when the link is relative or leads elsewhere.</summary>
    private string? PathOf(string link)
    {
        var rest = link;
        if (link.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) rest = link[5..];
        else if (link.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) rest = link[6..];
        if (!rest.StartsWith("//", StringComparison.Ordinal)) return rest.StartsWith('/') ? rest : null;
        rest = rest[2..];
        var end = rest.AsSpan().IndexOfAny('/', '?', '#');
        var host = end < 0 ? rest : rest[..end];
        if (!hosts.Contains(host, StringComparer.OrdinalIgnoreCase)) return null;
        var path = end < 0 ? "" : rest[end..];
        return path.StartsWith('/') ? path : "/" + path;
    }
}
