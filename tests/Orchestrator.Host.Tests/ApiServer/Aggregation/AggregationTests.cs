using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer.Aggregation;

/// <summary>A server that shows a certificate of an authority of its own to the servers behind it.</summary>
public sealed class AggregatingServer : ApiServerFixture
{
    public X509Certificate2 Authority { get; } = Make("CN=front-proxy-ca", null);

    protected override ApiServerOptions Configure(ApiServerOptions options) => options with
    {
        FrontProxyCertificate = Make("CN=front-proxy-client", Authority),
        FrontProxyAuthority = Authority,
    };

    /// <summary>An authority, or a certificate of one.</summary>
    public static X509Certificate2 Make(string subject, X509Certificate2? by, string? host = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(by is null, false, 0, true));
        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
        }
        var (from, until) = (DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(120));
        using var signed = by is null ? null : request.Create(by, from, until, RandomNumberGenerator.GetBytes(8));
        using var whole = signed?.CopyWithPrivateKey(key) ?? request.CreateSelfSigned(from, until);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}

/// <summary>The API extended with another server.</summary>
public sealed class AggregationTests(AggregatingServer server) : IClassFixture<AggregatingServer>, IAsyncLifetime
{
    private const string Name = $"{ExtensionServer.Version}.{ExtensionServer.Group}", Base = $"/apis/{ExtensionServer.Group}/{ExtensionServer.Version}";
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly X509Certificate2 _authority = AggregatingServer.Make("CN=wardle-ca", null);
    private ExtensionServer _extension = null!;

    public async Task InitializeAsync() => _extension = await ExtensionServer.StartAsync(AggregatingServer.Make("CN=wardle", _authority, "wardle.default.svc"));

    public async Task DisposeAsync()
    {
        await server.SendAsync(HttpMethod.Delete, $"/apis/apiregistration.k8s.io/v1/apiservices/{Name}");
        await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/services/wardle");
        await UntilAsync(async () => (await server.GetAsync("/apis/" + ExtensionServer.Group)).Code == HttpStatusCode.NotFound);
        await _extension.DisposeAsync();
    }

    [Fact]
    public async Task OwnVersions_HaveAvailableApiServices()
    {
        await WatchAsync("/apis/apiregistration.k8s.io/v1/apiservices", "v1.apps", static o => Condition(o) == "True Local", static o => $"True Local, but it is {Condition(o)}");
        var list = (await server.GetAsync("/apis/apiregistration.k8s.io/v1/apiservices")).Json!["items"]!.AsArray();

        Assert.Contains(list, static i => (string?)i!["metadata"]!["name"] == "v1." && (int)i["spec"]!["groupPriorityMinimum"]! == 18000);
        Assert.Contains(list, static i => (string?)i!["metadata"]!["name"] == "v2.autoscaling" && (int)i["spec"]!["versionPriority"]! == 30);
        Assert.DoesNotContain(list, static i => (string?)i!["metadata"]!["name"] == "v1.apiregistration.k8s.io");
        // Who installs a metrics server may take its version over, and keep it when we start again.
        Assert.Contains(list, static i => (string?)i!["metadata"]!["name"] == "v1beta1.metrics.k8s.io" && i["metadata"]!["labels"] is null);
        Assert.All(list.Where(static i => i!["spec"]!["service"] is null && i["metadata"]!["labels"] is not null), static i => Assert.Equal("onstart", (string?)i!["metadata"]!["labels"]!["kube-aggregator.kubernetes.io/automanaged"]));
    }

    [Fact]
    public async Task Trust_IsPublishedForOtherServers()
    {
        Assert.Contains((await server.SendAsync(HttpMethod.Post, "/api/v1/namespaces", """{"metadata":{"name":"kube-system"}}""")).Code, new[] { HttpStatusCode.Created, HttpStatusCode.Conflict });
        var data = (await WatchAsync("/api/v1/namespaces/kube-system/configmaps", "extension-apiserver-authentication", static o => o["data"] is not null, static _ => "its data"))["data"]!;

        Assert.Equal(server.Authority.ExportCertificatePem() + "\n", (string?)data["requestheader-client-ca-file"]);
        Assert.Contains("BEGIN CERTIFICATE", (string?)data["client-ca-file"]!, StringComparison.Ordinal);
        Assert.Equal(("[\"front-proxy-client\"]", "[\"X-Remote-User\"]"), ((string?)data["requestheader-allowed-names"], (string?)data["requestheader-username-headers"]));
        Assert.Equal(("[\"X-Remote-Group\"]", "[\"X-Remote-Extra-\"]"), ((string?)data["requestheader-group-headers"], (string?)data["requestheader-extra-headers-prefix"]));
    }

    [Fact]
    public async Task Request_OfAnAggregatedVersion_ReachesTheServerInTheNameOfTheUser()
    {
        await RegisterAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Base}/namespaces/default/flunders?dryRun=All") { Content = new StringContent("""{"kind":"Flunder"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Remote-User", "somebody-else");
        request.Headers.Add("X-Remote-Group", "system:masters");
        request.Headers.Add("Impersonate-User", "jane");
        request.Headers.Add("Impersonate-Group", "ops, both");
        request.Headers.Add("Impersonate-Uid", "u-1");
        request.Headers.Add("Impersonate-Extra-scopes%2fx", "a");
        using var response = await server.Admin.SendAsync(request);

        Assert.Equal((HttpStatusCode.Created, """{"kind":"Flunder"}"""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        var head = _extension.Heads[$"{Base}/namespaces/default/flunders"];
        Assert.Equal(("jane", "ops, both|system:authenticated", "u-1", "a"), (head["X-Remote-User"], head["X-Remote-Group"], head["X-Remote-Uid"], head["X-Remote-Extra-scopes%2Fx"]));
        Assert.Equal(("CN=front-proxy-client", "?dryRun=All", $"wardle.default.svc:{_extension.Port}"), (head["certificate"], head["query"], head["Host"]));
        Assert.DoesNotContain(head.Keys, static k => k.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase) || k == "Authorization");
    }

    [Fact]
    public async Task Streams_ArePassedOnAsTheyCome()
    {
        await RegisterAsync();
        using var response = await server.Admin.GetAsync($"{Base}/flunders?watch=true", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("""{"type":"ADDED"}""", await reader.ReadLineAsync());

        using var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == "CN=test-authority";
        socket.Options.ClientCertificates.Add(server.Issue("O=system:masters, CN=admin", server: false));
        await socket.ConnectAsync(new Uri($"wss://{server.Url.Authority}{Base}/namespaces/default/flunders/one/shell"), default);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[100];
        var echo = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, echo.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default);
    }

    [Fact]
    public async Task Discovery_TellsOfTheOtherServer()
    {
        await RegisterAsync();
        var groups = await UntilAsync(async () => (await server.GetAsync("/apis", Aggregated)).Json!["items"]!.AsArray() is var items
            && items.Any(static g => (string?)g!["metadata"]!["name"] == ExtensionServer.Group && (string?)g["versions"]![0]!["freshness"] == "Current") ? items : null);
        var names = groups.Select(static g => (string?)g!["metadata"]!["name"]).ToList();
        var version = groups.Single(static g => (string?)g!["metadata"]!["name"] == ExtensionServer.Group)!["versions"]![0]!;

        // Its groupPriorityMinimum of 17900 is between those of the core group and of apps.
        Assert.Equal(names.IndexOf("apps") - 1, names.IndexOf(ExtensionServer.Group));
        Assert.Equal("apiregistration.k8s.io", names[0]);
        Assert.Equal("""{"resource":"flunders","responseKind":{"group":"wardle.example.com","version":"v1alpha1","kind":"Flunder"},"scope":"Namespaced","singularResource":"flunder","verbs":["create","delete","deletecollection","get","list","watch"],"shortNames":["fl"],"subresources":[{"subresource":"status","responseKind":{"group":"wardle.example.com","version":"v1alpha1","kind":"Flunder"},"verbs":["get"]}]}""",
            version["resources"]![0]!.ToJsonString());
        Assert.Contains((await server.GetAsync("/apis")).Json!["groups"]!.AsArray(), static g => (string?)g!["name"] == ExtensionServer.Group);
        Assert.Equal(ExtensionServer.Version, (string?)(await server.GetAsync("/apis/" + ExtensionServer.Group)).Json!["preferredVersion"]!["version"]);
        Assert.Equal("APIResourceList", (string?)(await server.GetAsync(Base)).Json!["kind"]);
    }

    [Fact]
    public async Task OpenApi_HasThePathsOfTheOtherServer()
    {
        await RegisterAsync();
        var document = await UntilAsync(async () => (await server.GetAsync("/openapi/v2")).Json is { } json && json["paths"]![$"{Base}/flunders"] is not null ? json : null);
        Assert.Null(document["paths"]!["/apis/other/v1/things"]);
        Assert.NotNull(document["paths"]!["/api/v1/pods"]);
        Assert.Equal("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta_v2", (string?)document["definitions"]!["example.wardle.Flunder"]!["properties"]!["metadata"]!["$ref"]);
        Assert.Null(document["definitions"]!["example.wardle.Unused"]);
        Assert.Equal($"/openapi/v3{Base}?hash=ABC", (string?)(await server.GetAsync("/openapi/v3")).Json!["paths"]![Base[1..]]!["serverRelativeURL"]);
        await server.GetAsync($"/openapi/v3{Base}?hash=ABC");
        Assert.Equal("?hash=ABC", _extension.Heads[$"/openapi/v3{Base}"]["query"]);
    }

    [Fact]
    public async Task OpenApi_OfAServerWithoutVersion3_IsTurnedIntoIt()
    {
        _extension.Old = true;
        await RegisterAsync();
        var url = await UntilAsync(async () => (string?)(await server.GetAsync("/openapi/v3")).Json!["paths"]![Base[1..]]?["serverRelativeURL"]);
        var answer = await server.GetAsync(url);
        var document = answer.Json!;
        Assert.Equal(HttpStatusCode.OK, answer.Code);
        Assert.Equal("#/components/schemas/example.wardle.Flunder",
            (string?)document["paths"]![$"{Base}/flunders"]!["get"]!["responses"]!["200"]!["content"]!["*/*"]!["schema"]!["$ref"]);
        Assert.Null(document["paths"]!["/apis/other/v1/things"]);
        Assert.Equal(["example.wardle.Flunder", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], document["components"]!["schemas"]!.AsObject().Select(static s => s.Key).Order());
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
            (string?)document["components"]!["schemas"]!["example.wardle.Flunder"]!["properties"]!["metadata"]!["$ref"]);
    }

    [Fact]
    public async Task Namespace_IsEmptiedElsewhereToo()
    {
        await RegisterAsync();
        for (var i = 0; i < 3; i++) _extension.Stored[$"{Base}/namespaces/gone/flunders/{i}"] = [];
        _extension.Stored[$"{Base}/namespaces/gone/flunders/0"] = ["example.com/x"];
        _extension.Stored[$"{Base}/namespaces/stays/flunders/0"] = [];

        Assert.True(server.Host.RemoteContent.Any);
        var kept = Assert.Single((await server.Host.RemoteContent.EmptyAsync("gone", default)).Left);
        Assert.Equal(("flunders.wardle.example.com", 1, "example.com/x"), (kept.Resource, kept.Count, Assert.Single(kept.Finalizers)));
        _extension.Stored[$"{Base}/namespaces/gone/flunders/0"] = [];
        Assert.True((await server.Host.RemoteContent.EmptyAsync("gone", default)).IsEmpty);
        Assert.Equal($"{Base}/namespaces/stays/flunders/0", Assert.Single(_extension.Stored).Key);
    }

    [Fact]
    public async Task Namespace_IsNotSeenAsEmpty_WhileAServerDoesNotAnswer()
    {
        _extension.Broken = true;
        await RegisterAsync("False FailedDiscoveryCheck");
        const string Version = $"{ExtensionServer.Group}/{ExtensionServer.Version}";
        Assert.Equal($"{Version}: stale GroupVersion discovery: {Version}", Assert.Single((await server.Host.RemoteContent.EmptyAsync("gone", default)).Undiscovered));
    }

    [Fact]
    public async Task Server_ThatFailsItsDiscovery_IsUnavailableUntilItRecovers()
    {
        _extension.Broken = true;
        await RegisterAsync("False FailedDiscoveryCheck");
        var refused = await server.GetAsync($"{Base}/flunders");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service unavailable\n"), (refused.Code, refused.Text));
        var group = (await server.GetAsync("/apis", Aggregated)).Json!["items"]!.AsArray().Single(static g => (string?)g!["metadata"]!["name"] == ExtensionServer.Group)!;
        Assert.Equal("Stale", (string?)group["versions"]![0]!["freshness"]);

        _extension.Broken = false;
        await UntilConditionAsync("True Passed");
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"{Base}/flunders")).Code);
    }

    [Fact]
    public async Task Service_ThatIsMissingOrLeadsNowhere_IsTheReasonGiven()
    {
        await RegisterAsync("False ServiceNotFound", service: null);
        await CreateAsync("/api/v1/namespaces/default/services", """{"metadata":{"name":"wardle"},"spec":{"ports":[{"port":443}]}}""");
        await UntilConditionAsync("False EndpointsNotFound");
        await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/services/wardle");
        await UntilConditionAsync("False ServiceNotFound");
        await CreateAsync("/api/v1/namespaces/default/services", """{"metadata":{"name":"wardle"},"spec":{"ports":[{"port":8443}]}}""");
        await UntilConditionAsync("False ServicePortError");
    }

    [Fact]
    public async Task Endpoints_AreReachedAtTheAddressOfASlice()
    {
        await RegisterAsync("False EndpointsNotFound", service: """{"metadata":{"name":"wardle"},"spec":{"ports":[{"name":"api","port":443}]}}""");
        // Straight to the registry, as validation lets nobody direct us to the loopback address.
        var slice = JsonNode.Parse($$$"""
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"wardle-1","namespace":"default","uid":"u","labels":{"kubernetes.io/service-name":"wardle"} },
             "addressType":"IPv4","ports":[{"name":"api","port":{{{_extension.Port}}} }],"endpoints":[{"addresses":["127.0.0.1"],"conditions":{"ready":true} }]}
            """)!.AsObject();
        await server.Registries.WriteAsync(ResourceTypes.EndpointSlices, [new CreateObject(new ObjectKey("default", "wardle-1"), UncommittedJson.From(slice))]);
        await UntilConditionAsync("True Passed");
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"{Base}/flunders")).Code);
        await server.SendAsync(HttpMethod.Delete, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/wardle-1");
        await UntilConditionAsync("False EndpointsNotFound");
    }

    [Fact]
    public async Task Server_WithACertificateOfAnotherAuthority_IsNotBelieved()
    {
        using var other = AggregatingServer.Make("CN=other-ca", null);
        await RegisterAsync("False FailedDiscoveryCheck", authority: other);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync($"{Base}/flunders")).Code);
    }

    private async Task RegisterAsync(string condition = "True Passed", string? service = "external", X509Certificate2? authority = null)
    {
        var external = service == "external";
        if (service is not null)
            await CreateAsync("/api/v1/namespaces/default/services", external ? """{"metadata":{"name":"wardle"},"spec":{"type":"ExternalName","externalName":"localhost"}}""" : service);
        var bundle = Convert.ToBase64String(Encoding.ASCII.GetBytes((authority ?? _authority).ExportCertificatePem()));
        await CreateAsync("/apis/apiregistration.k8s.io/v1/apiservices", $$$"""
            {"metadata":{"name":"{{{Name}}}"},"spec":{"group":"{{{ExtensionServer.Group}}}","version":"{{{ExtensionServer.Version}}}","groupPriorityMinimum":17900,"versionPriority":15,
             "caBundle":"{{{bundle}}}","service":{"namespace":"default","name":"wardle","port":{{{(external ? _extension.Port : 443)}}} } } }
            """);
        await UntilConditionAsync(condition);
    }

    private async Task CreateAsync(string path, string body)
    {
        var created = await server.SendAsync(HttpMethod.Post, path, body);
        Assert.True(created.Code == HttpStatusCode.Created, created.Text);
    }

    private Task UntilConditionAsync(string wanted) =>
        WatchAsync("/apis/apiregistration.k8s.io/v1/apiservices", Name, o => Condition(o) == wanted, o => $"{wanted}, but it is {Condition(o)}");

    /// <summary>Watches one object until it is as wanted; returns it.</summary>
    private async Task<JsonNode> WatchAsync(string path, string name, Func<JsonNode, bool> condition, Func<JsonNode?, string> what)
    {
        JsonNode? last = null;
        using var bound = new CancellationTokenSource(Patience);
        try
        {
            using var response = await server.Admin.GetAsync($"{path}?watch=true&fieldSelector=metadata.name%3D{name}", HttpCompletionOption.ResponseHeadersRead, bound.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
            while (await reader.ReadLineAsync(bound.Token) is { } line)
            {
                last = JsonNode.Parse(line)!["object"]!;
                if (condition(last)) return last;
            }
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            // Told below.
        }
        throw new InvalidOperationException($"waited in vain for {what(last)}");
    }

    private static string Condition(JsonNode? apiService) =>
        apiService?["status"]?["conditions"]?.AsArray() is [{ } c, ..] ? $"{(string?)c["status"]} {(string?)c["reason"]}" : "";

    private Task UntilAsync(Func<Task<bool>> condition) => UntilAsync<string>(async () => await condition() ? "" : null);

    /// <summary>Looks again whenever other servers serve something else.</summary>
    private async Task<T> UntilAsync<T>(Func<Task<T?>> condition) where T : class
    {
        using var bound = new CancellationTokenSource(Patience);
        while (true)
        {
            var replaced = server.Host.Documents.Replaced;
            if (await condition() is { } value) return value;
            await replaced.WaitAsync(bound.Token);
        }
    }
}
