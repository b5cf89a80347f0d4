using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Authentication;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server that lets in strangers, and believes a front proxy and tokens of accounts.</summary>
public sealed class OpenServer : ApiServerFixture
{
    // All servers of a cluster sign by one key.
    private static readonly LocalSigner Signer = new();

    /// <summary>An authority beside the cluster's own.</summary>
    public X509Certificate2 Guests { get; } = MakeAuthority("CN=guests");

    protected override ApiServerOptions Configure(ApiServerOptions options) => options with
    {
        Anonymous = static () => AnonymousAccess.Everywhere,
        MoreClientAuthorities = [Guests],
        FrontProxyAuthorities = options.ClientAuthorities,
        FrontProxyNames = ["aggregator"],
        TokenSigner = Signer,
        Tokens = new TokenRequests(Registries, Signer, options.TokenIssuance, new RandomIdentitySource(), TimeProvider.System),
    };
}

/// <summary>Who a server takes a request to be from.</summary>
public sealed class LetInTests(OpenServer server, ApiServerFixture closed) : IClassFixture<OpenServer>, IClassFixture<ApiServerFixture>
{
    private const string Who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

    [Fact]
    public async Task Stranger_IsAnonymous_WhereThatIsOn_AndNobodyElse()
    {
        var (code, user) = await WhoAsync(server.Stranger);
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal(("system:anonymous", "system:unauthenticated"), ((string?)user!["username"], (string?)user["groups"]![0]));
        Assert.Single(user["groups"]!.AsArray());

        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(closed.Stranger)).Code);
        // Who shows something that is not believed is not taken for a stranger.
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server.Stranger, ("Authorization", "Bearer wrong"))).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(server.Stranger, ("Authorization", "Bearer wrong more"))).Code);
        // Nobody here looks at passwords: who shows one has shown nothing.
        Assert.Equal("system:anonymous", (string?)(await WhoAsync(server.Stranger, ("Authorization", "Basic YTpi"))).User!["username"]);
        Assert.Equal("system:anonymous", (string?)(await WhoAsync(server.Stranger, ("Authorization", "Bearer"))).User!["username"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(closed.Stranger, ("Authorization", "Basic YTpi"))).Code);
        using var foreign = server.Client(server.ForeignCertificate());
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(foreign)).Code);
    }

    [Fact]
    public async Task FrontProxy_NamesItsUsers_AndNobodyElseDoes()
    {
        (string, string)[] headers = [("X-Remote-User", "jane"), ("X-Remote-Group", "dev"), ("X-Remote-Uid", "u1"), ("X-Remote-Extra-Acme.com%2Fscopes", "view")];
        using var proxy = server.Client(server.Issue("CN=aggregator", server: false));
        var (_, user) = await WhoAsync(proxy, headers);
        Assert.Equal(("jane", "u1", "view"), ((string?)user!["username"], (string?)user["uid"], (string?)user["extra"]!["acme.com/scopes"]![0]));
        Assert.Equal(["dev", "system:authenticated"], user["groups"]!.AsArray().Select(static g => (string?)g));

        // A proxy that names nobody is itself; another certificate and a stranger name nobody.
        Assert.Equal("aggregator", (string?)(await WhoAsync(proxy)).User!["username"]);
        using var other = server.Client(server.Issue("CN=other", server: false));
        Assert.Equal("other", (string?)(await WhoAsync(other, headers)).User!["username"]);
        Assert.Equal("system:anonymous", (string?)(await WhoAsync(server.Stranger, headers)).User!["username"]);
    }

    [Fact]
    public void FrontProxy_NameGivenTwice_CountsOnce_AndAKeyWrittenInTwoWaysIsOne()
    {
        using var certificate = server.Issue("CN=proxy", server: false, server.Guests);
        var proxy = new FrontProxy(new ClientCertificates([server.Guests], TimeProvider.System), []);
        var user = proxy.UserOf(certificate, new Microsoft.AspNetCore.Http.HeaderDictionary
        {
            ["X-Remote-User"] = new(["", "jane", "root"]),
            ["X-Remote-Extra-a%2Fb"] = "1",
            ["X-Remote-Extra-A/b"] = "2",
        })!;
        Assert.Equal("jane", user.Name);
        Assert.Equal(["1", "2"], user.Extra["a/b"].AsEnumerable());
    }

    [Fact]
    public async Task Certificate_OfAnAuthorityBetween_LetsInWithIt()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var bare = request.Create(server.Guests, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(120), [1, 2, 3]);
        using var between = bare.CopyWithPrivateKey(key);
        using var certificate = server.Issue("CN=ann", server: false, between);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown?.Issuer == "CN=test-authority";
        handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, [bare], offline: true);
        using var guest = new HttpClient(handler) { BaseAddress = server.Url };
        Assert.Equal("ann", (string?)(await WhoAsync(guest)).User?["username"]);
        // Alone it is nobody's.
        using var alone = server.Client(certificate);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(alone)).Code);
    }

    [Fact]
    public async Task Certificate_OfAFurtherAuthority_LetsIn_AndClientsAreToldWhoseAreBelieved()
    {
        using var certificate = server.Issue("O=visitors, CN=joe", server: false, server.Guests);
        using var guest = server.Client(certificate);
        Assert.Equal("joe", (string?)(await WhoAsync(guest)).User!["username"]);
        using var atHome = closed.Client(certificate);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(atHome)).Code);

        Assert.Equal(["CN=guests", "CN=test-authority"], (await BelievedAsync(server.Url)).Distinct().Order());
        Assert.Equal(["CN=test-authority"], await BelievedAsync(closed.Url));
    }

    [Fact]
    public async Task Certificate_TellsGroupsInItsOrder_AndTheLastOfItsNames()
    {
        using var certificate = server.Issue("CN=last, O=second, O=first, CN=early", server: false);
        using var client = server.Client(certificate);
        var user = (await WhoAsync(client)).User!;
        Assert.Equal("last", (string?)user["username"]);
        Assert.Equal(["first", "second", "system:authenticated"], user["groups"]!.AsArray().Select(static g => (string?)g));
        Assert.Equal($"X509SHA256={certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant()}",
            (string?)user["extra"]!["authentication.kubernetes.io/credential-id"]![0]);
    }

    /// <summary>The names that a server asks certificates of.</summary>
    private static async Task<string[]> BelievedAsync(Uri url)
    {
        string[] names = [];
        using var connection = new TcpClient();
        await connection.ConnectAsync(url.Host, url.Port);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = url.Host,
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == "CN=test-authority",
            LocalCertificateSelectionCallback = (_, _, _, _, issuers) =>
            {
                if (issuers.Length > 0) names = issuers;
                return null!;
            },
        });
        return names;
    }

    [Fact]
    public async Task TokenOfAnAccount_LetsIn()
    {
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"bot"}}""")).Code);
        var made = await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/serviceaccounts/bot/token", """{"spec":{"audiences":[]}}""");
        var token = (string)made.Json!["status"]!["token"]!;

        Assert.Equal("system:serviceaccount:default:bot", (string?)(await WhoAsync(server.Stranger, ("Authorization", $"Bearer {token}"))).User!["username"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WhoAsync(closed.Stranger, ("Authorization", $"Bearer {token}"))).Code);
    }

    private static async Task<(HttpStatusCode Code, JsonNode? User)> WhoAsync(HttpClient client, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Who) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, json?["status"] is JsonObject status ? status["userInfo"] : null);
    }
}
