using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds.CustomResources;

public sealed class CustomResourceConverterTests
{
    private const string Definition = """
        {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
         "conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v2","v1"],"clientConfig":{"url":"https://example.com/convert"}}},
         "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"host":{"type":"string"}}}}}}},
          {"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"address":{"type":"string"}}}}}}}]}}
        """;

    private readonly StoreFixture _fixture = new();
    private readonly Caller _caller = new();
    private readonly SchemaCatalog _catalog = SchemaCatalog.BuiltIn.With(CustomResourceSchemas.Build(JsonNode.Parse(Definition)!.AsObject()));

    private ResourceStore Store() => new(_fixture.Registries, () => _catalog, _fixture.Clock, _fixture.Identities) { Converter = new CustomResourceConverter(_caller, _fixture.Registries) };

    private ResourceSchema V2 => _catalog.Find("example.com", "v2", "widgets")!;

    private static JsonObject Widget() =>
        JsonNode.Parse("""{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"w","namespace":"default"},"spec":{"address":"a.example.com"}}""")!.AsObject();

    private async Task<StoreResult> CreateAsync()
    {
        Assert.Null((await _fixture.CreateAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"default"}}""")).Error);
        return await Store().CreateAsync(V2, "default", Widget());
    }

    [Fact]
    public async Task Create_InAnotherVersion_IsStoredConverted()
    {
        var made = await CreateAsync();
        Assert.True(made.Error is null, made.Error?.Message);
        var tree = made.Object!.ToTree();
        Assert.Equal("example.com/v1", JsonTree.String(tree, "apiVersion"));
        Assert.Equal("a.example.com", JsonTree.AsString(tree["spec"]!["host"]));
        Assert.Equal("apiextensions.k8s.io/v1", JsonTree.String(_caller.Asked!, "apiVersion"));
    }

    [Fact]
    public async Task Show_InAnotherVersion_IsConvertedBack()
    {
        var made = await CreateAsync();
        var (shown, error) = await Store().Converter!.ShowAsync(V2, [made.Object!], default);
        Assert.True(error is null, error?.Message);
        var tree = Assert.Single(shown).ToTree();
        Assert.Equal("example.com/v2", JsonTree.String(tree, "apiVersion"));
        Assert.Equal("a.example.com", JsonTree.AsString(tree["spec"]!["address"]));
        Assert.Equal(made.Object!.Meta.Uid, JsonTree.AsString(tree["metadata"]!["uid"]));
        Assert.Equal(made.Object!.Revision, shown[0].Revision);
    }

    [Fact]
    public async Task Patch_InAnotherVersion_ChangesTheStoredOne()
    {
        await CreateAsync();
        var changed = await Store().PatchAsync(V2, new ObjectKey("default", "w"), static tree =>
        {
            tree["spec"]!["address"] = "b.example.com";
            return (tree, null);
        });
        Assert.True(changed.Error is null, changed.Error?.Message);
        Assert.Equal("b.example.com", JsonTree.AsString(changed.Object!.ToTree()["spec"]!["host"]));
    }

    [Theory]
    [InlineData("failed", "conversion webhook for example.com/v1, Kind=Widget failed: no luck")]
    [InlineData("down", "conversion webhook for example.com/v1, Kind=Widget failed: Post \"https://example.com/convert\": EOF")]
    [InlineData("version", "conversion webhook for example.com/v1, Kind=Widget returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)")]
    [InlineData("renamed", "conversion webhook for example.com/v1, Kind=Widget returned invalid object: must have the same name: w != x")]
    [InlineData("fewer", "conversion webhook for example.com/v1, Kind=Widget returned 0 objects, expected 1")]
    public async Task Show_WebhookIsWrong_SaysSo(string mode, string message)
    {
        var made = await CreateAsync();
        _caller.Mode = mode;
        var (_, error) = await Store().Converter!.ShowAsync(V2, [made.Object!], default);
        Assert.Equal(message, error!.Message);
    }

    [Fact]
    public void Bytes_OfFormerStorageVersion_AreShownInTheNewOne()
    {
        var definition = JsonNode.Parse(Definition)!.AsObject();
        ((JsonObject)definition["spec"]!)["conversion"] = new JsonObject { ["strategy"] = "None" };
        definition["status"] = new JsonObject { ["storedVersions"] = new JsonArray("v0", "v1") };
        var storage = CustomResourceSchemas.Build(definition).Single(static s => s.Storage);
        var stored = new StoredObject(new ObjectKey("default", "w"), 7, Encoding.UTF8.GetBytes("""{"apiVersion":"example.com/v0","kind":"Widget","metadata":{"name":"w","resourceVersion":"7"}}"""));
        var shown = ObjectConversion.Show(storage, stored).ToTree();
        Assert.Equal("example.com/v1", JsonTree.String(shown, "apiVersion"));
    }

    [Fact]
    public void StorageVersion_IsRecordedWithTheWriteThatChangesIt()
    {
        var before = JsonNode.Parse(Definition)!.AsObject();
        before["status"] = new JsonObject { ["storedVersions"] = new JsonArray("v1") };
        var after = before.DeepClone().AsObject();
        foreach (var version in ((JsonArray)after["spec"]!["versions"]!).OfType<JsonObject>()) version["storage"] = JsonTree.String(version, "name") == "v2";
        new CustomResourceDefinitionStrategy().PrepareForUpdate(after, before, "");
        Assert.Equal(["v1", "v2"], ((JsonArray)after["status"]!["storedVersions"]!).Select(JsonTree.AsString));

        // What is stored in the version before is not handed on as it is.
        after["status"]!["storedVersions"] = new JsonArray("v1");
        Assert.True(CustomResourceSchemas.Build(after).Single(static s => s.Storage).StoredOtherwise);
    }

    [Fact]
    public void Default_ThatCameLater_IsShownAndNotStored()
    {
        var definition = Generation(1, """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}""");
        var old = Stored("""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","resourceVersion":"7"}}""");
        // Nothing was written under another schema, so bytes are handed on.
        Assert.Same(old, ObjectConversion.Show(definition, old));

        var schema = Generation(2, """{"type":"object","properties":{"a":{"type":"string","default":"A"},"b":{"type":"string"}}}""");
        Assert.Equal("A", JsonTree.String(ObjectConversion.Show(schema, old).ToTree(), "a"));
        Assert.Null(old.ToTree()["a"]);

        // Another default of a later definition counts from then on; what is stored with a value keeps it.
        schema = Generation(3, """{"type":"object","properties":{"a":{"type":"string","default":"A"},"b":{"type":"string","default":"B"}}}""");
        Assert.Equal("B", JsonTree.String(ObjectConversion.Show(schema, old).ToTree(), "b"));
        var full = Stored("""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","resourceVersion":"7"},"a":"mine","b":"B"}""");
        Assert.Equal("mine", JsonTree.String(ObjectConversion.Show(schema, full).ToTree(), "a"));
        var canonical = new StoredObject(full.Key, 7, UncommittedJson.From(full.ToTree()).WithRevision(7));
        Assert.Same(canonical, ObjectConversion.Show(schema, canonical));
    }

    [Fact]
    public void Field_ThatTheSchemaHasNoMore_IsNotShown()
    {
        var schema = Generation(2, """
            {"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"n":{"type":"string","nullable":true},"d":{"type":"string","default":"D"},
             "m":{"type":"object","additionalProperties":{"type":"string"}},"e":{"type":"object","x-kubernetes-embedded-resource":true}}}}}
            """);
        var old = Stored("""
            {"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","resourceVersion":"7","labels":{"l":"1"}},
             "spec":{"a":null,"n":null,"d":null,"gone":1,"m":{"x":null,"y":"1"},"e":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":5,"odd":1},"spec":{}}},"more":{}}
            """);
        var shown = ObjectConversion.Show(schema, old).ToTree();
        Assert.Equal("""{"n":null,"m":{"y":"1"},"e":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}},"d":"D"}""", JsonTree.ToText(shown["spec"]));
        Assert.False(shown.ContainsKey("more"));
        Assert.Equal("1", JsonTree.AsString(shown["metadata"]!["labels"]!["l"]));
    }

    [Fact]
    public void OtherVersion_IsDefaultedAsStored_AndPrunedAsShown()
    {
        var definition = JsonNode.Parse("""
            {"metadata":{"generation":1},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[
             {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"string","default":"A"},"c":{"type":"string","default":"C"}}}}},
             {"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","default":"B"}}}}}]},"status":{"storedVersions":["v1"]}}
            """)!.AsObject();
        var v2 = CustomResourceSchemas.Build(definition).Single(static s => s.Version == "v2");
        var shown = ObjectConversion.Show(v2, Stored("""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","resourceVersion":"7"}}""")).ToTree();
        Assert.Equal("example.com/v2", JsonTree.String(shown, "apiVersion"));
        Assert.Equal("A", JsonTree.String(shown, "a"));
        Assert.False(shown.ContainsKey("b"));
        Assert.False(shown.ContainsKey("c"));
    }

    private static ResourceSchema Generation(int generation, string schema) => CustomResourceSchemas.Build(JsonNode.Parse($$$"""
        {"metadata":{"generation":{{{generation}}}},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,"storage":true,
         "schema":{"openAPIV3Schema":{{{schema}}}}}]},"status":{"storedVersions":["v1"]}}
        """)!.AsObject()).Single();

    private static StoredObject Stored(string json) => new(new ObjectKey("default", "w"), 7, Encoding.UTF8.GetBytes(json));

    /// <summary>Renames spec.host to spec.address and back, or fails as it is told.</summary>
    private sealed class Caller : IWebhookCaller
    {
        public string Mode { get; set; } = "";
        public JsonObject? Asked { get; private set; }

        public Task<WebhookReply> PostAsync(WebhookAddress address, ReadOnlyMemory<byte> json, TimeSpan timeout, CancellationToken cancellationToken)
        {
            if (Mode == "down") return Task.FromResult(WebhookReply.Failed($"Post \"{address.Url}\": EOF"));
            Asked = JsonNode.Parse(json.Span)!.AsObject();
            var request = Asked["request"]!;
            var version = JsonTree.AsString(request["desiredAPIVersion"])!;
            var objects = new JsonArray();
            foreach (var node in (JsonArray)request["objects"]!)
            {
                var tree = node!.DeepClone().AsObject();
                tree["apiVersion"] = Mode == "version" ? "example.com/v3" : version;
                if (Mode == "renamed") tree["metadata"]!["name"] = "x";
                var (from, to) = version.EndsWith("v2", StringComparison.Ordinal) ? ("host", "address") : ("address", "host");
                tree["spec"] = new JsonObject { [to] = tree["spec"]![from]!.DeepClone() };
                if (Mode != "fewer") objects.Add((JsonNode)tree);
            }
            var result = Mode == "failed" ? new JsonObject { ["status"] = "Failure", ["message"] = "no luck" } : new JsonObject { ["status"] = "Success" };
            var review = new JsonObject { ["apiVersion"] = "apiextensions.k8s.io/v1", ["kind"] = "ConversionReview", ["response"] = new JsonObject { ["uid"] = request["uid"]!.DeepClone(), ["convertedObjects"] = objects, ["result"] = result } };
            return Task.FromResult(new WebhookReply(200, Encoding.UTF8.GetBytes(JsonTree.ToText(review)), null));
        }
    }
}
