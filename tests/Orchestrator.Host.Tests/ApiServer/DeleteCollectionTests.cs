using System.Net;
using System.Text.Json.Nodes;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>DELETE of a collection: what it takes and what it leaves.</summary>
public sealed class DeleteCollectionTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private int _names;

    [Theory]
    [InlineData("labelSelector=app%3Dx", "", "c")]
    [InlineData("labelSelector=app+in+(x,y),app!%3Dy", "", "c")]
    [InlineData("fieldSelector=metadata.name%3Db", "", "a,c")]
    [InlineData("fieldSelector=metadata.name!%3Db", "", "b")]
    [InlineData("limit=2", "", "c")]
    [InlineData("", "", "")]
    [InlineData("dryRun=All", "", "a,b,c")]
    [InlineData("", """{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}""", "a,b,c")]
    public async Task DeletesWhatMatches(string query, string body, string left)
    {
        var path = await FilledAsync("configmaps");
        var (code, json, _, _) = await server.SendAsync(HttpMethod.Delete, $"{path}?{query}", body.Length > 0 ? body : null);

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal("ConfigMapList", (string?)json!["kind"]);
        Assert.NotEmpty((string)json["metadata"]!["resourceVersion"]!);
        Assert.Equal(left, await NamesAsync(path));
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Policy_IsThatOfEachObject(string policy, string finalizer)
    {
        var path = await FilledAsync("configmaps");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, $"{path}?propagationPolicy={policy}&labelSelector=app%3Dx")).Code);
        var items = (await server.GetAsync(path)).Json!["items"]!.AsArray();
        Assert.Equal([finalizer, finalizer, ""], items.Select(static i => (string?)i!["metadata"]!["finalizers"]?[0] ?? ""));
        Assert.Equal([true, true, false], items.Select(static i => i!["metadata"]!["deletionTimestamp"] is not null));
    }

    [Theory]
    [InlineData("propagationPolicy=Sideways", HttpStatusCode.UnprocessableEntity)]
    [InlineData("propagationPolicy=Orphan&orphanDependents=true", HttpStatusCode.UnprocessableEntity)]
    [InlineData("labelSelector=a%3D%3D%3Db", HttpStatusCode.BadRequest)]
    [InlineData("fieldSelector=spec.nothing%3Db", HttpStatusCode.BadRequest)]
    [InlineData("limit=x", HttpStatusCode.BadRequest)]
    public async Task Wrong_DeletesNothing(string query, HttpStatusCode expected)
    {
        var path = await FilledAsync("configmaps");
        Assert.Equal(expected, (await server.SendAsync(HttpMethod.Delete, $"{path}?{query}")).Code);
        Assert.Equal("a,b,c", await NamesAsync(path));
    }

    private async Task<string> FilledAsync(string resource)
    {
        var ns = $"d{Interlocked.Increment(ref _names)}-{Guid.NewGuid():n}";
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{ns}}}"}}""")).Code);
        var path = $"/api/v1/namespaces/{ns}/{resource}";
        foreach (var (name, label) in ((string, string)[])[("a", "x"), ("b", "x"), ("c", "y")])
            Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, path, $$$"""{"metadata":{"name":"{{{name}}}","labels":{"app":"{{{label}}}"} } }""")).Code);
        return path;
    }

    private async Task<string> NamesAsync(string path) =>
        string.Join(',', (await server.GetAsync(path)).Json!["items"]!.AsArray().Select(static i => (string?)i!["metadata"]!["name"]));
}
