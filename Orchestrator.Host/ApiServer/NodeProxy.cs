using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer.Proxy;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Host.ApiServer;

/// <summary>Hands logs and streams on from the node of a pod, byte for byte.</summary>
/// <remarks>An upgraded connection is piped only after the node itself has answered 101, and redirects are never followed:
/// otherwise a client could speak to a node with the server's own certificate.</remarks>
public sealed class NodeProxy : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Most characters of a node's refusal that are handed on.</summary>
    private const int FaultMax = 4096;

    /// <summary>What a connection may become; the node speaks both.</summary>
    private static readonly string[] Upgrades = ["websocket", "SPDY/3.1"];

    private readonly HttpMessageInvoker _nodes;
    private readonly ResourceStore _store;
    private readonly CancellationToken _stopping;

    public NodeProxy(ResourceStore store, HttpMessageInvoker nodes, CancellationToken stopping)
    {
        _store = store;
        _nodes = nodes;
        _stopping = stopping;
        Proxies = new ProxyEndpoint(new ProxyTargets(store), nodes, stopping);
    }

    /// <summary>What is reached through the nodes over HTTP.</summary>
    public ProxyEndpoint Proxies { get; }

    /// <summary>A client of the nodes that shows our certificate and believes only our authorities.</summary>
    public static HttpMessageInvoker CreateClient(X509Certificate2? certificate, X509Certificate2Collection authorities)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
                // A node's certificate names the node, and its address may change; our authority is what counts.
                RemoteCertificateValidationCallback = static (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
            },
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }
        return new HttpMessageInvoker(handler);
    }

    public void Dispose()
    {
        Proxies.Dispose();
        _nodes.Dispose();
    }

    /// <param name="query">What is asked for.</param>
    public async Task HandleAsync(HttpContext context, RequestInfo request, IQueryCollection query)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        var target = await NodeTarget.FindAsync(_store, request, query, ending.Token).ConfigureAwait(false);
        if (target.Error is { } error)
        {
            await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
            return;
        }
        if (target.Uri is not { } uri)
        {
            await ResponseWriter.WriteAsync(context, "text/plain", default).ConfigureAwait(false);
            return;
        }
        try
        {
            if (request.Subresource == "log") await StreamAsync(context, uri, target.Node, ending.Token).ConfigureAwait(false);
            else await UpgradeAsync(context, uri, target.Node, ending.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            await StatusWriter.WriteAsync(context, ApiError.Internal($"error dialing backend: {e.Message}")).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && (context.Response.HasStarted || ending.IsCancellationRequested))
        {
            // One side has gone. Cutting the connection tells the other that what it got is not all.
            if (!ending.IsCancellationRequested) context.Abort();
        }
    }

    private async Task StreamAsync(HttpContext context, Uri uri, string node, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, uri);
        message.Headers.Add(ServedNodes.Header, node);
        using var response = await _nodes.SendAsync(message, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode && await MessageSocket.TryAcceptAsync(context, cancellationToken).ConfigureAwait(false) is { } socket)
        {
            using (socket)
            {
                var log = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                await using (log.ConfigureAwait(false)) await socket.SendAllAsync(log).ConfigureAwait(false);
            }
            return;
        }
        await CopyResponseAsync(context, response, cancellationToken).ConfigureAwait(false);
    }

    private async Task UpgradeAsync(HttpContext context, Uri uri, string name, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            await StatusWriter.WriteAsync(context, ApiError.BadRequest("Upgrade request required")).ConfigureAwait(false);
            return;
        }
        var headers = context.Request.Headers;
        var protocol = Upgrades.FirstOrDefault(u => string.Equals(u, headers.Upgrade.ToString(), StringComparison.OrdinalIgnoreCase));
        if (protocol is null)
        {
            await StatusWriter.WriteAsync(context, ApiError.BadRequest($"unable to upgrade: {headers.Upgrade} is not supported")).ConfigureAwait(false);
            return;
        }
        var method = protocol == "websocket" ? HttpMethod.Get : HttpMethod.Post;
        using var message = new HttpRequestMessage(method, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Add(ServedNodes.Header, name);
        message.Headers.Connection.Add("Upgrade");
        message.Headers.Upgrade.ParseAdd(protocol);
        foreach (var header in (ReadOnlySpan<string>)["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", StreamNegotiation.ProtocolHeader])
            if (headers.TryGetValue(header, out var values)) message.Headers.TryAddWithoutValidation(header, (IEnumerable<string?>)values);

        using var response = await _nodes.SendAsync(message, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            await CopyResponseAsync(context, response, cancellationToken).ConfigureAwait(false);
            return;
        }
        foreach (var header in (ReadOnlySpan<string>)["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", StreamNegotiation.ProtocolHeader])
            if (response.Headers.TryGetValues(header, out var values)) context.Response.Headers[header] = values.ToArray();
        context.Response.Headers.Upgrade = protocol;
        var node = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (node.ConfigureAwait(false))
        {
            var client = await upgrade.UpgradeAsync().ConfigureAwait(false);
            await PipeAsync(client, node, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Copies both ways until the node has said its last word or the client has gone.</summary>
    internal static async Task PipeAsync(Stream client, Stream node, CancellationToken cancellationToken)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var toNode = client.CopyToAsync(node, 32 * 1024, done.Token);
        var toClient = node.CopyToAsync(client, 32 * 1024, done.Token);
        await Task.WhenAny(toNode, toClient).ConfigureAwait(false);
        // After the client's last frame the node may still have something to say, such as its close frame.
        if (toNode.IsCompletedSuccessfully) await Task.WhenAny(toClient, Task.Delay(TimeSpan.FromSeconds(5), done.Token)).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        foreach (var copy in (ReadOnlySpan<Task>)[toNode, toClient]) _ = copy.ContinueWith(static t => t.Exception, TaskScheduler.Default);
    }

    private static async Task CopyResponseAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // A redirect would send the client, or us, to somewhere that the node chose.
        if ((int)response.StatusCode is >= 300 and < 400)
        {
            await StatusWriter.WriteAsync(context, ApiError.Internal($"the node answered with a redirect ({(int)response.StatusCode})")).ConfigureAwait(false);
            return;
        }
        if ((int)response.StatusCode >= 400)
        {
            await StatusWriter.WriteAsync(context, await FaultOfAsync(response, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            return;
        }
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString() ?? "text/plain";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[32 * 1024];
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A refusal of the node, which says it in plain text, in the words that clients of the API understand.</summary>
    private static async Task<ApiError> FaultOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        text = text.Length > FaultMax ? text[..FaultMax] : text.Trim();
        return response.StatusCode switch
        {
            HttpStatusCode.BadRequest => ApiError.BadRequest(text),
            HttpStatusCode.Forbidden => new ApiError(403, "Forbidden", text),
            _ => ApiError.Internal(text),
        };
    }
}
