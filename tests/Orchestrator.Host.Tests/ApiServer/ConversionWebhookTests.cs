using System.Net;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server with a custom resource of two versions, between which a real HTTPS webhook converts.</summary>
public sealed class ConvertingServer : ApiServerFixture, IAsyncLifetime, IDisposable
{
    private const string Definition = """
        {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
         "names":{"plural":"widgets","kind":"Widget","singular":"widget","listKind":"WidgetList"},
         "conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],"clientConfig":{"url":"URL","caBundle":"CA"}}},
         "versions":[{"name":"v1","served":true,"storage":true,
           "additionalPrinterColumns":[{"name":"Host","type":"string","jsonPath":".spec.host"}],
           "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"host":{"type":"string"},"size":{"type":"integer"}}},"status":{"type":"object","properties":{"phase":{"type":"string"}}}}}},
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}}},
          {"name":"v2","served":true,"storage":false,
           "additionalPrinterColumns":[{"name":"Address","type":"string","jsonPath":".spec.address"}],"selectableFields":[{"jsonPath":".spec.address"}],
           "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"address":{"type":"string"},"count":{"type":"integer"},"color":{"type":"string","default":"red"}}},"status":{"type":"object","properties":{"phase":{"type":"string"}}}}}},
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.count","statusReplicasPath":".status.count"}}}]}}
        """;

    private readonly WebhookCaller _caller = new();

    internal WebhookServer Hooks { get; private set; } = null!;

    /// <summary>What the webhook does wrong; empty for nothing.</summary>
    public string Mode { get; set; } = "";

    /// <summary>How many objects each call converted.</summary>
    public List<int> Batches { get; } = [];

    protected override ResourceStore MakeStore() => new(Registries, () => Catalog, TimeProvider.System,
        admission: AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Webhooks = _caller, Catalog = () => Catalog }))
    { Converter = new CustomResourceConverter(_caller, Registries) };

    async Task IAsyncLifetime.InitializeAsync()
    {
        Hooks = await WebhookServer.StartAsync();
        Hooks.Answers["/convert"] = Convert;
        var definition = Definition.Replace("URL", $"{Hooks.Url}convert", StringComparison.Ordinal).Replace("CA", Hooks.CaBundle, StringComparison.Ordinal);
        Catalog = SchemaCatalog.BuiltIn.With(CustomResourceSchemas.Build(JsonNode.Parse(definition)!.AsObject()));
        await InitializeAsync();
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Hooks.DisposeAsync();
    }

    public void Dispose() => _caller.Dispose();

    private JsonObject Convert(JsonObject request)
    {
        if (Mode == "fails") return new JsonObject { ["result"] = new JsonObject { ["status"] = "Failure", ["message"] = "no luck" } };
        var version = (string)request["desiredAPIVersion"]!;
        var objects = new JsonArray();
        foreach (var node in (JsonArray)request["objects"]!)
        {
            var tree = node!.DeepClone().AsObject();
            tree["apiVersion"] = version;
            var v2 = version.EndsWith("v2", StringComparison.Ordinal);
            var (from, to) = v2 ? ("host", "address") : ("address", "host");
            var (less, more) = v2 ? ("size", "count") : ("count", "size");
            var spec = new JsonObject { ["junk"] = 1 };
            if (tree["spec"]?[from] is { } host) spec[to] = host.DeepClone();
            if (tree["spec"]?[less] is { } size) spec[more] = size.DeepClone();
            if (tree["spec"]?["color"] is { } color) (tree["metadata"]!["annotations"] ??= new JsonObject())["color"] = color.DeepClone();
            tree["spec"] = spec;
            if (v2) (tree["metadata"]!["labels"] ??= new JsonObject())["seen"] = "v2";
            tree["metadata"]!["generation"] = 99;
            if (Mode.Length > 0) tree["metadata"]![Mode] = "other";
            objects.Add((JsonNode)tree);
        }
        Batches.Add(objects.Count);
        return new JsonObject { ["convertedObjects"] = objects, ["result"] = new JsonObject { ["status"] = "Success" } };
    }
}

/// <summary>Every verb on custom resources that a webhook converts, as clients of both versions see them.</summary>
public sealed class ConversionWebhookTests : IAsyncLifetime, IDisposable
{
    private const string V1 = "/apis/example.com/v1/namespaces/default/widgets";
    private const string V2 = "/apis/example.com/v2/namespaces/default/widgets";

    private readonly ConvertingServer _server = new();

    public Task InitializeAsync() => ((IAsyncLifetime)_server).InitializeAsync();

    public Task DisposeAsync() => ((IAsyncLifetime)_server).DisposeAsync();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task CreateGetUpdateDelete_InTheOtherVersion()
    {
        var made = await SendAsync(HttpMethod.Post, V2, """{"metadata":{"name":"w"},"spec":{"address":"a"}}""");
        Assert.Equal(("example.com/v2", "a"), ((string?)made["apiVersion"], (string?)made["spec"]!["address"]));
        // The default was there when the object was stored, as its annotation shows; what is read gets those of the stored version alone.
        Assert.Null(made["spec"]!["color"]);
        var stored = await SendAsync(HttpMethod.Get, $"{V1}/w");
        Assert.Equal("""{"host":"a"}""", stored["spec"]!.ToJsonString());
        Assert.Equal(1, (int?)stored["metadata"]!["generation"]);
        Assert.Equal("red", (string?)stored["metadata"]!["annotations"]!["color"]);

        var read = await SendAsync(HttpMethod.Get, $"{V2}/w");
        read["spec"]!["address"] = "b";
        var updated = await SendAsync(HttpMethod.Put, $"{V2}/w", read.ToJsonString());
        Assert.Equal(("b", 2), ((string?)updated["spec"]!["address"], (int?)updated["metadata"]!["generation"]));
        var patched = await SendAsync(HttpMethod.Patch, $"{V2}/w", """[{"op":"test","path":"/spec/address","value":"b"},{"op":"replace","path":"/spec/address","value":"c"}]""", "application/json-patch+json");
        Assert.Equal("c", (string?)patched["spec"]!["address"]);
        var status = await SendAsync(HttpMethod.Patch, $"{V2}/w/status", """{"status":{"phase":"Up"}}""", "application/merge-patch+json");
        Assert.Equal("Up", (string?)status["status"]!["phase"]);
        Assert.Equal("c", (string?)(await SendAsync(HttpMethod.Get, $"{V1}/w"))["spec"]!["host"]);
        await SendAsync(HttpMethod.Delete, $"{V2}/w");
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"{V1}/w")).Code);
    }

    [Fact]
    public async Task Scale_ReadsAndWritesThePathsOfItsVersion()
    {
        await MakeAsync("w", "a", 3);
        Assert.Equal(3, (int?)(await SendAsync(HttpMethod.Get, $"{V2}/w/scale"))["spec"]!["replicas"]);
        var scaled = await SendAsync(HttpMethod.Patch, $"{V2}/w/scale", """{"spec":{"replicas":5}}""", "application/merge-patch+json");
        Assert.Equal(5, (int?)scaled["spec"]!["replicas"]);
        Assert.Equal(5, (int?)(await SendAsync(HttpMethod.Get, $"{V1}/w"))["spec"]!["size"]);
    }

    [Fact]
    public async Task List_ConvertsAllInOneCall_AndSelectsWhatTheClientSees()
    {
        for (var i = 0; i < 5; i++) await MakeAsync($"w{i}", $"host-{i}");
        _server.Batches.Clear();
        var list = await SendAsync(HttpMethod.Get, V2);
        Assert.Equal(["host-0", "host-1", "host-2", "host-3", "host-4"], list["items"]!.AsArray().Select(static i => (string?)i!["spec"]!["address"]));
        Assert.Equal([5], _server.Batches);
        Assert.All(list["items"]!.AsArray(), static i => Assert.Equal("example.com/v2", (string?)i!["apiVersion"]));

        Assert.Equal("w3", (string?)Assert.Single((await SendAsync(HttpMethod.Get, $"{V2}?fieldSelector=spec.address%3Dhost-3"))["items"]!.AsArray())!["metadata"]!["name"]);
        Assert.Equal(5, (await SendAsync(HttpMethod.Get, $"{V2}?labelSelector=seen%3Dv2"))["items"]!.AsArray().Count);
        Assert.Empty((await SendAsync(HttpMethod.Get, $"{V1}?labelSelector=seen%3Dv2"))["items"]!.AsArray());

        await SendAsync(HttpMethod.Delete, $"{V2}?fieldSelector=spec.address%3Dhost-9");
        var page = await SendAsync(HttpMethod.Get, $"{V2}?limit=2");
        Assert.Equal((2, 3), (page["items"]!.AsArray().Count, (int?)page["metadata"]!["remainingItemCount"]));
        var rest = await SendAsync(HttpMethod.Get, $"{V2}?limit=9&continue={(string?)page["metadata"]!["continue"]}");
        Assert.Equal(["w2", "w3", "w4"], rest["items"]!.AsArray().Select(static i => (string?)i!["metadata"]!["name"]));
    }

    [Fact]
    public async Task DeleteCollection_SelectsWhatTheClientSees()
    {
        for (var i = 0; i < 3; i++) await MakeAsync($"w{i}", $"host-{i}");
        var gone = await SendAsync(HttpMethod.Delete, $"{V2}?fieldSelector=spec.address%3Dhost-1");
        Assert.Equal("host-1", (string?)Assert.Single(gone["items"]!.AsArray())!["spec"]!["address"]);
        Assert.Equal(["w0", "w2"], (await SendAsync(HttpMethod.Get, V1))["items"]!.AsArray().Select(static i => (string?)i!["metadata"]!["name"]));
        _server.Mode = "fails";
        Assert.Equal(HttpStatusCode.InternalServerError, (await _server.SendAsync(HttpMethod.Delete, $"{V2}?labelSelector=seen")).Code);
        _server.Mode = "";
        Assert.Equal(2, (await SendAsync(HttpMethod.Get, V1))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task TablesAndMetadata_AreOfTheVersion()
    {
        await MakeAsync("w", "a");
        var table = await SendAsync(HttpMethod.Get, V2, accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal(["Name", "Address"], table["columnDefinitions"]!.AsArray().Select(static c => (string?)c!["name"]));
        Assert.Equal("a", (string?)table["rows"]![0]!["cells"]![1]);
        var one = await SendAsync(HttpMethod.Get, $"{V2}/w", accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal("a", (string?)one["rows"]![0]!["cells"]![1]);
        var partial = await SendAsync(HttpMethod.Get, V2, accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
        Assert.Equal("v2", (string?)partial["items"]![0]!["metadata"]!["labels"]!["seen"]);
        var gone = await SendAsync(HttpMethod.Delete, V2);
        Assert.Equal("a", (string?)gone["items"]![0]!["spec"]!["address"]);
    }

    [Fact]
    public async Task Watch_ConvertsStateAndChanges()
    {
        for (var i = 0; i < 3; i++) await MakeAsync($"w{i}", $"host-{i}");
        _server.Batches.Clear();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{V2}?watch=true&fieldSelector=spec.address%3Dhost-1");
        using var response = await _server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var first = JsonNode.Parse((await reader.ReadLineAsync())!)!;
        Assert.Equal(("ADDED", "w1", "host-1"), ((string?)first["type"], (string?)first["object"]!["metadata"]!["name"], (string?)first["object"]!["spec"]!["address"]));
        Assert.Equal([3], _server.Batches);
        await SendAsync(HttpMethod.Patch, $"{V1}/w1", """{"spec":{"host":"else"}}""", "application/merge-patch+json");
        var second = JsonNode.Parse((await reader.ReadLineAsync())!)!;
        Assert.Equal(("DELETED", "host-1"), ((string?)second["type"], (string?)second["object"]!["spec"]!["address"]));

        _server.Mode = "fails";
        await SendAsync(HttpMethod.Post, V1, """{"metadata":{"name":"w9"},"spec":{"host":"host-1"}}""");
        var last = JsonNode.Parse((await reader.ReadLineAsync())!)!;
        Assert.Equal(("ERROR", 500), ((string?)last["type"], (int?)last["object"]!["code"]));
        Assert.Equal("Internal error occurred: conversion webhook for example.com/v1, Kind=Widget failed: no luck", (string?)last["object"]!["message"]);
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Apply_ByManagersOfBothVersions()
    {
        await ApplyAsync(V1, "one", """{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"host":"a","size":1}}""");
        var conflict = await _server.SendAsync(HttpMethod.Patch, $"{V2}/w?fieldManager=two",
            """{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"w"},"spec":{"address":"b"}}""", "application/apply-patch+yaml");
        Assert.Equal(HttpStatusCode.Conflict, conflict.Code);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"one\": .spec.host", (string?)conflict.Json!["message"]);

        var taken = await ApplyAsync(V2, "two", """{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"w"},"spec":{"address":"b"}}""", "&force=true");
        Assert.Equal("b", (string?)taken["spec"]!["address"]);
        var fields = taken["metadata"]!["managedFields"]!.AsArray();
        Assert.Equal("""{"f:spec":{"f:size":{}}}""", fields.Single(static f => (string?)f!["manager"] == "one")!["fieldsV1"]!.ToJsonString());
        Assert.Equal("example.com/v2", (string?)fields.Single(static f => (string?)f!["manager"] == "two")!["apiVersion"]);

        // The manager goes over to the other version and no longer mentions the size, which goes.
        var moved = await ApplyAsync(V2, "one", """{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"w"},"spec":{"address":"b"}}""");
        Assert.Null(moved["spec"]!["count"]);
        Assert.Null((await SendAsync(HttpMethod.Get, $"{V1}/w"))["spec"]!["size"]);
    }

    [Fact]
    public async Task AdmissionWebhook_OfTheOtherVersion_SeesAndChangesIt()
    {
        await HookAsync("mutatingwebhookconfigurations", "m", static request => (string?)request["operation"] == "DELETE"
            ? new JsonObject { ["allowed"] = true }
            : new JsonObject
            {
                ["allowed"] = true,
                ["patchType"] = "JSONPatch",
                ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("""[{"op":"replace","path":"/spec/address","value":"changed"}]""")),
            });
        await SendAsync(HttpMethod.Post, V1, """{"metadata":{"name":"w"},"spec":{"host":"a"}}""");
        Assert.Equal("changed", (string?)(await SendAsync(HttpMethod.Get, $"{V1}/w"))["spec"]!["host"]);
        await SendAsync(HttpMethod.Patch, $"{V1}/w", """{"spec":{"size":2}}""", "application/merge-patch+json");
        await SendAsync(HttpMethod.Delete, $"{V1}/w");
        await SendAsync(HttpMethod.Delete, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/m");

        var asked = _server.Hooks.Asked.Where(static a => a["operation"] is not null).ToList();
        Assert.Equal("""{"group":"example.com","version":"v2","kind":"Widget"}""", asked[0]["kind"]!.ToJsonString());
        Assert.Equal("""{"group":"example.com","version":"v1","kind":"Widget"}""", asked[0]["requestKind"]!.ToJsonString());
        Assert.Equal("a", (string?)asked[0]["object"]!["spec"]!["address"]);
        var update = asked.First(static a => (string?)a["operation"] == "UPDATE");
        Assert.Equal(("changed", 2), ((string?)update["oldObject"]!["spec"]!["address"], (int?)update["object"]!["spec"]!["count"]));
        Assert.Equal("changed", (string?)asked[^1]["oldObject"]!["spec"]!["address"]);
    }

    [Fact]
    public async Task Policy_OfTheOtherVersion_SeesIt()
    {
        await SendAsync(HttpMethod.Post, "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", """
            {"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["example.com"],"apiVersions":["v2"],"operations":["CREATE","UPDATE"],"resources":["widgets"]}]},
             "validations":[{"expression":"object.spec.address != 'bad' && (oldObject == null || oldObject.spec.address != 'fixed')"}]}}
            """);
        await SendAsync(HttpMethod.Post, "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", """{"metadata":{"name":"p"},"spec":{"policyName":"p","validationActions":["Deny"]}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _server.SendAsync(HttpMethod.Post, V1, """{"metadata":{"name":"w"},"spec":{"host":"bad"}}""")).Code);
        await SendAsync(HttpMethod.Post, V1, """{"metadata":{"name":"w"},"spec":{"host":"fixed"}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _server.SendAsync(HttpMethod.Patch, $"{V1}/w", """{"spec":{"size":2}}""", "application/merge-patch+json")).Code);
        await SendAsync(HttpMethod.Delete, "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/p");
        await SendAsync(HttpMethod.Delete, "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/p");
    }

    [Theory]
    [InlineData("fails", "conversion webhook for example.com/v1, Kind=Widget failed: no luck")]
    [InlineData("name", "conversion webhook for example.com/v1, Kind=Widget returned invalid object: must have the same name: w != other")]
    [InlineData("namespace", "conversion webhook for example.com/v1, Kind=Widget returned invalid object: must have the same namespace: default != other")]
    [InlineData("uid", "conversion webhook for example.com/v1, Kind=Widget returned invalid object: must have the same UID: UID != other")]
    [InlineData("labels", "conversion webhook for example.com/v1, Kind=Widget returned invalid metadata: invalid metadata.labels of type string in converted object")]
    public async Task WrongWebhook_RefusesEveryVerb(string mode, string message)
    {
        var made = await MakeAsync("w", "a");
        message = message.Replace(": UID ", $": {(string?)made["metadata"]!["uid"]} ", StringComparison.Ordinal);
        _server.Mode = mode;
        foreach (var (method, path, body, type) in ((HttpMethod, string, string?, string)[])
            [
                (HttpMethod.Get, $"{V2}/w", null, ""), (HttpMethod.Get, V2, null, ""), (HttpMethod.Delete, $"{V2}/w", null, ""),
                (HttpMethod.Patch, $"{V2}/w", """{"spec":{"address":"b"}}""", "application/merge-patch+json"),
                (HttpMethod.Get, $"{V2}/w/scale", null, ""),
            ])
        {
            var (code, json, _, text) = await _server.SendAsync(method, path, body, type.Length > 0 ? type : "application/json");
            Assert.True(code == HttpStatusCode.InternalServerError, text);
            Assert.Equal(message, (string?)json!["message"]);
            Assert.Null(json["reason"]);
        }
        _server.Mode = "";
        Assert.Equal("a", (string?)(await SendAsync(HttpMethod.Get, $"{V1}/w"))["spec"]!["host"]);
    }

    private async Task<JsonNode> MakeAsync(string name, string host, int size = 1) =>
        await SendAsync(HttpMethod.Post, V1, $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"host":"{{{host}}}","size":{{{size}}}}}""");

    private Task<JsonNode> ApplyAsync(string path, string manager, string body, string more = "") =>
        SendAsync(HttpMethod.Patch, $"{path}/w?fieldManager={manager}{more}", body, "application/apply-patch+yaml");

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string? accept = null)
    {
        var sent = await _server.SendAsync(method, path, body, type, accept);
        Assert.True((int)sent.Code < 300, sent.Text);
        return sent.Json!;
    }

    private Task HookAsync(string configurations, string name, Func<JsonObject, JsonObject> answer)
    {
        _server.Hooks.Answers[$"/{name}"] = answer;
        return SendAsync(HttpMethod.Post, $"/apis/admissionregistration.k8s.io/v1/{configurations}",
            $$$"""
            {"metadata":{"name":"{{{name}}}"},"webhooks":[{"name":"{{{name}}}.example.com","clientConfig":{"url":"{{{_server.Hooks.Url}}}{{{name}}}","caBundle":"{{{_server.Hooks.CaBundle}}}"},
             "sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"operations":["*"],"apiGroups":["example.com"],"apiVersions":["v2"],"resources":["widgets"]}]}]}
            """);
    }
}
