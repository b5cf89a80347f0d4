using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Admission webhooks asked over real HTTPS.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private readonly WebhookCaller _caller = MakeCaller();
    private readonly InMemoryRegistries _registries = new();
    private ResourceStore _store = null!;
    private WebhookServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await WebhookServer.StartAsync();
        _store = new ResourceStore(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System,
            admission: AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Webhooks = _caller }));
        await MakeAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"default","labels":{"team":"a"}}}""");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _caller.Dispose();
    }

    [Fact]
    public async Task Mutating_PatchIsAppliedAndDefaultedAnew()
    {
        _server.Answers["/m"] = static _ => Patch("""[{"op":"add","path":"/spec/containers/-","value":{"name":"side","image":"proxy"}},{"op":"add","path":"/metadata/labels","value":{"injected":"yes"}}]""");
        await ConfigureAsync(mutating: true, Hook("m", "/m", rules: Rule("pods")));
        var notes = new AdmissionNotes();
        var pod = (await CreatePodAsync("p", new WriteOptions { Notes = notes })).Object!.ToTree();

        var side = pod["spec"]!["containers"]![1]!;
        Assert.Equal(("side", "Always", "File"), ((string?)side["name"], (string?)side["imagePullPolicy"], (string?)side["terminationMessagePolicy"]));
        Assert.Equal("yes", (string?)pod["metadata"]!["labels"]!["injected"]);
        var asked = Assert.Single(_server.Asked);
        Assert.Equal("CREATE", (string?)asked["operation"]);
        Assert.Equal("""{"group":"","version":"v1","kind":"Pod"}""", asked["kind"]!.ToJsonString());
        Assert.Equal("""{"group":"","version":"v1","resource":"pods"}""", asked["requestResource"]!.ToJsonString());
        Assert.Equal(("p", "default", "system:apiserver"), ((string?)asked["name"], (string?)asked["namespace"], (string?)asked["userInfo"]!["username"]));
        Assert.Equal("CreateOptions", (string?)asked["options"]!["kind"]);
        Assert.Null(asked["oldObject"]);
    }

    /// <summary>Pods share what admission adds to all of them; what a webhook makes of it in one pod is that pod's.</summary>
    [Fact]
    public async Task Mutating_OfWhatAllPodsShare_ChangesOnePod()
    {
        _server.Answers["/m"] = static asked => (string?)asked["name"] != "changed" ? Allow()
            : Patch("""[{"op":"replace","path":"/spec/volumes/0/projected/sources/0/serviceAccountToken/expirationSeconds","value":7200},{"op":"add","path":"/spec/volumes/0/projected/defaultMode","value":256},{"op":"replace","path":"/spec/tolerations/0/tolerationSeconds","value":5}]""");
        await ConfigureAsync(mutating: true, Hook("m", "/m", rules: Rule("pods")));
        Assert.Equal((3607L, 420L, 300L), Shared((await CreatePodAsync("before")).Object!.ToTree()));
        Assert.Equal((7200L, 256L, 5L), Shared((await CreatePodAsync("changed")).Object!.ToTree()));
        Assert.Equal((3607L, 420L, 300L), Shared((await CreatePodAsync("after")).Object!.ToTree()));

        static (long, long, long) Shared(JsonObject pod)
        {
            var volume = pod["spec"]!["volumes"]![0]!["projected"]!;
            return ((long)volume["sources"]![0]!["serviceAccountToken"]!["expirationSeconds"]!, (long)volume["defaultMode"]!, (long)pod["spec"]!["tolerations"]![0]!["tolerationSeconds"]!);
        }
    }

    [Fact]
    public async Task Mutating_ResultIsValidated()
    {
        _server.Answers["/m"] = static _ => Patch("""[{"op":"replace","path":"/spec/containers/0/name","value":"Not_A_Name"}]""");
        await ConfigureAsync(mutating: true, Hook("m", "/m", rules: Rule("pods")));
        Assert.Equal(422, (await CreatePodAsync("p")).Error!.Code);
    }

    [Theory]
    [InlineData("IfNeeded", 2)]
    [InlineData("Never", 1)]
    public async Task Mutating_IsAskedAgain_WhenALaterOneChangedTheObject(string policy, int times)
    {
        var first = 0;
        _server.Answers["/first"] = _ =>
        {
            first++;
            return Allow();
        };
        _server.Answers["/second"] = static _ => Patch("""[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]""");
        await ConfigureAsync(mutating: true, Hook("first", "/first", $",\"reinvocationPolicy\":\"{policy}\"", Rule("pods")), Hook("second", "/second", rules: Rule("pods")));
        Assert.Null((await CreatePodAsync("p")).Error);
        Assert.Equal(times, first);
    }

    [Fact]
    public async Task Validating_Denial_HasItsMessageCodeAndReason()
    {
        _server.Answers["/v"] = static _ => new JsonObject { ["allowed"] = false, ["status"] = new JsonObject { ["code"] = 418, ["reason"] = "Teapot", ["message"] = "no coffee" }, ["warnings"] = new JsonArray("hot") };
        await ConfigureAsync(mutating: false, Hook("v", "/v", rules: Rule("pods")));
        var notes = new AdmissionNotes();
        var error = (await CreatePodAsync("p", new WriteOptions { Notes = notes })).Error!;
        Assert.Equal((418, "Teapot", "admission webhook \"v.example.com\" denied the request: no coffee"), (error.Code, error.Reason, error.Message));
        Assert.Equal(["hot"], notes.Warnings);
    }

    [Fact]
    public async Task Validating_DenialWithoutWords_IsBadRequest()
    {
        _server.Answers["/v"] = static _ => new JsonObject { ["allowed"] = false };
        await ConfigureAsync(mutating: false, Hook("v", "/v", rules: Rule("pods")));
        var error = (await CreatePodAsync("p")).Error!;
        Assert.Equal((400, "admission webhook \"v.example.com\" denied the request without explanation"), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("Fail", false)]
    [InlineData("Ignore", true)]
    public async Task Unreachable_FollowsTheFailurePolicy(string policy, bool passes)
    {
        var url = $"https://127.0.0.1:{await FreedPortAsync()}/v";
        await ConfigureAsync(mutating: false, $$$"""{"name":"v.example.com","clientConfig":{"url":"{{{url}}}"},"failurePolicy":"{{{policy}}}","sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{Rule("pods")}}}]}""");
        var error = (await CreatePodAsync("p")).Error;
        if (passes) Assert.Null(error);
        else Assert.StartsWith($"Internal error occurred: failed calling webhook \"v.example.com\": failed to call webhook: Post \"{url}?timeout=10s\": dial tcp", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownAuthority_IsAFailure()
    {
        _server.Answers["/v"] = static _ => Allow();
        await ConfigureAsync(mutating: false, $$$"""{"name":"v.example.com","clientConfig":{"url":"{{{_server.Url}}}v"},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{Rule("pods")}}}]}""");
        Assert.Contains("tls: failed to verify certificate", (await CreatePodAsync("p")).Error!.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Asked);
    }

    [Theory]
    [InlineData("Cg==", "unable to parse bytes as PEM block")]
    [InlineData("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=", "failed to parse certificate: x509: malformed certificate")]
    public async Task UnusableBundle_IsAFailure(string bundle, string why)
    {
        await ConfigureAsync(mutating: false, $$$"""{"name":"v.example.com","clientConfig":{"url":"{{{_server.Url}}}v","caBundle":"{{{bundle}}}"},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{Rule("pods")}}}]}""");
        Assert.Equal($"Internal error occurred: failed calling webhook \"v.example.com\": could not get REST client: unable to load root certificates: {why}",
            (await CreatePodAsync("p")).Error!.Message);
    }

    [Fact]
    public async Task Timeout_IsAFailure()
    {
        var end = new TaskCompletionSource();
        _server.Raw["/slow"] = async _ => await end.Task;
        await ConfigureAsync(mutating: false, Hook("v", "/slow", ",\"timeoutSeconds\":1", Rule("pods")));
        Assert.EndsWith("context deadline exceeded", (await CreatePodAsync("p")).Error!.Message, StringComparison.Ordinal);
        end.SetResult();
    }

    [Theory]
    [InlineData(500, "boom", "failed to call webhook: an error on the server (\"boom\") has prevented the request from succeeding")]
    [InlineData(404, "", "failed to call webhook: the server could not find the requested resource")]
    [InlineData(302, "", "failed to call webhook: the server responded with the status code 302 but did not return more information")]
    [InlineData(200, "{}", "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=")]
    [InlineData(200, "no", "failed to call webhook: couldn't get version/kind; json parse error: invalid character 'o' in literal null (expecting 'u')")]
    [InlineData(200, """{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}""", "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=")]
    public async Task BadAnswer_IsAFailure(int status, string body, string expected)
    {
        _server.Raw["/bad"] = async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body);
        };
        await ConfigureAsync(mutating: false, Hook("v", "/bad", rules: Rule("pods")));
        Assert.Equal($"Internal error occurred: failed calling webhook \"v.example.com\": {expected}", (await CreatePodAsync("p")).Error!.Message);
    }

    [Fact]
    public async Task WrongUid_IsAFailure()
    {
        _server.Answers["/v"] = static _ => new JsonObject { ["allowed"] = true, ["uid"] = "other" };
        await ConfigureAsync(mutating: false, Hook("v", "/v", rules: Rule("pods")));
        Assert.Contains("received invalid webhook response: expected response.uid=", (await CreatePodAsync("p")).Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(",\"namespaceSelector\":{\"matchLabels\":{\"team\":\"a\"}}", 1)]
    [InlineData(",\"namespaceSelector\":{\"matchLabels\":{\"team\":\"b\"}}", 0)]
    [InlineData(",\"objectSelector\":{\"matchLabels\":{\"app\":\"x\"}}", 0)]
    [InlineData(",\"matchConditions\":[{\"name\":\"m\",\"expression\":\"object.metadata.name == 'p'\"}]", 1)]
    [InlineData(",\"matchConditions\":[{\"name\":\"m\",\"expression\":\"object.metadata.name != 'p'\"}]", 0)]
    public async Task OnlyWhatMatches_IsAskedAbout(string more, int times)
    {
        _server.Answers["/v"] = static _ => Allow();
        await ConfigureAsync(mutating: false, Hook("v", "/v", more, Rule("pods")));
        Assert.Null((await CreatePodAsync("p")).Error);
        Assert.Null((await MakeAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"c"}}""")).Error);
        Assert.Equal(times, _server.Asked.Count);
    }

    [Fact]
    public async Task DryRun_OfAWebhookWithSideEffects_IsRefused_AndTold()
    {
        _server.Answers["/v"] = static _ => Allow();
        await ConfigureAsync(mutating: false, Hook("v", "/v", rules: Rule("pods")));
        Assert.Null((await CreatePodAsync("p", new WriteOptions { DryRun = true })).Error);
        Assert.True((bool?)Assert.Single(_server.Asked)["dryRun"]);
    }

    [Fact]
    public async Task Configurations_AreNeverAskedAbout()
    {
        _server.Answers["/v"] = static _ => new JsonObject { ["allowed"] = false };
        await ConfigureAsync(mutating: false, Hook("v", "/v", rules: """{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*/*"]}"""));
        var schema = _store.SchemaOf(ResourceTypes.ValidatingWebhookConfigurations);
        Assert.Equal(400, (await MakeAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"c"}}""")).Error!.Code);
        Assert.Null((await _store.DeleteAsync(schema, new ObjectKey("", "hooks"))).Error);
        Assert.Null((await MakeAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"c"}}""")).Error);
    }

    [Fact]
    public async Task Service_IsReachedThroughAReadyEndpoint()
    {
        _server.Answers["/v"] = static _ => new JsonObject { ["allowed"] = false };
        await _registries.WriteAsync(ResourceTypes.Services, [new CreateObject(new ObjectKey("default", "hook"), Raw("""{"metadata":{"name":"hook","namespace":"default"},"spec":{"ports":[{"name":"https","port":8443}]}}"""))]);
        var slice = $$$"""{"metadata":{"name":"hook-1","namespace":"default","labels":{"kubernetes.io/service-name":"hook"}},"ports":[{"name":"https","port":{{{_server.Url.Port}}}}],"endpoints":[{"addresses":["192.0.2.1"],"conditions":{"ready":false}},{"addresses":["127.0.0.1"],"conditions":{"ready":true}}]}""";
        await ConfigureAsync(mutating: false,
            $$$"""{"name":"v.example.com","clientConfig":{"service":{"name":"hook","namespace":"default","port":8443,"path":"/v"},"caBundle":"{{{_server.CaBundle}}}"},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{Rule("pods")}}}]}""");
        Assert.EndsWith("failed to call webhook: no endpoints available for service \"hook\"", (await CreatePodAsync("p")).Error!.Message, StringComparison.Ordinal);
        await _registries.WriteAsync(ResourceTypes.EndpointSlices, [new CreateObject(new ObjectKey("default", "hook-1"), Raw(slice))]);
        Assert.Equal("admission webhook \"v.example.com\" denied the request without explanation", (await CreatePodAsync("p")).Error!.Message);
    }

    [Fact]
    public async Task Service_WhoseEndpointHasChanged_IsNotReachedWhereItWas()
    {
        _server.Answers["/v"] = static _ => Allow();
        await _registries.WriteAsync(ResourceTypes.Services, [new CreateObject(new ObjectKey("default", "hook"), Raw("""{"metadata":{"name":"hook","namespace":"default"},"spec":{"ports":[{"name":"https","port":8443}]}}"""))]);
        await SliceAsync(_server.Url.Port);
        await ConfigureAsync(mutating: false,
            $$$"""{"name":"v.example.com","clientConfig":{"service":{"name":"hook","namespace":"default","port":8443,"path":"/v"},"caBundle":"{{{_server.CaBundle}}}"},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{Rule("pods")}}}]}""");
        Assert.Null((await CreatePodAsync("p")).Error);
        // The old endpoint still listens, and a connection to it is still open.
        var port = await FreedPortAsync();
        await SliceAsync(port);
        Assert.Contains($"dial tcp 127.0.0.1:{port}: connect: connection refused", (await CreatePodAsync("q")).Error!.Message, StringComparison.Ordinal);
        Assert.Single(_server.Asked);

        Task SliceAsync(int at)
        {
            var key = new ObjectKey("default", "hook-1");
            var slice = Raw($$$"""{"metadata":{"name":"hook-1","namespace":"default","labels":{"kubernetes.io/service-name":"hook"}},"ports":[{"name":"https","port":{{{at}}}}],"endpoints":[{"addresses":["127.0.0.1"],"conditions":{"ready":true}}]}""");
            return _registries.WriteAsync(ResourceTypes.EndpointSlices, [at == _server.Url.Port ? new CreateObject(key, slice) : new ReplaceObject(key, slice)]);
        }
    }

    private static WebhookCaller MakeCaller() => new();

    private static UncommittedJson Raw(string json) => UncommittedJson.From(JsonNode.Parse(json)!.AsObject());

    private static JsonObject Allow() => new() { ["allowed"] = true };

    private static JsonObject Patch(string patch) =>
        new() { ["allowed"] = true, ["patchType"] = "JSONPatch", ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch)) };

    private static string Rule(string resource) => $$$"""{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["{{{resource}}}"]}""";

    private string Hook(string name, string path, string more = "", string rules = "") =>
        $$$"""{"name":"{{{name}}}.example.com","clientConfig":{"url":"{{{_server.Url.GetLeftPart(UriPartial.Authority)}}}{{{path}}}","caBundle":"{{{_server.CaBundle}}}"},"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{{{rules}}}]{{{more}}}}""";

    private async Task ConfigureAsync(bool mutating, params string[] webhooks)
    {
        var made = await MakeAsync(mutating ? ResourceTypes.MutatingWebhookConfigurations : ResourceTypes.ValidatingWebhookConfigurations, "",
            "{\"metadata\":{\"name\":\"hooks\"},\"webhooks\":[" + string.Join(',', webhooks) + "]}");
        Assert.Null(made.Error);
    }

    private Task<StoreResult> CreatePodAsync(string name, WriteOptions? options = null) =>
        MakeAsync(ResourceTypes.Pods, "default", "{\"metadata\":{\"name\":\"" + name + "\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}", options);

    private async Task<StoreResult> MakeAsync(ResourceType type, string ns, string json, WriteOptions? options = null)
    {
        var schema = _store.SchemaOf(type);
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(json), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        return await _store.CreateAsync(schema, ns, decoded.Tree!, options);
    }

    private static async Task<int> FreedPortAsync()
    {
        var server = await WebhookServer.StartAsync();
        var port = server.Url.Port;
        await server.DisposeAsync();
        return port;
    }
}
