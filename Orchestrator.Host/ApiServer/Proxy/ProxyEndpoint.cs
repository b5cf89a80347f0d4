using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>The <c>proxy</c> subresources of pods, services and nodes: any request, handed on and answered from there.</summary>
/// <remarks>
/// Redirects are never followed. A connection is piped only once the other side has itself answered 101. Credentials of the API
/// server's user stay here. Source: k8s.io/apimachinery, util/proxy UpgradeAwareHandler and Transport.
/// </remarks>
public sealed class ProxyEndpoint : IDisposable
{
    private static readonly HttpRequestOptionsKey<ProxyTarget> TargetKey = new("target");
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    private readonly ProxyTargets _targets;
    private readonly HttpMessageInvoker _nodes;
    private readonly HttpMessageInvoker _others;
    private readonly CancellationToken _stopping;

    public ProxyEndpoint(ProxyTargets targets, HttpMessageInvoker nodes, CancellationToken stopping)
    {
        (_targets, _nodes, _stopping) = (targets, nodes, stopping);
        _others = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
#pragma warning disable CA5359 // As upstream: a pod's certificate is its own affair; which pod it is, its node vouches for.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true, EnabledSslProtocols = SslProtocols.None },
#pragma warning restore CA5359
        });
    }

    public void Dispose() => _others.Dispose();

    /// <param name="rest">The path behind the proxy, as admission has left it.</param>
    public async Task HandleAsync(HttpContext context, RequestInfo request, string rest)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        var path = ProxyPath.Of(context.Request, request);
        if (path.Rest != rest) path = path with { Rest = rest.Length == 0 || rest[0] == '/' ? rest : "/" + rest };
        if (path.Rest.Length == 0 && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            // Relative links of the site's first page need the slash.
            context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            context.Response.Headers.Location = $"{path.Prefix}/{context.Request.QueryString.Value}";
            return;
        }
        var (target, error) = await _targets.FindAsync(request, ending.Token).ConfigureAwait(false);
        if (target is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        try
        {
            await ForwardAsync(context, target, path, ending.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            await StatusWriter.WriteAsync(context, ProxyTargets.ApiErrors.Unreachable(e.InnerException is { } inner && e.HttpRequestError != HttpRequestError.Unknown ? inner.Message : e.Message)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && (context.Response.HasStarted || ending.IsCancellationRequested))
        {
            if (!ending.IsCancellationRequested) context.Abort();
        }
    }

    private async Task ForwardAsync(HttpContext context, ProxyTarget target, ProxyPath path, CancellationToken cancellationToken)
    {
        var upgrade = ProxyHeaders.WantsUpgrade(context.Request.Headers) ? context.Features.Get<IHttpUpgradeFeature>() : null;
        using var message = MessageOf(context, target, path, upgrade is { IsUpgradableRequest: true });
        using var response = await (target.IsNode ? _nodes : _others).SendAsync(message, cancellationToken).ConfigureAwait(false);
        var links = new ProxyLinks(path.Prefix, target.Address, context.Request.Host.Value ?? "");
        await ProxyExchange.AnswerAsync(context, response, upgrade is { IsUpgradableRequest: true } ? upgrade : null, links, cancellationToken).ConfigureAwait(false);
    }

    private static HttpRequestMessage MessageOf(HttpContext context, ProxyTarget target, ProxyPath path, bool upgrade)
    {
        var uri = new Uri($"{target.Scheme}://{target.Authority}{(path.Rest.Length == 0 ? "/" : path.Rest)}{context.Request.QueryString.Value}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = ProxyExchange.MessageOf(context, uri, upgrade);
        message.Options.Set(TargetKey, target);
        // Which node is asked was decided, and authorized; a client that says so itself is not heard.
        message.Headers.Remove(ServedNodes.Header);
        if (target.IsNode) message.Headers.Add(ServedNodes.Header, target.Node);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Uri", path.Prefix + path.Rest);
        return message;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.TryGetValue(TargetKey, out var target);
        return target?.Dial is { } dial
            ? await ThroughNodeAsync(dial, target.Node, cancellationToken).ConfigureAwait(false)
            : await ToMachineAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Stream> ThroughNodeAsync(Uri dial, string node, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, dial) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Connection.Add("Upgrade");
        message.Headers.Upgrade.ParseAdd("tcp");
        message.Headers.Add(ServedNodes.Header, node);
        var response = await _nodes.SendAsync(message, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols) return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using (response) throw new IOException(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Connects to another port of a node, unless its address is one that a user must not be directed to.</summary>
    private static async Task<Stream> ToMachineAsync(DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        // The addresses that were looked at are those that are dialled: a name may mean something else a moment later.
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.Length == 0 || !addresses.All(ProxyTargets.IsPublic)) throw new IOException(ProxyTargets.NotAllowed);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endpoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
