using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Orchestrator.Actors.Resources;

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

    public async Task HandleAsync(HttpContext context, RequestInfo request)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        var path = ProxyPath.Of(context.Request, request);
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
        ProxyHeaders.CopyResponse(response, context.Response, links);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            if (upgrade is not { IsUpgradableRequest: true }) throw new HttpRequestException("the backend switched protocols without being asked");
            context.Response.Headers.Upgrade = response.Headers.Upgrade.ToString();
            var backend = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using var closing = backend.ConfigureAwait(false);
            await NodeProxy.PipeAsync(await upgrade.UpgradeAsync().ConfigureAwait(false), backend, cancellationToken).ConfigureAwait(false);
            return;
        }
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var encoding = string.Join(',', response.Content.Headers.ContentEncoding);
            var html = response.Content.Headers.ContentType?.MediaType == "text/html" && encoding is "" or "gzip" or "deflate" && !HttpMethods.IsHead(context.Request.Method);
            if (html)
            {
                context.Response.ContentLength = null;
                await RewriteAsync(body, context.Response.Body, encoding, links, cancellationToken).ConfigureAwait(false);
            }
            else await CopyAsync(body, context.Response.Body, cancellationToken).ConfigureAwait(false);
        }
    }

    private static HttpRequestMessage MessageOf(HttpContext context, ProxyTarget target, ProxyPath path, bool upgrade)
    {
        var request = context.Request;
        var uri = new Uri($"{target.Scheme}://{target.Authority}{(path.Rest.Length == 0 ? "/" : path.Rest)}{request.QueryString.Value}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(new HttpMethod(request.Method), uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Options.Set(TargetKey, target);
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } && request.ContentLength is null && !upgrade)
            message.Content = new StreamContent(request.Body);
        ProxyHeaders.CopyRequest(context, message, upgrade);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Uri", path.Prefix + path.Rest);
        return message;
    }

    private static async Task RewriteAsync(Stream from, Stream to, string encoding, ProxyLinks links, CancellationToken cancellationToken)
    {
        if (encoding.Length == 0)
        {
            await HtmlRewriter.CopyAsync(from, to, links.Rewrite, cancellationToken).ConfigureAwait(false);
            return;
        }
        var gzip = encoding == "gzip";
        Stream plain = gzip ? new GZipStream(from, CompressionMode.Decompress) : new ZLibStream(from, CompressionMode.Decompress);
        Stream packed = gzip ? new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true) : new ZLibStream(to, CompressionLevel.Fastest, leaveOpen: true);
        await using var _ = plain.ConfigureAwait(false);
        await using (packed.ConfigureAwait(false)) await HtmlRewriter.CopyAsync(plain, packed, links.Rewrite, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.TryGetValue(TargetKey, out var target);
        return target?.Dial is { } dial
            ? await ThroughNodeAsync(dial, cancellationToken).ConfigureAwait(false)
            : await ToMachineAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Stream> ThroughNodeAsync(Uri dial, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, dial) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Connection.Add("Upgrade");
        message.Headers.Upgrade.ParseAdd("tcp");
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
