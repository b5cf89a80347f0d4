using System.Net;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Authentication;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server whose admission asks webhooks.</summary>
public sealed class WebhookedServer : ApiServerFixture, IAsyncLifetime, IDisposable
{
    private readonly WebhookCaller _caller = new();

    internal WebhookServer Hooks { get; private set; } = null!;

    protected override ApiServerOptions Configure(ApiServerOptions options) => options with
    {
        Tokens = new TokenRequests(Registries, new LocalSigner(), options.TokenIssuance, new RandomIdentitySource(), TimeProvider.System),
    };

    protected override ResourceStore MakeStore() => new(Registries, () => Catalog, TimeProvider.System,
        admission: AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Webhooks = _caller }));

    async Task IAsyncLifetime.InitializeAsync()
    {
        Hooks = await WebhookServer.StartAsync();
        await InitializeAsync();
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Hooks.DisposeAsync();
    }

    public void Dispose() => _caller.Dispose();
}

/// <summary>What webhooks are told about a request: its options, and the connections that it asks for.</summary>
public sealed class WebhookRequestTests(WebhookedServer server) : IClassFixture<WebhookedServer>
{
    private const string Path = "/api/v1/namespaces/default";

    [Fact]
    public async Task Options_AreThoseOfTheRequest()
    {
        await HookAsync("options", "configmaps", "*");
        await SendAsync(HttpMethod.Post, $"{Path}/configmaps", """{"metadata":{"name":"c"}}""");
        await SendAsync(HttpMethod.Put, $"{Path}/configmaps/c?fieldManager=me&fieldValidation=Strict", """{"metadata":{"name":"c"},"data":{"a":"b"}}""");
        await SendAsync(HttpMethod.Patch, $"{Path}/configmaps/c?dryRun=All&fieldManager=me", """{"data":{"a":"c"}}""", "application/merge-patch+json");
        await SendAsync(HttpMethod.Delete, $"{Path}/configmaps/c", """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Orphan","gracePeriodSeconds":5}""");

        var asked = server.Hooks.Asked.Where(static r => (string?)r["resource"]!["resource"] == "configmaps").Select(static r => r["options"]!.ToJsonString());
        Assert.Equal(
            [
                """{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}""",
                """{"kind":"UpdateOptions","apiVersion":"meta.k8s.io/v1","fieldManager":"me","fieldValidation":"Strict"}""",
                """{"kind":"UpdateOptions","apiVersion":"meta.k8s.io/v1","dryRun":["All"],"fieldManager":"me"}""",
                """{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1","propagationPolicy":"Orphan","gracePeriodSeconds":5}""",
            ], asked);
    }

    [Fact]
    public async Task Connect_IsAskedAbout_AndCanBeDenied()
    {
        await SendAsync(HttpMethod.Post, $"{Path}/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        await HookAsync("connect", "pods/*", "CONNECT", static request => (string?)request["subResource"] == "exec" && (string?)request["name"] == "p"
            ? new JsonObject { ["allowed"] = false, ["status"] = new JsonObject { ["message"] = "no shells here", ["code"] = 403 } }
            : new JsonObject { ["allowed"] = true });

        var exec = await server.SendAsync(HttpMethod.Post, $"{Path}/pods/p/exec?command=sh&command=-c&container=c&stdin=true&stdout=1&tty=false");
        await server.SendAsync(HttpMethod.Post, $"{Path}/pods/p/attach?stdout=true");
        var forward = await server.SendAsync(HttpMethod.Post, $"{Path}/pods/p/portforward?ports=80,81");

        Assert.Equal(HttpStatusCode.Forbidden, exec.Code);
        Assert.Equal("admission webhook \"connect.example.com\" denied the request: no shells here", (string?)exec.Json!["message"]);
        // Allowed, it goes on to the pod, which has no node.
        Assert.Equal("pod p does not have a host assigned", (string?)forward.Json!["message"]);
        var asked = server.Hooks.Asked.Where(static r => (string?)r["operation"] == "CONNECT").ToList();
        Assert.Equal("""{"kind":"PodExecOptions","apiVersion":"v1","stdin":true,"stdout":true,"container":"c","command":["sh","-c"]}""", asked[0]["object"]!.ToJsonString());
        Assert.Equal("""{"group":"","version":"v1","kind":"PodExecOptions"}""", asked[0]["kind"]!.ToJsonString());
        Assert.Equal("""{"group":"","version":"v1","resource":"pods"}""", asked[0]["resource"]!.ToJsonString());
        Assert.Equal(("exec", "p", "default"), ((string?)asked[0]["subResource"], (string?)asked[0]["name"], (string?)asked[0]["namespace"]));
        Assert.Null(asked[0]["options"]);
        // What the query does not name is not asked for: a client that wants stdout alone opens no stream for errors.
        Assert.Equal("""{"kind":"PodAttachOptions","apiVersion":"v1","stdout":true}""", asked[1]["object"]!.ToJsonString());
        Assert.Equal("""{"kind":"PodPortForwardOptions","apiVersion":"v1","ports":[80,81]}""", asked[2]["object"]!.ToJsonString());
    }

    [Fact]
    public async Task TokensAndReviews_AreAskedAbout()
    {
        await SendAsync(HttpMethod.Post, $"{Path}/serviceaccounts", """{"metadata":{"name":"asked"}}""");
        static JsonObject Deny(JsonObject _) => new() { ["allowed"] = false, ["status"] = new JsonObject { ["message"] = "no" } };
        await HookAsync("tokens", "serviceaccounts/token", "CREATE", Deny);
        await HookAsync("reviews", "selfsubjectreviews", "CREATE", Deny, group: "authentication.k8s.io");

        var token = await server.SendAsync(HttpMethod.Post, $"{Path}/serviceaccounts/asked/token", """{"spec":{}}""");
        Assert.Equal("admission webhook \"tokens.example.com\" denied the request: no", (string?)token.Json!["message"]);
        var asked = server.Hooks.Asked.Single(static r => (string?)r["subResource"] == "token");
        Assert.Equal("""{"group":"authentication.k8s.io","version":"v1","kind":"TokenRequest"}""", asked["kind"]!.ToJsonString());
        var review = await server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");
        Assert.Equal("admission webhook \"reviews.example.com\" denied the request: no", (string?)review.Json!["message"]);
    }

    [Fact]
    public async Task Warnings_AreCutAsClientsTakeThem()
    {
        await HookAsync("warns", "secrets", "CREATE", static _ => new JsonObject
        {
            ["allowed"] = true,
            ["warnings"] = new JsonArray([.. Enumerable.Range(0, 30).Select(static i => (JsonNode?)$"{i:00}{new string('x', 298)}"), "two\nlines", "", "00"]),
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Path}/secrets") { Content = new StringContent("""{"metadata":{"name":"warned"}}""", Encoding.UTF8, "application/json") };
        using var answer = await server.Admin.SendAsync(request);
        var warnings = answer.Headers.GetValues("Warning").ToList();
        // Thirteen of 300 fit as they are; the fourteenth cuts all of them to 256, and then three more reach the limit.
        Assert.Equal(16, warnings.Count);
        Assert.All(warnings, static w => Assert.Equal("299 - \"\"".Length + 256, w.Length));
    }

    [Fact]
    public async Task Connect_IsMadeAsAWebhookHasChangedIt()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/nodes",
            """{"metadata":{"name":"changed"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""");
        await SendAsync(HttpMethod.Post, $"{Path}/pods", """{"metadata":{"name":"changed"},"spec":{"nodeName":"changed","containers":[{"name":"c","image":"i"},{"name":"d","image":"i"}]}}""");
        var patches = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["exec"] = """[{"op":"replace","path":"/command","value":["id","-u"]},{"op":"replace","path":"/container","value":"d"},{"op":"remove","path":"/stderr"}]""",
            ["proxy"] = """[{"op":"replace","path":"/path","value":"/metrics/resource"}]""",
        };
        await HookAsync("changes", "*/*", "CONNECT", request => (string?)request["name"] == "changed"
            ? new JsonObject
            {
                ["allowed"] = true,
                ["patchType"] = "JSONPatch",
                ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patches[(string)request["subResource"]!])),
            }
            : new JsonObject { ["allowed"] = true }, "mutatingwebhookconfigurations");

        using var exec = new HttpRequestMessage(HttpMethod.Post, $"{Path}/pods/changed/exec?command=sh&container=c&stdin=true&stdout=true&stderr=true");
        exec.Headers.Connection.Add("Upgrade");
        exec.Headers.Upgrade.ParseAdd("SPDY/3.1");
        using (var answer = await server.Admin.SendAsync(exec))
        {
            Assert.True(server.Node.Asked is not null, await answer.Content.ReadAsStringAsync());
            Assert.Equal("https://10.0.0.1:10250/exec/default/changed/d?command=id&command=-u&input=1&output=1", server.Node.Asked.ToString());
        }
        await server.SendAsync(HttpMethod.Get, "/api/v1/nodes/changed/proxy/pods");
        Assert.Equal("https://10.0.0.1:10250/metrics/resource", server.Node.Asked!.ToString());
    }

    private async Task SendAsync(HttpMethod method, string path, string body, string type = "application/json")
    {
        var sent = await server.SendAsync(method, path, body, type);
        Assert.True((int)sent.Code < 300, sent.Text);
    }

    private Task HookAsync(string name, string resource, string operation, Func<JsonObject, JsonObject>? answer = null, string configurations = "validatingwebhookconfigurations", string group = "")
    {
        server.Hooks.Answers[$"/{name}"] = answer ?? (static _ => new JsonObject { ["allowed"] = true });
        var url = server.Hooks.Url.GetLeftPart(UriPartial.Authority);
        return SendAsync(HttpMethod.Post, $"/apis/admissionregistration.k8s.io/v1/{configurations}",
            $$$"""
            {"metadata":{"name":"{{{name}}}"},"webhooks":[{"name":"{{{name}}}.example.com","clientConfig":{"url":"{{{url}}}/{{{name}}}","caBundle":"{{{server.Hooks.CaBundle}}}"},
             "sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"operations":["{{{operation}}}"],"apiGroups":["{{{group}}}"],"apiVersions":["v1"],"resources":["{{{resource}}}"]}]}]}
            """);
    }
}
