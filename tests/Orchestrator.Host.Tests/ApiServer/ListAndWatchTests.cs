using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class ListAndWatchTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Secrets = "/api/v1/namespaces/default/secrets";
    private const string Maps = "/api/v1/namespaces/other/configmaps";

    [Fact]
    public async Task List_InChunks_ShowsOneState()
    {
        for (var i = 0; i < 5; i++) await MakeAsync(Secrets, $"s{i}");
        var first = await server.GetAsync(Secrets + "?limit=2");
        Assert.Equal(["s0", "s1"], Names(first.Json!));
        Assert.Equal(3, (int)first.Json!["metadata"]!["remainingItemCount"]!);
        await MakeAsync(Secrets, "s9");
        await server.SendAsync(HttpMethod.Delete, Secrets + "/s3");

        var next = (string)first.Json["metadata"]!["continue"]!;
        var second = await server.GetAsync($"{Secrets}?limit=2&continue={next}");
        Assert.Equal(["s2", "s3"], Names(second.Json!));
        Assert.Equal((string?)first.Json["metadata"]!["resourceVersion"], (string?)second.Json!["metadata"]!["resourceVersion"]);
        var third = await server.GetAsync($"{Secrets}?limit=2&continue={(string)second.Json["metadata"]!["continue"]!}");
        Assert.Equal(["s4"], Names(third.Json!));
        Assert.Null(third.Json!["metadata"]!["continue"]);

        var exact = await server.GetAsync($"{Secrets}?resourceVersionMatch=Exact&resourceVersion={(string)first.Json["metadata"]!["resourceVersion"]!}");
        Assert.Equal(["s0", "s1", "s2", "s3", "s4"], Names(exact.Json!));
    }

    [Fact]
    public async Task List_Compressed_IsTheSameAsPlain_AlsoAfterChanges()
    {
        var data = new string('x', 2000);
        for (var i = 0; i < 600; i++)
            await server.Store.CreateAsync(server.Catalog.Find("", "v1", "podtemplates")!, i % 2 == 0 ? "default" : "other",
                JsonNode.Parse($$$"""{"metadata":{"name":"t-{{{i:000}}}","annotations":{"a":"{{{data}}}"}},"template":{"spec":{"containers":[{"name":"c","image":"i"}] } } }""")!.AsObject());
        foreach (var path in (string[])["/api/v1/podtemplates", "/api/v1/namespaces/default/podtemplates", "/api/v1/namespaces/other/podtemplates"])
        {
            Assert.Equal((await server.GetAsync(path)).Text, await CompressedAsync(path));
            await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/podtemplates/t-100");
            Assert.Equal((await server.GetAsync(path)).Text, await CompressedAsync(path));
        }
    }

    private async Task<string> CompressedAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return await reader.ReadToEndAsync();
    }

    [Fact]
    public async Task List_Selectors_Choose()
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"red","labels":{"color":"red"}}}""");
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"blue","labels":{"color":"blue"}}}""");
        Assert.Equal(["red"], Names((await server.GetAsync(Maps + "?labelSelector=color%3Dred")).Json!));
        Assert.Equal(["blue"], Names((await server.GetAsync(Maps + "?labelSelector=color+notin+(red)&fieldSelector=metadata.name%3Dblue")).Json!));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync(Maps + "?labelSelector=%21%21")).Code);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync(Maps + "?fieldSelector=bogus%3D1")).Code);
    }

    [Theory]
    [InlineData("?resourceVersionMatch=Exact", 422)]
    [InlineData("?resourceVersionMatch=Bogus&resourceVersion=1", 422)]
    [InlineData("?resourceVersionMatch=Exact&resourceVersion=0", 422)]
    [InlineData("?sendInitialEvents=true", 422)]
    [InlineData("?watch=true&sendInitialEvents=true", 422)]
    [InlineData("?watch=true&resourceVersionMatch=NotOlderThan", 422)]
    [InlineData("?resourceVersion=abc", 400)]
    [InlineData("?continue=zzz", 400)]
    [InlineData("?resourceVersion=999999", 504)]
    public async Task List_OptionsThatMakeNoSense(string query, int expected)
    {
        var (code, json, _, text) = await server.GetAsync(Maps + query);
        Assert.True(expected == (int)code, text);
        Assert.Equal("Status", (string?)json!["kind"]);
    }

    [Fact]
    public async Task Watch_SelectorIsCrossed_IsABirthOrADeath()
    {
        const string Path = "/api/v1/namespaces/default/serviceaccounts";
        var empty = await server.GetAsync(Path);
        var version = (string)empty.Json!["metadata"]!["resourceVersion"]!;
        await MakeAsync(Path, "crossing");
        foreach (var label in (string[])["\"yes\"", "\"yes\",\"b\":\"c\"", "null"])
            await server.SendAsync(HttpMethod.Patch, Path + "/crossing", "{\"metadata\":{\"labels\":{\"in\":" + label + "}}}", "application/merge-patch+json");

        var events = await ReadAsync($"{Path}?watch=true&resourceVersion={version}&labelSelector=in%3Dyes", 3);
        Assert.Equal(["ADDED", "MODIFIED", "DELETED"], events.Select(e => (string)e["type"]!));
        Assert.Equal("yes", (string?)events[2]["object"]!["metadata"]!["labels"]!["in"]);
    }

    [Fact]
    public async Task Watch_InitialEvents_EndWithABookmark()
    {
        const string Path = "/api/v1/namespaces/default/services";
        await server.SendAsync(HttpMethod.Post, Path, """{"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}""");
        var events = await ReadAsync($"{Path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", 2);
        Assert.Equal(["ADDED", "BOOKMARK"], events.Select(e => (string)e["type"]!));
        Assert.Equal("true", (string?)events[1]["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]);
    }

    [Fact]
    public async Task Watch_WaitsForWhatComes()
    {
        const string Path = "/api/v1/namespaces/default/endpoints";
        var reading = ReadAsync($"{Path}?watch=1&timeoutSeconds=30", 2);
        await MakeAsync(Path, "later");
        await server.SendAsync(HttpMethod.Delete, Path + "/later");
        Assert.Contains((string)(await reading)[0]["type"]!, (string[])["ADDED", "DELETED"]);
    }

    [Fact]
    public async Task Watch_OfAVersionToCome_LastsNoLongerThanItIsTo() =>
        Assert.Equal("", await server.Admin.GetStringAsync("/apis/coordination.k8s.io/v1/leases?watch=1&timeoutSeconds=1&resourceVersion=99999999"));

    [Fact]
    public async Task Watch_OfNoSeconds_GoesOn()
    {
        using var response = await server.Admin.GetAsync("/api/v1/namespaces?watch=1&timeoutSeconds=0&fieldSelector=metadata.name%3Dto-come", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var next = reader.ReadLineAsync();
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces", """{"metadata":{"name":"to-come"}}""");
        Assert.Contains("\"ADDED\"", await next.WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_TimeoutEndsIt()
    {
        var text = await server.Admin.GetStringAsync("/apis/coordination.k8s.io/v1/leases?watch=1&timeoutSeconds=1&allowWatchBookmarks=true");
        Assert.DoesNotContain("ERROR", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_AsTable_HasColumnsInItsFirstEventOnly()
    {
        const string Path = "/apis/batch/v1/namespaces/default/jobs";
        foreach (var name in (string[])["a", "b"])
            await server.SendAsync(HttpMethod.Post, Path,
                """{"metadata":{"name":"NAME"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}""".Replace("NAME", name, StringComparison.Ordinal));
        var events = await ReadAsync(Path + "?watch=1", 2, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        Assert.NotEmpty(events[0]["object"]!["columnDefinitions"]!.AsArray());
        Assert.Empty(events[1]["object"]!["columnDefinitions"]!.AsArray());
    }

    [Fact]
    public async Task DeleteCollection_TakesWhatIsSelected()
    {
        const string Path = "/apis/apps/v1/namespaces/default/controllerrevisions";
        await server.SendAsync(HttpMethod.Post, Path, """{"metadata":{"name":"a","labels":{"x":"1"}},"data":{},"revision":1}""");
        await server.SendAsync(HttpMethod.Post, Path, """{"metadata":{"name":"b"},"data":{},"revision":1}""");
        var deleted = await server.SendAsync(HttpMethod.Delete, Path + "?labelSelector=x");
        Assert.True(deleted.Code == HttpStatusCode.OK, deleted.Text);
        Assert.Equal(["a"], Names(deleted.Json!));
        Assert.Equal(["b"], Names((await server.GetAsync(Path)).Json!));
    }

    private async Task MakeAsync(string path, string name)
    {
        var made = await server.SendAsync(HttpMethod.Post, path, $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        Assert.True(made.Code == HttpStatusCode.Created, made.Text);
    }

    private static string[] Names(JsonNode list) => [.. list["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!)];

    private async Task<List<JsonNode>> ReadAsync(string path, int count, string? accept = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline.Token));
        var events = new List<JsonNode>();
        while (events.Count < count && await reader.ReadLineAsync(deadline.Token) is { } line) events.Add(JsonNode.Parse(line)!);
        Assert.Equal(count, events.Count);
        return events;
    }
}
