using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Node.Endpoint;

/// <summary>Turns a request into a WebSocket, with any name of a sub-protocol.</summary>
/// <remarks>
/// The framework's own way refuses names that are no HTTP tokens, and <c>SPDY/3.1+portforward.k8s.io</c> is none. Source: RFC 6455, section 4.2.
/// </remarks>
public static class WebSocketHandshake
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    public static bool IsRequested(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && string.Equals(request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
        && request.Headers.SecWebSocketKey.ToString().Length == 24 && request.Headers.SecWebSocketVersion == "13";

    /// <summary>The sub-protocols that the client offers, in its order.</summary>
    public static string[] Offered(HttpRequest request) =>
        [.. request.Headers.SecWebSocketProtocol.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    /// <param name="protocol">One of those that were offered; empty names none.</param>
    public static async Task<WebSocket> AcceptAsync(HttpContext context, string protocol)
    {
        var headers = context.Response.Headers;
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptOf(context.Request.Headers.SecWebSocketKey.ToString());
        if (protocol.Length > 0) headers.SecWebSocketProtocol = protocol;
        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = KeepAlive });
    }

#pragma warning disable CA5350 // The protocol says SHA-1; it proves that the server understood, and protects nothing.
    private static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
#pragma warning restore CA5350
}
