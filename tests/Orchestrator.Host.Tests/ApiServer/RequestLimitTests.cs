using System.Net;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>The time that a client gives its request, and formats that are behind a gate.</summary>
public sealed class RequestLimitTests(WebhookedServer server) : IClassFixture<WebhookedServer>
{
    private const string Path = "/api/v1/namespaces/default/secrets";

    [Theory]
    [InlineData("foo", "time: invalid duration \"foo\"")]
    [InlineData("5", "time: missing unit in duration \"5\"")]
    [InlineData("1d", "time: unknown unit \"d\" in duration \"1d\"")]
    public async Task Timeout_ThatIsNone_IsRefused(string timeout, string fault)
    {
        var (code, json, _, text) = await server.GetAsync($"/api/v1/namespaces?timeout={timeout}");
        Assert.True(code == HttpStatusCode.BadRequest, text);
        Assert.Equal($"invalid timeout specified in the request URL - {fault}", (string?)json!["message"]);
        Assert.Equal("BadRequest", (string?)json["reason"]);
    }

    [Theory]
    [InlineData("10s")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("1h30m")]
    [InlineData("")]
    public async Task Timeout_ThatIsNotOver_ChangesNothing(string timeout) => Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/api/v1/namespaces?timeout={timeout}")).Code);

    [Fact]
    public async Task Timeout_ThatIsOver_EndsTheRequest()
    {
        var end = new TaskCompletionSource();
        server.Hooks.Raw["/never"] = async _ => await end.Task;
        var url = server.Hooks.Url.GetLeftPart(UriPartial.Authority);
        var hooked = await server.SendAsync(HttpMethod.Post, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", $$$"""
            {"metadata":{"name":"never"},"webhooks":[{"name":"never.example.com","clientConfig":{"url":"{{{url}}}/never","caBundle":"{{{server.Hooks.CaBundle}}}"},"timeoutSeconds":30,
             "sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["secrets"]}]}]}
            """);
        Assert.True(hooked.Code == HttpStatusCode.Created, hooked.Text);
        var (code, json, _, text) = await server.SendAsync(HttpMethod.Post, $"{Path}?timeout=200ms", """{"metadata":{"name":"s"}}""");
        Assert.True(code == HttpStatusCode.GatewayTimeout, text);
        Assert.Equal(("Timeout", "Timeout: request did not complete within the allotted timeout"), ((string?)json!["reason"], (string?)json["message"]));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"{Path}/s")).Code);
        end.SetResult();
        await server.SendAsync(HttpMethod.Delete, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/never");
    }

    // The gate CBORServingAndStorage is closed in 1.32.
    [Fact]
    public async Task Cbor_IsNeitherReadNorWritten()
    {
        var sent = await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps", "\u00d9\u00d9\u00f7\u00a0", "application/cbor");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, sent.Code);
        Assert.Equal("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf", (string?)sent.Json!["message"]);
        var patched = await server.SendAsync(HttpMethod.Patch, "/api/v1/namespaces/default/configmaps/c?fieldManager=me", "\u00a0", "application/apply-patch+cbor");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, patched.Code);
        foreach (var (path, accepted) in ((string, string)[])
        [
            ("/api/v1/namespaces", "application/json, application/yaml, application/vnd.kubernetes.protobuf"),
            ("/api/v1/namespaces/default", "application/json, application/yaml, application/vnd.kubernetes.protobuf"),
            ("/api/v1/namespaces?watch=true", "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"),
        ])
        {
            var asked = await server.GetAsync(path, "application/cbor");
            Assert.Equal((HttpStatusCode.NotAcceptable, $"only the following media types are accepted: {accepted}"), (asked.Code, Message(asked.Json)));
        }
        Assert.Equal("NamespaceList", (string?)(await server.GetAsync("/api/v1/namespaces", "application/cbor, application/json;q=0.9")).Json!["kind"]);
    }

    private static string? Message(JsonNode? status) => (string?)status?["message"];
}
