using System.Net;
using System.Text;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Proxy;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class ProxyTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Prefix = "/api/v1/namespaces/default/pods/web/proxy";

    [Theory]
    [InlineData("/a?b=c", Prefix + "/a?b=c")]
    [InlineData("/", Prefix + "/")]
    [InlineData("http://10.0.0.1:80/a/", Prefix + "/a/")]
    [InlineData("https://API.example", Prefix + "/")]
    [InlineData("//10.0.0.1:80?q", Prefix + "/?q")]
    [InlineData(Prefix + "/already", Prefix + "/already")]
    [InlineData("relative/link", "relative/link")]
    [InlineData("http://elsewhere/a", "http://elsewhere/a")]
    [InlineData("mailto:someone", "mailto:someone")]
    [InlineData("", "")]
    public void Links_OfTheSiteToItself_LeadThroughTheProxy(string link, string expected) =>
        Assert.Equal(expected, new ProxyLinks(Prefix, "10.0.0.1:80", "api.example").Rewrite(link));

    [Theory]
    [InlineData("<a href=\"/x\">", "<a href=\"P/x\">")]
    [InlineData("<a class=b href='/x' id=/y>/z</a>", "<a class=b href='P/x' id=/y>/z</a>")]
    [InlineData("<IMG SRC=/i.png alt=\"a > b\"><p href=/x>", "<IMG SRC=P/i.png alt=\"a > b\"><p href=/x>")]
    [InlineData("<!-- <a href=/x> --><a href=/y>", "<!-- <a href=/x> --><a href=P/y>")]
    [InlineData("<script src=/s>'<a href=/x>'</script><a href=/y>", "<script src=P/s>'<a href=/x>'</script><a href=P/y>")]
    [InlineData("<style>a<b</style><link href=/y>", "<style>a<b</style><link href=P/y>")]
    [InlineData("<form action=/f><input disabled formaction=/g>", "<form action=P/f><input disabled formaction=P/g>")]
    [InlineData("1 < 2 and <a href=/x", "1 < 2 and <a href=/x")]
    [InlineData("\u00e9\u00ff<a\nhref = /x>", "\u00e9\u00ff<a\nhref = /x>")]
    public async Task Html_InPiecesOfAnySize_HasItsLinksRewrittenAndNothingElse(string html, string expected)
    {
        foreach (var piece in (int[])[1, 2, 3, 7, 1000])
        {
            using var to = new MemoryStream();
            await HtmlRewriter.CopyAsync(new Pieces(Encoding.Latin1.GetBytes(html), piece), to, link => link.StartsWith('/') ? "P" + link : link, default);
            Assert.Equal(expected, Encoding.Latin1.GetString(to.ToArray()));
        }
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.8.8", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("10.1.2.3", true)]
    [InlineData("fd00::1", true)]
    public void Addresses_ThatNobodyMayBeDirectedTo(string address, bool allowed) => Assert.Equal(allowed, ProxyTargets.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("pods/a:b:c:d/proxy/", HttpStatusCode.BadRequest, "invalid pod request \"a:b:c:d\"")]
    [InlineData("services/ftp:a:80/proxy/", HttpStatusCode.BadRequest, "invalid service request \"ftp:a:80\"")]
    [InlineData("pods/none/proxy/", HttpStatusCode.NotFound, "pods \"none\" not found")]
    [InlineData("pods/stolen:80/proxy/", HttpStatusCode.BadRequest, "address not allowed")]
    [InlineData("pods/local:80/proxy/", HttpStatusCode.BadRequest, "address not allowed")]
    [InlineData("services/svc:81/proxy/", HttpStatusCode.ServiceUnavailable, "no service port 81 found for service \"svc\"")]
    [InlineData("services/svc:80/proxy/", HttpStatusCode.ServiceUnavailable, "no endpoints available for service \"svc:80\"")]
    public async Task Targets_ThatAreNone(string path, HttpStatusCode code, string message)
    {
        foreach (var (name, ip) in ((string, string)[])[("stolen", "169.254.169.254"), ("local", "127.0.0.1")]) await EnsurePodAsync(name, ip);
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/services", """{"metadata":{"name":"svc"},"spec":{"clusterIP":"None","ports":[{"port":80}]}}""");

        var answer = await server.GetAsync("/api/v1/namespaces/default/" + path);

        Assert.Equal((code, message), (answer.Code, (string?)answer.Json?["message"]));
    }

    [Fact]
    public async Task Node_IsAskedForThePathAsItWasSent_WithoutTheUsersCredentials()
    {
        await server.SendAsync(HttpMethod.Post, "/api/v1/nodes", """{"metadata":{"name":"n-proxy"}}""");
        await server.SendAsync(HttpMethod.Put, "/api/v1/nodes/n-proxy/status",
            """{"metadata":{"name":"n-proxy"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.9"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""");
        HttpRequestMessage? asked = null;
        server.Node.Answer = message =>
        {
            asked = message;
            var answer = new HttpResponseMessage(HttpStatusCode.Found) { Content = new StringContent("moved") };
            answer.Headers.Location = new Uri("/logs/", UriKind.Relative);
            answer.Headers.Add("X-Answer", "yes");
            answer.Headers.TryAddWithoutValidation("Access-Control-Allow-Origin", "*");
            answer.Headers.Connection.Add("X-Hop");
            answer.Headers.Add("X-Hop", "1");
            return answer;
        };
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = static (_, c, _, _) => c?.Issuer == "CN=test-authority" } };
        using var client = new HttpClient(handler) { BaseAddress = server.Url };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{server.Url}api/v1/nodes/n-proxy/proxy/a%2Fb//c/?watch=true", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Add("Authorization", "Bearer " + ApiServerFixture.Token);
        request.Headers.Add("X-Passed", "1");

        using var response = await client.SendAsync(request);

        Assert.Equal("https://10.0.0.9:10250/a%2Fb//c/?watch=true", asked!.RequestUri!.OriginalString);
        Assert.False(asked.Headers.Contains("Authorization"));
        Assert.True(asked.Headers.Contains("X-Passed") && asked.Headers.Contains("X-Forwarded-For"));
        Assert.Equal("/api/v1/nodes/n-proxy/proxy/a%2Fb//c/", asked.Headers.GetValues("X-Forwarded-Uri").Single());
        Assert.Equal((HttpStatusCode.Found, "/api/v1/nodes/n-proxy/proxy/logs/"), (response.StatusCode, response.Headers.Location!.OriginalString));
        Assert.True(response.Headers.Contains("X-Answer"));
        Assert.False(response.Headers.Contains("X-Hop") || response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/ns/pods/p/proxy/x?watch=true", "get", "x")]
    [InlineData("DELETE", "/api/v1/nodes/n/proxy", "delete", "")]
    [InlineData("OPTIONS", "/api/v1/nodes/n/proxy/a/b", "", "a/b")]
    public void RequestInfo_OfAProxy(string method, string path, string verb, string rest)
    {
        var info = RequestInfo.Parse(method, path.Split('?')[0], watch: path.Contains("watch=true", StringComparison.Ordinal));

        Assert.Equal((verb, "proxy", rest), (info.Verb, info.Subresource, info.Rest));
    }

    private async Task EnsurePodAsync(string name, string ip)
    {
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods", $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}""");
        await server.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/default/pods/{name}/status", $$$"""{"status":{"podIP":"{{{ip}}}","podIPs":[{"ip":"{{{ip}}}"}]}}""", "application/merge-patch+json");
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int length) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(length, buffer.Length)], cancellationToken);
    }
}
