using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Node.Endpoint;

/// <summary>How a client is spoken to once its request has become a stream.</summary>
public enum StreamTransport
{
    /// <summary>WebSocket messages that begin with the number of a channel.</summary>
    Channels,

    /// <summary>The same with base64 as text.</summary>
    Base64Channels,

    /// <summary>A SPDY/3.1 connection.</summary>
    Spdy,

    /// <summary>A SPDY/3.1 connection inside the messages of a WebSocket.</summary>
    TunneledSpdy,
}

/// <summary>What was agreed upon with a client.</summary>
/// <param name="Protocol">In the client's words; empty when it offers none.</param>
/// <param name="Version">Of the remote command protocol, 1 to 5.</param>
public readonly record struct AgreedStream(StreamTransport Transport, string Protocol, int Version);

/// <summary>Chooses the protocol of exec, attach and port-forward.</summary>
/// <remarks>Source: k8s.io/kubelet, cri/streaming/remotecommand and portforward; k8s.io/apimachinery, httpstream Handshake.</remarks>
public static class StreamNegotiation
{
    public const string ProtocolHeader = "X-Stream-Protocol-Version";
    private const string AcceptedHeader = "Accepted-Protocol-Versions";
    private const string Channel = "channel.k8s.io";
    private const string PortForward = "portforward.k8s.io";

    /// <summary>The protocol of an exec or attach, or null when the request was refused, which has been answered.</summary>
    public static Task<AgreedStream?> CommandAsync(HttpContext http) => ChooseAsync(http, WebSocketCommand, ["v4." + Channel, "v3." + Channel, "v2." + Channel, Channel]);

    /// <summary>The protocol of a port-forward, or null when the request was refused, which has been answered.</summary>
    public static Task<AgreedStream?> PortForwardAsync(HttpContext http) => ChooseAsync(http, WebSocketPortForward, [PortForward]);

    private static async Task<AgreedStream?> ChooseAsync(HttpContext http, Func<string, AgreedStream?> webSocket, string[] spdy)
    {
        if (WebSocketHandshake.IsRequested(http.Request))
        {
            var offered = WebSocketHandshake.Offered(http.Request);
            if (offered.Length == 0) return webSocket("");
            foreach (var name in offered)
                if (webSocket(name) is { } agreed) return agreed;
            await RefuseAsync(http, StatusCodes.Status400BadRequest, $"unable to upgrade: none of the protocols [{string.Join(' ', offered)}] is served").ConfigureAwait(false);
            return null;
        }
        var upgradable = http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        if (!upgradable || !string.Equals(http.Request.Headers.Upgrade, "SPDY/3.1", StringComparison.OrdinalIgnoreCase))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "unable to upgrade: missing upgrade headers in request").ConfigureAwait(false);
            return null;
        }
        string[] wanted = [.. http.Request.Headers[ProtocolHeader].SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        // The first clients named no version.
        if (wanted.Length == 0) return new AgreedStream(StreamTransport.Spdy, "", 1);
        foreach (var name in wanted)
            if (spdy.Contains(name)) return new AgreedStream(StreamTransport.Spdy, name, VersionOf(name));
        http.Response.Headers[AcceptedHeader] = spdy;
        await RefuseAsync(http, StatusCodes.Status403Forbidden,
            $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', wanted)}], server accepts [{string.Join(' ', spdy)}]").ConfigureAwait(false);
        return null;
    }

    private static AgreedStream? WebSocketCommand(string name) => name switch
    {
        "" => new AgreedStream(StreamTransport.Channels, "", 1),
        "base64." + Channel => new AgreedStream(StreamTransport.Base64Channels, name, 1),
        "v4.base64." + Channel => new AgreedStream(StreamTransport.Base64Channels, name, 4),
        Channel or "v1." + Channel or "v2." + Channel or "v3." + Channel or "v4." + Channel or "v5." + Channel => new AgreedStream(StreamTransport.Channels, name, VersionOf(name)),
        _ => null,
    };

    private static AgreedStream? WebSocketPortForward(string name) => name switch
    {
        "SPDY/3.1+" + PortForward => new AgreedStream(StreamTransport.TunneledSpdy, name, 1),
        "" or Channel or "v4." + Channel or PortForward => new AgreedStream(StreamTransport.Channels, name, 4),
        "base64." + Channel or "v4.base64." + Channel => new AgreedStream(StreamTransport.Base64Channels, name, 4),
        _ => null,
    };

    private static int VersionOf(string name) => name[0] == 'v' && int.TryParse(name.AsSpan(1, 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 1;

    internal static async Task RefuseAsync(HttpContext http, int code, string why)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync(why, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers 101 and hands the connection over to SPDY.</summary>
    internal static async Task<Stream> UpgradeToSpdyAsync(HttpContext http, string protocol)
    {
        http.Response.Headers.Upgrade = "SPDY/3.1";
        if (protocol.Length > 0) http.Response.Headers[ProtocolHeader] = protocol;
        return await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
    }
}
