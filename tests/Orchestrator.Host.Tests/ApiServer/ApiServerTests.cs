using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Protobuf;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class ApiServerTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Theory]
    [InlineData("/healthz", HttpStatusCode.OK)]
    [InlineData("/version", HttpStatusCode.Unauthorized)]
    [InlineData("/api", HttpStatusCode.Unauthorized)]
    [InlineData("/api/v1/pods", HttpStatusCode.Unauthorized)]
    [InlineData("/metrics", HttpStatusCode.Unauthorized)]
    public async Task Stranger_SeesHealthOnly(string path, HttpStatusCode expected)
    {
        using var response = await server.Stranger.GetAsync(path);
        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.Unauthorized)
            Assert.Equal("Unauthorized", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reason"]);
    }

    [Fact]
    public async Task Version_IsServedInTurn_AsAnyOtherPath()
    {
        using var response = await server.Admin.GetAsync("/version");
        Assert.NotEmpty(Assert.Single(response.Headers.GetValues("X-Kubernetes-PF-FlowSchema-UID")));
    }

    [Fact]
    public async Task Certificate_OfAnotherAuthority_IsUnauthorized()
    {
        using var client = server.Client(server.ForeignCertificate());
        using var response = await client.GetAsync("/api/v1/pods");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Token_TellsWhoAndGroups()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServerFixture.Token);
        request.Content = new StringContent("""{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}""", Encoding.UTF8, "application/json");
        using var response = await server.Stranger.SendAsync(request);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("jane", (string?)json["status"]!["userInfo"]!["username"]);
        Assert.Equal("""["dev","ops","system:authenticated"]""", json["status"]!["userInfo"]!["groups"]!.ToJsonString());
    }

    [Fact]
    public async Task CanI_IsAllowed()
    {
        var (code, json, _, _) = await server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            """{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}""");
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.True((bool)json!["status"]!["allowed"]!);
    }

    [Fact]
    public async Task CanI_AsATable_IsNotAcceptable()
    {
        var (code, json, _, _) = await server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            """{"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}""", accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal((HttpStatusCode.NotAcceptable, "NotAcceptable"), (code, (string?)json!["reason"]));
    }

    [Fact]
    public async Task Impersonation_ByAMaster_ActsAsTheOther()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Headers.Add("Impersonate-User", "joe");
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal("joe", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["status"]!["userInfo"]!["username"]);
    }

    [Fact]
    public async Task Object_LivesThroughAllVerbs()
    {
        var made = await server.SendAsync(HttpMethod.Post, Maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"verbs"},"data":{"a":"1"}}""");
        Assert.Equal(HttpStatusCode.Created, made.Code);
        var read = await server.GetAsync(Maps + "/verbs");
        Assert.Equal(made.Text, read.Text);

        made.Json!["data"]!["a"] = "2";
        var put = await server.SendAsync(HttpMethod.Put, Maps + "/verbs", made.Json.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, put.Code);
        var stale = await server.SendAsync(HttpMethod.Put, Maps + "/verbs", made.Json.ToJsonString().Replace("\"2\"", "\"3\"", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.Conflict, "Conflict"), (stale.Code, (string?)stale.Json!["reason"]));

        foreach (var (type, patch) in new[]
        {
            ("application/merge-patch+json", """{"data":{"b":"m"}}"""),
            ("application/strategic-merge-patch+json; charset=utf-8", """{"data":{"b":"s"}}"""),
            ("application/json-patch+json", """[{"op":"replace","path":"/data/b","value":"j"}]"""),
        })
        {
            var patched = await server.SendAsync(HttpMethod.Patch, Maps + "/verbs", patch, type);
            Assert.True(patched.Code == HttpStatusCode.OK, patched.Text);
        }
        Assert.Equal("""{"a":"2","b":"j"}""", (await server.GetAsync(Maps + "/verbs")).Json!["data"]!.ToJsonString());

        var deleted = await server.SendAsync(HttpMethod.Delete, Maps + "/verbs", """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}""");
        Assert.Equal("Success", (string?)deleted.Json!["status"]);
        Assert.Equal("verbs", (string?)deleted.Json["details"]!["name"]);
        var gone = await server.GetAsync(Maps + "/verbs");
        Assert.Equal("configmaps \"verbs\" not found", (string?)gone.Json!["message"]);
    }

    [Theory]
    [InlineData("{", "application/json", 400)]
    [InlineData("a: [", "application/yaml", 400)]
    [InlineData("""{"kind":"Pod","apiVersion":"v1"}""", "application/json", 400)]
    [InlineData("""{"metadata":{"name":"Bad_Name"}}""", "application/json", 422)]
    [InlineData("""{"metadata":{"name":"x","namespace":"elsewhere"}}""", "application/json", 400)]
    [InlineData("""{"metadata":{"name":"x"},"data":{"a":1}}""", "application/json", 400)]
    [InlineData("""<a/>""", "application/xml", 415)]
    public async Task Create_BadInput_IsRefusedWithAStatus(string body, string contentType, int expected)
    {
        var (code, json, _, text) = await server.SendAsync(HttpMethod.Post, Maps, body, contentType);
        Assert.True(expected == (int)code, text);
        Assert.Equal(("Status", "Failure", expected), ((string?)json!["kind"], (string?)json["status"], (int)json["code"]!));
        Assert.NotEmpty((string)json["message"]!);
    }

    [Fact]
    public async Task Create_UnknownField_IsTheClientsChoice()
    {
        const string Body = """{"metadata":{"name":"unknown"},"spec":{"x":1}}""";
        var strict = await server.SendAsync(HttpMethod.Post, Maps + "?fieldValidation=Strict&dryRun=All", Body);
        Assert.Equal(HttpStatusCode.BadRequest, strict.Code);
        Assert.EndsWith("strict decoding error: unknown field \"spec\"", (string)strict.Json!["message"]!, StringComparison.Ordinal);
        var warn = await server.SendAsync(HttpMethod.Post, Maps + "?dryRun=All", Body);
        Assert.Equal(HttpStatusCode.Created, warn.Code);
        Assert.Equal("299 - \"unknown field \\\"spec\\\"\"", Assert.Single(warn.Headers.GetValues("Warning")));
        var ignore = await server.SendAsync(HttpMethod.Post, Maps + "?fieldValidation=Ignore&dryRun=All", Body);
        Assert.False(ignore.Headers.Contains("Warning"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync(Maps + "/unknown")).Code);
    }

    [Fact]
    public async Task Patch_FieldGivenTwice_IsTheClientsChoice()
    {
        await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"twice"}}""");
        const string Body = """{"data":{"a":"1","a":"2"},"odd":1}""";
        var strict = await server.SendAsync(HttpMethod.Patch, Maps + "/twice?fieldValidation=Strict", Body, "application/merge-patch+json");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, strict.Code);
        Assert.EndsWith("strict decoding error: duplicate field \"data.a\", unknown field \"odd\"", (string)strict.Json!["message"]!, StringComparison.Ordinal);
        var warn = await server.SendAsync(HttpMethod.Patch, Maps + "/twice", Body, "application/merge-patch+json");
        Assert.Equal(["299 - \"duplicate field \\\"data.a\\\"\"", "299 - \"unknown field \\\"odd\\\"\""], warn.Headers.GetValues("Warning"));
        Assert.Equal("2", (string?)warn.Json!["data"]!["a"]);
        var ignore = await server.SendAsync(HttpMethod.Patch, Maps + "/twice?fieldValidation=Ignore", Body, "application/merge-patch+json");
        Assert.False(ignore.Headers.Contains("Warning"));
    }

    [Fact]
    public async Task Create_BodyTooLarge_Is413()
    {
        var (code, json, _, _) = await server.SendAsync(HttpMethod.Post, Maps, $$$"""{"metadata":{"name":"big"},"data":{"a":"{{{new string('x', 4 << 20)}}}"}}""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge"), (code, (string?)json!["reason"]));
    }

    [Theory]
    [InlineData("GET", "/api/v1/nonsense", 404)]
    [InlineData("GET", "/apis/none.example.com/v1/things", 404)]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("GET", "/api/v1/pods/nameless", 404)]
    [InlineData("POST", "/api/v1/pods", 405)]
    [InlineData("PUT", "/api/v1/namespaces/default/pods", 405)]
    [InlineData("DELETE", "/api/v1/namespaces", 405)]
    [InlineData("GET", "/api/v1/namespaces/default/pods/x/nonsense", 404)]
    public async Task Path_UnknownOrNotAllowed(string method, string path, int expected) =>
        Assert.Equal(expected, (int)(await server.SendAsync(new HttpMethod(method), path)).Code);

    [Fact]
    public async Task Yaml_BothWays()
    {
        var made = await server.SendAsync(HttpMethod.Post, Maps,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml, labels: {on-call: \"yes\"}}\ndata:\n  text: |\n    one\n    two\n  \"n\": \"1\"\n", "application/yaml", "application/yaml");
        Assert.True(made.Code == HttpStatusCode.Created, made.Text);
        Assert.Contains("data:\n  \"n\": \"1\"\n  text: |\n    one\n    two\n", made.Text, StringComparison.Ordinal);
        Assert.Contains("on-call: \"yes\"", made.Text, StringComparison.Ordinal);
        Assert.Equal("one\ntwo\n", (string?)(await server.GetAsync(Maps + "/yaml")).Json!["data"]!["text"]);
    }

    [Theory]
    [InlineData("curl/8.5.0", "/api/v1/namespaces", true)]
    [InlineData("curl/8.5.0", "/api/v1/namespaces/default", true)]
    [InlineData("Mozilla/5.0 (X11)", "/api/v1/namespaces/none", true)]
    [InlineData("curl/8.5.0", "/api/v1/namespaces?pretty=0", false)]
    [InlineData("kubectl/v1.32.5", "/api/v1/namespaces", false)]
    [InlineData("kubectl/v1.32.5", "/api/v1/namespaces/default?pretty=true", true)]
    public async Task Json_IsIndentedForPeople(string agent, string path, bool expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal(expected, (await response.Content.ReadAsStringAsync()).Contains("\n  \"kind\": \"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Accept_NothingKnown_Is406() =>
        Assert.Equal(HttpStatusCode.NotAcceptable, (await server.GetAsync(Maps, "application/xml")).Code);

    [Theory]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Table")]
    [InlineData("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "PartialObjectMetadataList")]
    [InlineData("application/json;q=0.1, application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9", "Table")]
    [InlineData("*/*", "ConfigMapList")]
    public async Task Accept_Projections(string accept, string kind) => Assert.Equal(kind, (string?)(await server.GetAsync(Maps, accept)).Json!["kind"]);

    [Fact]
    public async Task EmptyLists_AreNone()
    {
        var made = await server.SendAsync(HttpMethod.Post, Maps, """{"metadata":{"name":"empties","labels":{},"finalizers":[]},"data":{}}""");
        Assert.Equal(["creationTimestamp", "name", "namespace", "resourceVersion", "uid"], made.Json!["metadata"]!.AsObject().Select(static f => f.Key).Order(StringComparer.Ordinal));
        Assert.Null(made.Json["data"]);
        await server.SendAsync(HttpMethod.Patch, Maps + "/empties", """{"data":{"a":"1"}}""", "application/merge-patch+json");
        var emptied = await server.SendAsync(HttpMethod.Patch, Maps + "/empties", """[{"op":"remove","path":"/data/a"}]""", "application/json-patch+json");
        Assert.False(emptied.Json!.AsObject().ContainsKey("data"));
    }

    [Theory]
    [InlineData("/api/v1/namespaces/default", "PartialObjectMetadata", 1)]
    [InlineData("/api/v1/namespaces?fieldSelector=metadata.name%3Ddefault", "PartialObjectMetadataList", 2)]
    public async Task Protobuf_OfMetadataAlone_IsOffered(string path, string kind, int itemsField)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", $"application/vnd.kubernetes.protobuf;as={kind};g=meta.k8s.io;v=v1");
        using var response = await server.Admin.SendAsync(request);
        var (envelope, error) = ProtobufTranscoder.ReadEnvelope(await response.Content.ReadAsByteArrayAsync());
        Assert.Null(error);
        Assert.Equal(("meta.k8s.io/v1", kind), (envelope!.ApiVersion, envelope.Kind));
        // The name is field 1 of the metadata, which is field 1 of the object.
        Assert.Contains("\n\adefault", System.Text.Encoding.Latin1.GetString(envelope.Raw.Span), StringComparison.Ordinal);
        Assert.Equal(itemsField == 1 ? 0x0a : 0x12, itemsField == 1 ? envelope.Raw.Span[0] : envelope.Raw.Span[2 + envelope.Raw.Span[1]]);
    }

    [Fact]
    public async Task Protobuf_IsOfferedForBuiltInKinds()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Maps);
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.kubernetes.protobuf,application/json");
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal("application/vnd.kubernetes.protobuf", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("k8s\0", Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scale_PatchAndPut_ChangeTheReplicas()
    {
        const string Path = "/apis/apps/v1/namespaces/default/deployments";
        var made = await server.SendAsync(HttpMethod.Post, Path,
            """{"metadata":{"name":"scaled"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""");
        Assert.True(made.Code == HttpStatusCode.Created, made.Text);
        var read = await server.GetAsync(Path + "/scaled/scale");
        Assert.Equal(("Scale", 1, "a=b"), ((string?)read.Json!["kind"], (int)read.Json["spec"]!["replicas"]!, (string?)read.Json["status"]!["selector"]));
        var patched = await server.SendAsync(HttpMethod.Patch, Path + "/scaled/scale", """{"spec":{"replicas":3}}""", "application/merge-patch+json");
        Assert.True(patched.Code == HttpStatusCode.OK, patched.Text);
        patched.Json!["spec"]!["replicas"] = 4;
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, Path + "/scaled/scale", patched.Json.ToJsonString())).Code);
        Assert.Equal(4, (int)(await server.GetAsync(Path + "/scaled")).Json!["spec"]!["replicas"]!);
        patched.Json["spec"]!["replicas"] = 5;
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Put, Path + "/scaled/scale", patched.Json.ToJsonString())).Code);
    }

    [Fact]
    public async Task Discovery_AggregatedHasAnETag()
    {
        using var first = new HttpRequestMessage(HttpMethod.Get, "/apis");
        first.Headers.TryAddWithoutValidation("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
        using var response = await server.Admin.SendAsync(first);
        Assert.Equal("APIGroupDiscoveryList", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["kind"]);
        using var second = new HttpRequestMessage(HttpMethod.Get, "/apis");
        second.Headers.TryAddWithoutValidation("Accept", first.Headers.Accept.ToString());
        second.Headers.TryAddWithoutValidation("If-None-Match", response.Headers.ETag!.Tag);
        using var again = await server.Admin.SendAsync(second);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task OpenApiV3_AskedForByItsHash_MayBeKeptForever()
    {
        var now = (string)(await server.GetAsync("/openapi/v3")).Json!["paths"]!["apis/apps/v1"]!["serverRelativeURL"]!;
        using var kept = await server.Admin.GetAsync(now);
        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        Assert.Equal(("public, immutable", "Accept"), (string.Join(", ", kept.Headers.GetValues("Cache-Control")), kept.Headers.Vary.First()));
        Assert.True(kept.Content.Headers.Expires > kept.Headers.Date!.Value.AddDays(360));
        Assert.EndsWith($"?hash={kept.Headers.ETag!.Tag.Trim('"')}", now, StringComparison.Ordinal);

        using var handler = new HttpClientHandler { AllowAutoRedirect = false, ServerCertificateCustomValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == "CN=test-authority" };
        using var client = new HttpClient(handler) { BaseAddress = server.Admin.BaseAddress };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {ApiServerFixture.Token}");
        using var moved = await client.GetAsync("/openapi/v3/apis/apps/v1?hash=ABC");
        Assert.Equal((HttpStatusCode.MovedPermanently, now), (moved.StatusCode, moved.Headers.Location!.OriginalString));
        using var unhashed = await client.GetAsync("/openapi/v3/apis/apps/v1");
        Assert.Equal("no-cache, private", string.Join(", ", unhashed.Headers.GetValues("Cache-Control").SelectMany(static v => v.Split(", ")).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf", "application/com.github.proto-openapi.spec.v3.v1.0+protobuf")]
    [InlineData("/openapi/v3/apis/apps/v1", "application/json;q=0.5, application/com.github.proto-openapi.spec.v3.v1.0+protobuf", "application/com.github.proto-openapi.spec.v3.v1.0+protobuf")]
    [InlineData("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf;q=0.5,application/json", "application/json")]
    [InlineData("/openapi/v3/apis/apps/v1", "text/html, */*;q=0.8", "application/json")]
    [InlineData("/openapi/v3/apis/apps/v1", "text/html", null)]
    [InlineData("/openapi/v3", "text/html", "application/json")]
    [InlineData("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")]
    [InlineData("/openapi/v2", "application/yaml", null)]
    public async Task OpenApi_IsGivenInTheFormThatIsAccepted(string path, string accept, string? given)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal(given is null ? HttpStatusCode.NotAcceptable : HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(given, response.Content.Headers.ContentType?.MediaType);
        if (given is null || path.EndsWith("/v3", StringComparison.Ordinal)) return;
        using var json = await server.Admin.GetAsync(path);
        Assert.Equal(path.Contains("v3", StringComparison.Ordinal) || given == "application/json", json.Headers.ETag!.Tag == response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task NotAcceptable_TellsWhatWouldBe()
    {
        Assert.Equal("only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
            (string?)(await server.GetAsync("/api/v1/namespaces", "text/html")).Json!["message"]);
        var watch = (await server.GetAsync("/api/v1/namespaces?watch=1", "application/yaml")).Json!;
        Assert.Equal(("only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch", "NotAcceptable", 406),
            ((string?)watch["message"], (string?)watch["reason"], (int?)watch["code"]));
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/apis")]
    [InlineData("/apis/apps")]
    [InlineData("/apis/apps/v1")]
    [InlineData("/openapi/v2")]
    [InlineData("/openapi/v3")]
    [InlineData("/openapi/v3/apis/apps/v1")]
    [InlineData("/version")]
    [InlineData("/")]
    public async Task Document_IsThere(string path)
    {
        var (code, json, _, text) = await server.GetAsync(path);
        Assert.True(code == HttpStatusCode.OK && json is not null, text);
    }

    [Theory]
    [InlineData("", WebSocketMessageType.Binary, "line 1\nline 2\n")]
    [InlineData("binary.k8s.io", WebSocketMessageType.Binary, "line 1\nline 2\n")]
    [InlineData("base64.binary.k8s.io", WebSocketMessageType.Text, "bGluZSAxCmxpbmUgMgo=")]
    public async Task Log_OverWebSocket_ComesInTheChosenProtocol(string protocol, WebSocketMessageType type, string expected)
    {
        var name = $"socket-{protocol.Replace('.', '-')}x";
        await server.SendAsync(HttpMethod.Post, "/api/v1/nodes",
            """{"metadata":{"name":"sockets"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""");
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods", $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"nodeName":"sockets","containers":[{"name":"c","image":"i"}]}}""");
        server.Node.Answer = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("line 1\nline 2\n") };
        using var socket = new ClientWebSocket();
        if (protocol.Length > 0) socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {ApiServerFixture.Token}");
        socket.Options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == "CN=test-authority";
        await socket.ConnectAsync(new Uri(new UriBuilder(server.Url) { Scheme = "wss", Path = $"/api/v1/namespaces/default/pods/{name}/log" }.Uri.ToString()), default);
        Assert.Equal(protocol, socket.SubProtocol ?? "");
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var message = await socket.ReceiveAsync(buffer, default);
            if (message.MessageType == WebSocketMessageType.Close) break;
            Assert.Equal(type, message.MessageType);
            text.Append(Encoding.UTF8.GetString(buffer, 0, message.Count));
        }
        Assert.Equal(expected, text.ToString());
    }

    [Theory]
    [InlineData("pods/exec", "PodExecOptions")]
    [InlineData("pods/attach", "PodAttachOptions")]
    [InlineData("pods/portforward", "PodPortForwardOptions")]
    [InlineData("pods/proxy", "PodProxyOptions")]
    [InlineData("nodes/proxy", "NodeProxyOptions")]
    [InlineData("services/proxy", "ServiceProxyOptions")]
    [InlineData("pods/log", "Pod")]
    public async Task Discovery_NamesTheKindOfConnections(string resource, string kind)
    {
        var list = (await server.GetAsync("/api/v1")).Json!["resources"]!.AsArray();
        Assert.Equal(kind, (string?)list.Single(r => (string?)r!["name"] == resource)!["kind"]);
    }

    [Fact]
    public async Task Log_IsFetchedFromTheNodeOfThePod()
    {
        await server.SendAsync(HttpMethod.Post, "/api/v1/nodes",
            """{"metadata":{"name":"n1"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}""");
        await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods", """{"metadata":{"name":"logged"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        Assert.Equal("", (await server.GetAsync("/api/v1/namespaces/default/pods/logged/log")).Text);
        var bound = await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods/logged/binding", """{"target":{"kind":"Node","name":"n1"}}""");
        Assert.True(bound.Code == HttpStatusCode.Created, bound.Text);

        server.Node.Answer = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("line\n") };
        var log = await server.GetAsync("/api/v1/namespaces/default/pods/logged/log?tailLines=5&follow=true");
        Assert.Equal("line\n", log.Text);
        Assert.Equal("https://10.0.0.1:10250/containerLogs/default/logged/c?follow=true&tailLines=5", server.Node.Asked!.ToString());

        var wrong = await server.GetAsync("/api/v1/namespaces/default/pods/logged/log?container=zz");
        Assert.Equal("container zz is not valid for pod logged", (string?)wrong.Json!["message"]);
        Assert.Equal("Upgrade request required", (string?)(await server.GetAsync("/api/v1/namespaces/default/pods/logged/exec?command=ls")).Json!["message"]);
    }
}
