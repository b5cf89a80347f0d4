using Orchestrator.Actors.Resources;


namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Refusals in the words, codes and details of kube-apiserver, request by request.</summary>
public sealed class FaultTextTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string Events = "/apis/events.k8s.io/v1/namespaces/default/events";

    [Theory]
    [InlineData("resourceVersion=abc", 400, "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax")]
    [InlineData("continue=e30", 400, "invalid continue token: continue key is not valid: server does not recognize this encoded version \"\"")]
    [InlineData("labelSelector=a%3D%3D%3D", 400, "unable to parse requirement: found '=', expected: identifier")]
    public async Task List_OfWhatIsNone_SaysSo(string query, int code, string message)
    {
        var answer = await server.GetAsync($"{Maps}?{query}");
        Assert.Equal((code, message), ((int)answer.Code, Message(answer.Json)));
    }

    [Fact]
    public async Task Read_OfTheFuture_TimesOut()
    {
        var answer = await server.GetAsync(Maps + "?resourceVersion=99999999");
        Assert.Equal(504, (int)answer.Code);
        Assert.StartsWith("Timeout: Too large resource version: 99999999, current: ", Message(answer.Json), StringComparison.Ordinal);
        Assert.Equal("ResourceVersionTooLarge", (string?)answer.Json!["details"]!["causes"]![0]!["reason"]);
    }

    [Theory]
    [InlineData("dryRun=foo", "dryRun: Unsupported value: []string{\"foo\"}: supported values: \"All\"")]
    [InlineData("fieldManager=a%01", "fieldManager: Invalid value: \"a\\x01\": invalid character U+0001 (at position 1)")]
    public async Task Write_WithWrongOptions_IsInvalid(string query, string fault)
    {
        var answer = await server.SendAsync(HttpMethod.Post, $"{Maps}?{query}", """{"metadata":{"name":"never"}}""");
        Assert.Equal($"CreateOptions.meta.k8s.io \"\" is invalid: {fault}", Message(answer.Json));
    }

    [Fact]
    public async Task Object_IsNamedByItsBodyAsWell()
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"named"}}""");
        const string Nameless = "the name of the object (named based on URL) was undeterminable: name must be provided";
        Assert.Equal(Nameless, Message((await server.SendAsync(HttpMethod.Put, Maps + "/named", "{}")).Json));
        Assert.Equal(Nameless, Message((await server.SendAsync(HttpMethod.Patch, Maps + "/named", """{"metadata":null}""", "application/merge-patch+json")).Json));
    }

    [Fact]
    public async Task Patch_CannotMakeAnotherObject()
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"patched"}}""");
        Assert.Equal("ConfigMap \"patched\" is invalid: metadata.uid: Invalid value: \"u\": field is immutable", await PatchedAsync("""{"metadata":{"uid":"u"}}"""));
        Assert.EndsWith(": no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"", await PatchedAsync("""{"kind":"Pod"}"""), StringComparison.Ordinal);

        async Task<string?> PatchedAsync(string patch)
        {
            var answer = await server.SendAsync(HttpMethod.Patch, Maps + "/patched", patch, "application/merge-patch+json");
            Assert.Equal(422, (int)answer.Code);
            return Message(answer.Json);
        }
    }

    [Fact]
    public async Task Patch_ThatDoesNotApply_SaysNoMore()
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"tested"},"data":{"a":"1"}}""");
        var answer = await server.SendAsync(HttpMethod.Patch, Maps + "/tested", """[{"op":"test","path":"/data/a","value":"2"}]""", "application/json-patch+json");
        Assert.Equal("""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}""",
            answer.Json!.ToJsonString());
    }

    [Theory]
    [InlineData("uid", "the UID in the precondition (other) does not match the UID in record (")]
    [InlineData("resourceVersion", "the ResourceVersion in the precondition (other) does not match the ResourceVersion in record (")]
    public async Task Deletion_OfAnotherState_IsAConflict(string field, string fault)
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"held"}}""");
        var answer = await server.SendAsync(HttpMethod.Delete, Maps + "/held", $$$"""{"preconditions":{"{{{field}}}":"other"}}""");
        Assert.StartsWith($"Operation cannot be fulfilled on ConfigMap \"held\": {fault}", Message(answer.Json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/nothings", true)]
    [InlineData("/api/v2", true)]
    [InlineData("/apis/apps/v9/deployments", true)]
    [InlineData("/api/v1/namespaces/default/pods/p/nothing", true)]
    [InlineData("/apis/example.com/v1/nothings", false)]
    [InlineData("/nothing", false)]
    public async Task Path_ThatIsNone_IsToldByWhoseItWouldBe(string path, bool own)
    {
        using var answer = await server.Admin.GetAsync(path);
        Assert.Equal(404, (int)answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        if (own) Assert.Equal("the server could not find the requested resource", Message(JsonNode.Parse(text)));
        else Assert.Equal("404 page not found\n", text);
    }

    [Fact]
    public async Task Event_OfTheNewGroup_IsStrict_AndOnlyItsSeriesGoesOn()
    {
        const string Event = """
            {"metadata":{"name":"e"},"regarding":{"kind":"Pod","namespace":"default","name":"p"},"reason":"R","action":"A","type":"Normal","note":"n",
             "eventTime":"2026-01-01T00:00:00.000000Z","reportingController":"example.com/c","reportingInstance":"i"}
            """;
        Assert.Equal("Event \"e\" is invalid: [type: Invalid value: \"\": has invalid value: Odd, count: Invalid value: \"\": needs to be unset]",
            Message((await server.SendAsync(HttpMethod.Post, Events, Event.Replace("\"Normal\"", "\"Odd\",\"deprecatedCount\":1", StringComparison.Ordinal))).Json));
        Assert.Equal(201, (int)(await server.SendAsync(HttpMethod.Post, Events, Event)).Code);

        Assert.Equal("Event \"e\" is invalid: note: Invalid value: \"other\": field is immutable".Replace("note", "message", StringComparison.Ordinal), await ChangedAsync("""{"note":"other"}"""));
        Assert.Equal("Event \"e\" is invalid: series.count: Invalid value: \"\": should be at least 2", await ChangedAsync("""{"series":{"count":1,"lastObservedTime":"2026-01-01T00:00:01.000000Z"}}"""));
        Assert.Null(await ChangedAsync("""{"series":{"count":2,"lastObservedTime":"2026-01-01T00:00:01.000000Z"}}"""));

        async Task<string?> ChangedAsync(string patch) => Message((await server.SendAsync(HttpMethod.Patch, Events + "/e", patch, "application/merge-patch+json")).Json);
    }

    private static string? Message(JsonNode? status) => (string?)status?["message"];
}
