using System.Buffers.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Tokens that browsers offer as a protocol of a WebSocket.</summary>
public sealed class WebSocketTokenTests
{
    private const string Prefix = "base64url.bearer.authorization.k8s.io.";

    private static readonly string Secret = Prefix + Base64Url.EncodeToString("secret"u8);

    private readonly Authenticator _authenticator = new(
        new ClientCertificates([], TimeProvider.System), [new StaticTokens(StaticTokens.Read(["secret,jane,1"]))], ["api"], anonymous: static () => AnonymousAccess.Everywhere);

    [Fact]
    public async Task Token_AmongTheProtocols_TellsWho_AndIsNotPassedOn()
    {
        var request = Request($"v5.channel.k8s.io, {Secret}", "v4.channel.k8s.io");
        Assert.Equal("jane", (await _authenticator.AuthenticateAsync(request))!.Name);
        Assert.Equal("v5.channel.k8s.io,v4.channel.k8s.io", request.Request.Headers.SecWebSocketProtocol.ToString());
    }

    public static TheoryData<string> Unusable => new()
    {
        Secret,
        $"v5.channel.k8s.io,{Secret},{Secret}",
        $"v5.channel.k8s.io,{Prefix}c2VjcmV0Cg==",
        $"v5.channel.k8s.io,{Prefix}*",
        $"v5.channel.k8s.io,{Prefix}" + Base64Url.EncodeToString([0xff]),
        $"v5.channel.k8s.io,{Prefix}" + Base64Url.EncodeToString("wrong"u8),
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task Token_ThatCannotBeUsed_TurnsTheRequestAway(string protocols)
    {
        var request = Request(protocols);
        Assert.Null(await _authenticator.AuthenticateAsync(request));
        Assert.True(Authenticator.IsShown(request));
    }

    [Fact]
    public async Task Protocols_WithoutToken_OrOfNoWebSocket_AreLeftAsTheyAre()
    {
        var plain = Request("v5.channel.k8s.io");
        Assert.Equal(UserInfo.Anonymous, (await _authenticator.AuthenticateAsync(plain))!.Name);
        Assert.False(Authenticator.IsShown(plain));
        var other = Request($"v5.channel.k8s.io,{Secret}");
        other.Request.Headers.Upgrade = "SPDY/3.1";
        Assert.Equal(UserInfo.Anonymous, (await _authenticator.AuthenticateAsync(other))!.Name);
        Assert.Equal($"v5.channel.k8s.io,{Secret}", other.Request.Headers.SecWebSocketProtocol.ToString());
    }

    private static DefaultHttpContext Request(params string[] protocols)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Connection = "keep-alive, Upgrade";
        context.Request.Headers.Upgrade = "WebSocket";
        context.Request.Headers.SecWebSocketProtocol = protocols;
        return context;
    }
}
