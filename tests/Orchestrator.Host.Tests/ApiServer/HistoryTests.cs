using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Reads of the past, by version, by time, and of one object's versions.</summary>
public sealed class HistoryTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Get_AtAVersion_ShowsWhatWasThere()
    {
        var first = await WriteAsync(HttpMethod.Post, Maps, "past", "one");
        var second = await WriteAsync(HttpMethod.Put, Maps + "/past", "past", "two");
        await server.SendAsync(HttpMethod.Delete, Maps + "/past");
        var anew = await WriteAsync(HttpMethod.Post, Maps, "past", "three");

        Assert.Equal("one", await ValueAtAsync(first));
        Assert.Equal("two", await ValueAtAsync(second));
        Assert.Null(await ValueAtAsync(second + 1));
        Assert.Equal("three", await ValueAtAsync(anew));
        Assert.Null(await ValueAtAsync(first - 1));
    }

    [Fact]
    public async Task Get_AndList_AtATime()
    {
        var time = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        server.Registries.Past.Now = time;
        await WriteAsync(HttpMethod.Post, Maps, "timed", "early");
        server.Registries.Past.Now = time.AddMinutes(1);
        await WriteAsync(HttpMethod.Put, Maps + "/timed", "timed", "late");

        Assert.Equal("early", (string?)(await server.GetAsync(Maps + "/timed?asOf=2030-01-01T00:00:30Z")).Json!["data"]!["k"]);
        Assert.Equal("late", (string?)(await server.GetAsync(Maps + "/timed?asOf=2030-01-01T00:01:00Z")).Json!["data"]!["k"]);
        var list = (await server.GetAsync(Maps + "?asOf=2030-01-01T00:00:30Z&fieldSelector=metadata.name%3Dtimed")).Json!;
        Assert.Equal("early", (string?)list["items"]![0]!["data"]!["k"]);
    }

    [Theory]
    [InlineData("/x?asOf=yesterday")]
    [InlineData("/x?asOf=2030-01-01T00:00:00Z&resourceVersion=3&resourceVersionMatch=Exact")]
    [InlineData("/x?resourceVersionMatch=Exact")]
    [InlineData("?asOf=2030-01-01T00:00:00Z&resourceVersion=3")]
    [InlineData("?asOf=2030-01-01T00:00:00Z&watch=true")]
    public async Task TimesThatMakeNoSense_AreRefused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync(Maps + query)).Code);

    [Fact]
    public async Task History_ListsEveryVersion_AlsoOfWhatIsGone()
    {
        await WriteAsync(HttpMethod.Post, Maps, "lived", "one");
        await WriteAsync(HttpMethod.Put, Maps + "/lived", "lived", "two");
        await server.SendAsync(HttpMethod.Delete, Maps + "/lived");

        var history = (await server.GetAsync(Maps + "/lived/history")).Json!;
        Assert.Equal("ConfigMapList", (string?)history["kind"]);
        Assert.Equal(["one", "two", "two"], history["items"]!.AsArray().Select(i => (string?)i!["data"]!["k"]));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync(Maps + "/never/history")).Code);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.SendAsync(HttpMethod.Delete, Maps + "/lived/history")).Code);
    }

    private async Task<string?> ValueAtAsync(long revision)
    {
        var answer = await server.GetAsync($"{Maps}/past?resourceVersionMatch=Exact&resourceVersion={revision}");
        return answer.Code == HttpStatusCode.NotFound ? null : (string?)answer.Json!["data"]!["k"];
    }

    private async Task<long> WriteAsync(HttpMethod method, string path, string name, string value)
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject { ["k"] = value } };
        var answer = await server.SendAsync(method, path, body.ToJsonString());
        return long.Parse((string)answer.Json!["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
