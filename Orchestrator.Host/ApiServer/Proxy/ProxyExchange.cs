using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Host.ApiServer.Proxy;

/// <summary>One request handed on and its answer handed back, whoever is behind the proxy.</summary>
internal static class ProxyExchange
{
    /// <summary>The request as another server gets it, without what only concerns us.</summary>
    /// <param name="upgrade">The connection is to become something else.</param>
    public static HttpRequestMessage MessageOf(HttpContext context, Uri uri, bool upgrade)
    {
        var request = context.Request;
        var message = new HttpRequestMessage(new HttpMethod(request.Method), uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } && request.ContentLength is null && !upgrade)
            message.Content = new StreamContent(request.Body);
        ProxyHeaders.CopyRequest(context, message, upgrade);
        return message;
    }

    /// <summary>Hands the answer back as it comes, or joins the two connections when the other server has switched protocols.</summary>
    /// <param name="upgrade">Null when the client did not ask for it.</param>
    public static async Task AnswerAsync(HttpContext context, HttpResponseMessage response, IHttpUpgradeFeature? upgrade, ProxyLinks links, CancellationToken cancellationToken)
    {
        ProxyHeaders.CopyResponse(response, context.Response, links);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            if (upgrade is null) throw new HttpRequestException("the backend switched protocols without being asked");
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
}
