using System.Net;
using System.Text;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Documents about the API in each form in which they can be asked for.</summary>
public sealed class DiscoveryTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private async Task<HttpResponseMessage> AskAsync(string path, string accept, string agent = "kubectl")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        return await server.Admin.SendAsync(request);
    }

    // An envelope of four bytes and a type (1) of an apiVersion (1) and a kind (2).
    [Theory]
    [InlineData("/api", "APIVersions", "v1")]
    [InlineData("/apis", "APIGroupList", "apps")]
    [InlineData("/apis/apps", "APIGroup", "apps/v1")]
    [InlineData("/apis/apps/v1", "APIResourceList", "deployments/scale")]
    [InlineData("/api/v1", "APIResourceList", "pods/log")]
    public async Task OlderForms_AreToldInProtobuf(string path, string kind, string part)
    {
        using var answer = await AskAsync(path, "application/vnd.kubernetes.protobuf");
        Assert.Equal("application/vnd.kubernetes.protobuf", answer.Content.Headers.ContentType!.MediaType);
        var body = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync());
        Assert.StartsWith($"k8s\0\n{(char)(kind.Length + 6)}\n\u0002v1\u0012{(char)kind.Length}{kind}", body, StringComparison.Ordinal);
        Assert.Contains(part, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregated_MayBeKeptByAnybody_AndIsNotToldInProtobuf()
    {
        using var answer = await AskAsync("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        Assert.Equal("public", answer.Headers.CacheControl!.ToString());
        using var refused = await AskAsync("/apis", "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
    }

    [Theory]
    [InlineData("/apis/apps", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/apis/apps/v1", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/api/v1", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/apis/nobody.example.com", HttpStatusCode.NotFound)]
    public async Task OtherMethods_AreRefusedWhereThereIsADocument(string path, HttpStatusCode expected) =>
        Assert.Equal(expected, (await server.SendAsync(HttpMethod.Post, path, "{}")).Code);

    [Theory]
    [InlineData("/openapi/v2")]
    [InlineData("/openapi/v3")]
    [InlineData("/openapi/v3/apis/apps/v1")]
    public async Task OpenApi_IsTheSameBytesForPeopleToo(string path)
    {
        using var people = await AskAsync(path, "*/*", "curl/8.0");
        using var programs = await AskAsync(path, "application/json");
        Assert.Equal(await programs.Content.ReadAsStringAsync(), await people.Content.ReadAsStringAsync());
        Assert.Equal(programs.Headers.ETag, people.Headers.ETag);
    }
}
