using System.Net;
using Orchestrator.Actors.Resources;

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
    [InlineData("", "orphan", true)]
    [InlineData("?propagationPolicy=Orphan", "orphan", false)]
    [InlineData("?orphanDependents=true", "orphan", false)]
    [InlineData("?propagationPolicy=Background", null, false)]
    [InlineData("?propagationPolicy=Foreground", "foregroundDeletion", false)]
    public async Task Job_LeavesItsPodsUnlessToldOtherwise(string query, string? finalizer, bool warns)
    {
        var ns = $"d{Interlocked.Increment(ref _names)}-{Guid.NewGuid():n}";
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{ns}}}"}}""")).Code);
        var path = $"/apis/batch/v1/namespaces/{ns}/jobs";
        var made = await server.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}""");
        Assert.True(made.Code == HttpStatusCode.Created, made.Text);

        var deleted = await server.SendAsync(HttpMethod.Delete, $"{path}/j{query}");
        Assert.Equal(warns, deleted.Headers.TryGetValues("Warning", out var warnings) && warnings.Single().Contains("child pods are preserved by default", StringComparison.Ordinal));
        var (code, left, _, _) = await server.GetAsync($"{path}/j");
        if (finalizer is null) Assert.Equal(HttpStatusCode.NotFound, code);
        else Assert.Equal([finalizer], left!["metadata"]!["finalizers"]!.AsArray().Select(static f => (string?)f));
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
