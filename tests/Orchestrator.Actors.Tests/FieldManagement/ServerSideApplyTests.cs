using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.FieldManagement;

/// <summary>Applies and other writes through the store, and the record that they leave.</summary>
public sealed class ServerSideApplyTests
{
    private static readonly ObjectKey Key = new("default", "a");

    [Fact]
    public async Task Apply_OfWhatIsNotThere_MakesIt()
    {
        var test = await Cluster.StartAsync();
        var result = await test.ApplyAsync("one", """ "data":{"x":"1"}""");

        Assert.Null(result.Error);
        Assert.True(result.Created);
        Assert.Equal(["one Apply v1 : .data.x"], test.Owners(result));
    }

    [Fact]
    public async Task Apply_Again_WritesNothingAndKeepsTheTime()
    {
        var test = await Cluster.StartAsync();
        var first = await test.ApplyAsync("one", """ "data":{"x":"1"}""");
        test.Fixture.Clock.Now += TimeSpan.FromHours(1);
        var again = await test.ApplyAsync("one", """ "data":{"x":"1"}""");

        Assert.Equal(first.Object!.Revision, again.Object!.Revision);
    }

    [Fact]
    public async Task Apply_OfLess_RemovesWhatNobodyElseOwns()
    {
        var test = await Cluster.StartAsync();
        await test.ApplyAsync("one", """ "data":{"x":"1","y":"1","z":"1"}""");
        await test.ApplyAsync("two", """ "data":{"y":"1"}""");
        var result = await test.ApplyAsync("one", """ "data":{"z":"1"}""");

        Assert.Equal("""{"y":"1","z":"1"}""", test.Data(result));
        Assert.Equal(["one Apply v1 : .data.z", "two Apply v1 : .data.y"], test.Owners(result));
    }

    [Fact]
    public async Task Apply_OfNothing_EndsTheManager()
    {
        var test = await Cluster.StartAsync();
        await test.ApplyAsync("one", """ "data":{"x":"1"}""");
        await test.ApplyAsync("two", """ "data":{"y":"1"}""");
        var result = await test.ApplyAsync("one", """ "metadata":{"name":"a"}""");

        Assert.Equal("""{"y":"1"}""", test.Data(result));
        Assert.Equal(["two Apply v1 : .data.y"], test.Owners(result));
    }

    [Fact]
    public async Task Apply_OfOthersField_IsConflict_UntilForced()
    {
        var test = await Cluster.StartAsync();
        await test.ApplyAsync("one", """ "data":{"x":"1","y":"1"}""");
        await test.PatchAsync("editor", static tree => tree["data"]!["z"] = "1");
        var refused = await test.ApplyAsync("two", """ "data":{"x":"2","z":"2"}""");

        Assert.Equal((409, "Conflict"), (refused.Error!.Code, refused.Error.Reason));
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"editor\" using v1:\n- .data.z\nconflicts with \"one\":\n- .data.x", refused.Error.Message);
        Assert.Equal([new ErrorCause("FieldManagerConflict", ".data.z", "conflict with \"editor\" using v1"), new ErrorCause("FieldManagerConflict", ".data.x", "conflict with \"one\"")], refused.Error.Causes.ToArray());

        var forced = await test.ApplyAsync("two", """ "data":{"x":"2","z":"2"}""", force: true);
        Assert.Equal(["one Apply v1 : .data.y", "two Apply v1 : .data.x .data.z"], test.Owners(forced));
    }

    [Fact]
    public async Task Apply_OfEqualValue_SharesTheField()
    {
        var test = await Cluster.StartAsync();
        await test.ApplyAsync("one", """ "data":{"x":"1"}""");
        var shared = await test.ApplyAsync("two", """ "data":{"x":"1"}""");
        Assert.Equal(["one Apply v1 : .data.x", "two Apply v1 : .data.x"], test.Owners(shared));

        // Two appliers of one field: neither may change it alone.
        var refused = await test.ApplyAsync("one", """ "data":{"x":"2"}""");
        Assert.Equal("Apply failed with 1 conflict: conflict with \"two\": .data.x", refused.Error!.Message);
    }

    [Fact]
    public async Task Update_OfAppliedField_TakesIt()
    {
        var test = await Cluster.StartAsync();
        await test.ApplyAsync("one", """ "data":{"x":"1","y":"1"}""");
        var result = await test.PatchAsync("editor", static tree => tree["data"]!["x"] = "2");
        Assert.Equal(["one Apply v1 : .data.y", "editor Update v1 : .data.x"], test.Owners(result));

        var removed = await test.PatchAsync("editor", static tree => tree.Remove("data"));
        Assert.Empty(test.Owners(removed));
    }

    [Fact]
    public async Task Update_ThatChangesNothing_OwnsNothing()
    {
        var test = await Cluster.StartAsync();
        var made = await test.ApplyAsync("one", """ "data":{"x":"1"}""");
        var result = await test.PatchAsync("editor", static _ => { });
        Assert.Equal(made.Object!.Revision, result.Object!.Revision);
    }

    [Fact]
    public async Task Apply_ToUntrackedObject_FirstGivesTheRestToItself()
    {
        var test = await Cluster.StartAsync();
        await test.CreateAsync("maker", """{"metadata":{"name":"a"},"data":{"x":"1"}}""");
        // Whoever wants no record puts in one empty entry.
        var cleared = await test.PatchAsync("maker", static tree => tree["metadata"]!["managedFields"] = new JsonArray(new JsonObject()));
        Assert.Empty(test.Owners(cleared));
        var untracked = await test.PatchAsync("editor", static tree => tree["data"]!["y"] = "1");
        Assert.Empty(test.Owners(untracked));

        var applied = await test.ApplyAsync("one", """ "data":{"z":"1"}""");
        Assert.Equal(["one Apply v1 : .data.z", "before-first-apply Update v1 : .data .data.x .data.y"], test.Owners(applied));
    }

    [Fact]
    public async Task Record_SentAsListOfNothing_StaysAsItIs()
    {
        var test = await Cluster.StartAsync();
        var made = await test.CreateAsync("maker", """{"metadata":{"name":"a"},"data":{"x":"1"}}""");
        var result = await test.PatchAsync("editor", static tree => tree["metadata"]!["managedFields"] = new JsonArray());
        Assert.Equal(made.Object!.Revision, result.Object!.Revision);
        result = await test.PatchAsync("editor", static tree => tree["metadata"]!["managedFields"] = JsonNode.Parse("""[{"manager":"x","operation":"Nonsense"}]"""));
        Assert.Equal(made.Object!.Revision, result.Object!.Revision);
    }

    [Fact]
    public async Task Record_ChangedByClient_IsTaken()
    {
        var test = await Cluster.StartAsync();
        await test.CreateAsync("maker", """{"metadata":{"name":"a"},"data":{"x":"1"}}""");
        var result = await test.PatchAsync("maker", static tree =>
        {
            var entry = tree["metadata"]!["managedFields"]![0]!;
            entry["manager"] = "other";
            entry["operation"] = "Apply";
        });
        Assert.Equal(["other Apply v1 : .data .data.x"], test.Owners(result));
    }

    [Fact]
    public async Task ManyUpdaters_AreMergedIntoOne()
    {
        var test = await Cluster.StartAsync();
        await test.CreateAsync("m00", """{"metadata":{"name":"a"},"data":{"x":"1"}}""");
        StoreResult? last = null;
        for (var i = 1; i <= 12; i++)
        {
            test.Fixture.Clock.Now += TimeSpan.FromMinutes(1);
            var name = $"m{i:d2}";
            last = await test.PatchAsync(name, tree => tree["data"]![name] = "1");
        }
        var owners = test.Owners(last!);
        Assert.Equal(10, owners.Length);
        Assert.Equal("ancient-changes Update v1 : .data .data.m01 .data.m02 .data.m03 .data.x", owners[0]);
    }

    [Fact]
    public async Task ClientSideApply_IsTakenOverByKubectl()
    {
        var test = await Cluster.StartAsync();
        const string Last = """{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"default\"},\"data\":{\"x\":\"1\",\"y\":\"1\"}}""";
        await test.CreateAsync("kubectl-client-side-apply",
            $$$"""{"metadata":{"name":"a","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{{{Last}}}"}},"data":{"x":"1","y":"1"}}""");
        await test.PatchAsync("editor", static tree => tree["data"]!["y"] = "edited");

        // What was edited since is no longer that of client-side apply.
        var refused = await test.ApplyAsync("kubectl", """ "data":{"x":"2","y":"2"}""");
        Assert.Equal("Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.y", refused.Error!.Message);
        var other = await test.ApplyAsync("other", """ "data":{"x":"2"}""");
        Assert.Equal("Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .data.x", other.Error!.Message);

        var taken = await test.ApplyAsync("kubectl", """ "data":{"x":"2"}""");
        Assert.Null(taken.Error);
        Assert.Contains("kubectl Apply v1 : .data.x", test.Owners(taken));
        Assert.Equal("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"2\"}}\n",
            taken.Object!.Meta.Annotations["kubectl.kubernetes.io/last-applied-configuration"]);
    }

    [Theory]
    [InlineData("""{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}""", 400, "invalid object type: v2, Kind=ConfigMap")]
    [InlineData("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}""", 400, "invalid object type: v1, Kind=Secret")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"a"}}""", 400, "invalid object type: , Kind=ConfigMap")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[]}}""", 400, "metadata.managedFields must be nil")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"datum":1}""", 400,
        "failed to create typed patch object (/a; v1, Kind=ConfigMap): .datum: field not declared in schema")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u1"}}""", 409,
        "Operation cannot be fulfilled on configmaps \"a\": uid mismatch: the provided object specified uid u1, and no existing object was found")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}""", 400, "the name of the object (b) does not match the name on the URL (a)")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"7"}}""", 409,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again")]
    public async Task Apply_OfWhatMakesNoSense_IsRefused(string configuration, int code, string message)
    {
        var test = await Cluster.StartAsync();
        var result = await test.ApplyTreeAsync("one", configuration);
        Assert.Equal((code, message), (result.Error!.Code, result.Error.Message));
    }

    [Fact]
    public async Task Apply_WithStaleVersion_IsConflict()
    {
        var test = await Cluster.StartAsync();
        var made = await test.ApplyAsync("one", """ "data":{"x":"1"}""");
        await test.PatchAsync("editor", static tree => tree["data"]!["y"] = "1");
        var stale = await test.ApplyAsync("one", $$$""" "metadata":{"name":"a","resourceVersion":"{{{made.Object!.Revision}}}"},"data":{"x":"2"}""");
        Assert.Equal(409, stale.Error!.Code);
        Assert.Contains("the object has been modified", stale.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_InDryRun_ChangesNothing()
    {
        var test = await Cluster.StartAsync();
        var dry = await test.Fixture.Store.ApplyAsync(test.Schema, Key, Tree("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}}"""), "",
            new WriteOptions { FieldManager = "one", DryRun = true });
        Assert.Null(dry.Error);
        Assert.Equal(["one Apply v1 : .data.x"], test.Owners(dry));
        Assert.Null(await test.Fixture.Store.GetAsync(ResourceTypes.ConfigMaps, Key));
    }

    [Fact]
    public async Task Status_IsOwnedThroughItsSubresource()
    {
        var test = await Cluster.StartAsync();
        await test.Fixture.PodAsync("a");
        await test.Fixture.BindAsync("a", "n1");
        var pods = test.Fixture.Store.SchemaOf(ResourceTypes.Pods);
        const string First = """{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}],"conditions":[{"type":"Ready","status":"False"}]}""";
        var kubelet = new WriteOptions { FieldManager = "kubelet" };
        var first = await test.Fixture.Store.UpdateStatusAsync(ResourceTypes.Pods, new StatusUpdate(Key, Encoding.UTF8.GetBytes(First)), kubelet);
        var owned = test.Owners(first);
        Assert.Contains("kubelet/status Update v1 : .status.conditions[type=\"Ready\"] .status.conditions[type=\"Ready\"].status .status.conditions[type=\"Ready\"].type "
            + ".status.phase .status.podIP .status.podIPs .status.podIPs[ip=\"10.0.0.1\"] .status.podIPs[ip=\"10.0.0.1\"].ip", owned);

        // Others may take one field of it, and the kubelet takes it back with its next word.
        var other = await test.Fixture.Store.PatchAsync(pods, Key, static tree =>
        {
            tree["status"]!["phase"] = "Failed";
            return (tree, null);
        }, "status", new WriteOptions { FieldManager = "other" });
        Assert.Contains("other/status Update v1 : .status.phase", test.Owners(other));

        test.Fixture.Clock.Now += TimeSpan.FromMinutes(1);
        var last = await test.Fixture.Store.UpdateStatusAsync(ResourceTypes.Pods, new StatusUpdate(Key, Encoding.UTF8.GetBytes(First.Replace("False", "True", StringComparison.Ordinal))), kubelet);
        Assert.DoesNotContain(test.Owners(last), o => o.StartsWith("other", StringComparison.Ordinal));
        Assert.Contains("\"manager\":\"kubelet\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":\"2026-01-02T03:05:05Z\"", Encoding.UTF8.GetString(last.Object!.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfServicePorts_IncludeTheDefaultedProtocol()
    {
        var test = await Cluster.StartAsync();
        var services = test.Fixture.Store.SchemaOf(ResourceTypes.Services);
        Task<StoreResult> Apply(string manager, string ports) => test.Fixture.Store.ApplyAsync(services, Key,
            Tree($$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"selector":{"a":"b"},"ports":{{{ports}}}}}"""), "", new WriteOptions { FieldManager = manager });

        var first = await Apply("one", """[{"name":"tcp","port":80},{"name":"udp","port":80,"protocol":"UDP"}]""");
        Assert.Null(first.Error);
        Assert.Contains(".spec.ports[port=80,protocol=\"TCP\"]", test.Owners(first)[0], StringComparison.Ordinal);
        var second = await Apply("one", """[{"name":"tcp","port":80,"protocol":"TCP"}]""");
        Assert.Null(second.Error);
        Assert.Equal(["tcp"], JsonNode.Parse(second.Object!.Json.Span)!["spec"]!["ports"]!.AsArray().Select(p => (string?)p!["name"]));
    }

    [Fact]
    public async Task SystemFields_AreNobodys()
    {
        var test = await Cluster.StartAsync();
        var result = await test.ApplyAsync("one", """ "metadata":{"name":"a","namespace":"default","labels":{"l":"1"}},"data":{"x":"1"}""");
        Assert.Equal(["one Apply v1 : .data.x .metadata.labels.l"], test.Owners(result));
    }

    private static JsonObject Tree(string json) => ObjectJson.Parse(Encoding.UTF8.GetBytes(json)).Tree!.AsObject();

    private sealed record Cluster(StoreFixture Fixture)
    {
        public ResourceSchema Schema { get; } = Fixture.Store.SchemaOf(ResourceTypes.ConfigMaps);

        public static async Task<Cluster> StartAsync() => new(await StoreFixture.WithNamespaceAsync());

        public Task<StoreResult> ApplyAsync(string manager, string fields, bool force = false)
        {
            var metadata = fields.Contains("\"metadata\"", StringComparison.Ordinal) ? "" : "\"metadata\":{\"name\":\"a\"},";
            return ApplyTreeAsync(manager, $$"""{"apiVersion":"v1","kind":"ConfigMap",{{metadata}}{{fields.Trim()}}}""", force);
        }

        public Task<StoreResult> ApplyTreeAsync(string manager, string configuration, bool force = false) =>
            Fixture.Store.ApplyAsync(Schema, Key, Tree(configuration), "", new WriteOptions { FieldManager = manager, Force = force });

        public Task<StoreResult> CreateAsync(string manager, string json) =>
            Fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", json, new WriteOptions { FieldManager = manager });

        public Task<StoreResult> PatchAsync(string manager, Action<JsonObject> change) => Fixture.Store.PatchAsync(Schema, Key, tree =>
        {
            change(tree);
            return (tree, null);
        }, "", new WriteOptions { FieldManager = manager });

        public string[] Owners(StoreResult result)
        {
            Assert.Null(result.Error);
            var list = JsonNode.Parse(result.Object!.Json.Span)!["metadata"]!["managedFields"] as JsonArray;
            return [.. (list ?? []).Select(e => $"{(string?)e!["manager"]}{((string?)e["subresource"] is { } sub ? "/" + sub : "")} {(string?)e["operation"]} {(string?)e["apiVersion"]} : "
                + string.Join(' ', FieldsV1.Parse(e["fieldsV1"]).Paths().Order(StringComparer.Ordinal)))];
        }

        public string Data(StoreResult result) => JsonTree.ToText(JsonNode.Parse(result.Object!.Json.Span)!["data"]);
    }
}
