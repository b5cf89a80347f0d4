using System.Net;
using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Input that nobody should send: a Status that says so, nothing stored, and never a fault of the server.</summary>
public sealed class BadInputTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Theory]
    [InlineData("", 400)]
    [InlineData("{bad", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 400)]
    [InlineData("""{"metadata":"x"}""", 400)]
    [InlineData("""{"kind":5}""", 400)]
    [InlineData("""{"metadata":{"name":"bad"},"data":{"a":1}}""", 400)]
    [InlineData("""{"metadata":{"name":"bad"},"data":{"a":"\ud800"}}""", 400)]
    [InlineData("""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"bad"}}""", 400)]
    [InlineData("""{"metadata":{"name":"bad","namespace":"other"}}""", 400)]
    [InlineData("""{"metadata":{"name":"bad","creationTimestamp":"yesterday"}}""", 400)]
    [InlineData("""{"metadata":{}}""", 422)]
    [InlineData("""{"metadata":{"name":"Bad_"}}""", 422)]
    public async Task Body_ThatIsNone_IsRefused(string body, int expected)
    {
        var (code, json, _, _) = await server.SendAsync(HttpMethod.Post, Maps, body);
        Assert.Equal((HttpStatusCode)expected, code);
        Assert.Equal("Status", (string?)json!["kind"]);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync(Maps + "/bad")).Code);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"metadata\":", "}")]
    public async Task Body_NestedWithoutEnd_IsRefused(string open, string close)
    {
        const int depth = 20000;
        var body = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, Maps, body)).Code);
    }

    [Theory]
    [InlineData("?gracePeriodSeconds=soon", 400)]
    [InlineData("?propagationPolicy=Sideways", 422)]
    [InlineData("?dryRun=Some", 422)]
    public async Task Delete_WithGarbageInTheQuery_DeletesNothing(string query, int expected)
    {
        var name = "kept" + query.Length;
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, Maps, $$$"""{"metadata":{"name":"{{{name}}}"}}""")).Code);

        using var response = await server.Admin.DeleteAsync($"{Maps}/{name}{query}");

        Assert.Equal((HttpStatusCode)expected, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"{Maps}/{name}")).Code);
    }

    [Fact]
    public async Task Apply_WithoutFieldManager_IsInvalid()
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, Maps + "/applied") { Content = new StringContent("{}", Encoding.UTF8, "application/apply-patch+yaml") };
        using var response = await server.Admin.SendAsync(request);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("fieldManager", (string?)json["details"]!["causes"]![0]!["field"]);
    }

    [Theory]
    [InlineData("PATCH", "application/apply-patch+yaml", "error strict decoding YAML: error converting YAML to JSON: ")]
    [InlineData("POST", "application/yaml", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: ")]
    public async Task Yaml_KeysGivenTwice_AreToldWithTheirLines(string method, string type, string head)
    {
        const string body = "\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: b\n  a: c\n  b:\n  b: >\n    d\n";
        var path = method == "POST" ? Maps : Maps + "/twice";
        var (code, json, _, _) = await server.SendAsync(new HttpMethod(method), path + "?fieldManager=m&fieldValidation=Strict", body, type);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Equal(head + "yaml: unmarshal errors:\n  line 8: key \"a\" already set in map\n  line 10: key \"b\" already set in map", (string?)json!["message"]);
        using var request = new HttpRequestMessage(new HttpMethod(method), path + "?fieldManager=m&dryRun=All") { Content = new StringContent(body, Encoding.UTF8, type) };
        using var warned = await server.Admin.SendAsync(request);
        Assert.Equal(["299 - \"line 8: key \\\"a\\\" already set in map\"", "299 - \"line 10: key \\\"b\\\" already set in map\""], warned.Headers.GetValues("Warning"));
        Assert.Equal("c", (string?)JsonNode.Parse(await warned.Content.ReadAsStringAsync())!["data"]!["a"]);
    }

    [Theory]
    [InlineData("application/strategic-merge-patch+json", """{"metadata":{"labels":"x"}}""", "Invalid value: \"map[metadata:map[labels:x]]\": cannot restore map from string")]
    [InlineData("application/strategic-merge-patch+json", """{"binaryData":["x"]}""", "Invalid value: \"map[binaryData:[x]]\": cannot restore map from slice")]
    [InlineData("application/merge-patch+json", """{"data":5}""", "json: cannot unmarshal number into Go struct field")]
    public async Task Patch_WhoseOutcomeIsNoConfigMap_IsInvalid(string type, string patch, string expected)
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"misfit"},"data":{"a":"b"}}""");
        using var request = new HttpRequestMessage(HttpMethod.Patch, Maps + "/misfit") { Content = new StringContent(patch, Encoding.UTF8, type) };
        using var response = await server.Admin.SendAsync(request);
        var cause = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["details"]!["causes"]![0]!;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("patch", (string?)cause["field"]);
        Assert.Contains(expected, (string?)cause["message"], StringComparison.Ordinal);
    }
}
