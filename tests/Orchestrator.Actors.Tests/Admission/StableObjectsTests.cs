using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Protobuf;
using Orchestrator.Actors.Tests.Schemas;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>An object of every stable kind goes through the store: it is made, read, changed, its status written, and deleted.</summary>
public sealed class StableObjectsTests
{
    public static TheoryData<string> Stored =>
        [.. StableKinds.All.Where(static l => l.Verbs.Contains("create") && l.Verbs.Contains("get")).Select(static l => l.ToString())];

    [Theory]
    [MemberData(nameof(Stored))]
    public async Task Store_MinimalObject_LivesItsLife(string path)
    {
        var (fixture, schema, key) = await CreateAsync(path);
        var stored = await fixture.Store.GetAsync(schema.StoredAs, key);
        Assert.NotNull(stored);
        var shown = JsonNode.Parse(ObjectConversion.Bytes(schema, stored).Span)!;
        Assert.Equal(schema.ApiVersion, (string?)shown["apiVersion"]);
        Assert.Equal(schema.Kind, (string?)shown["kind"]);

        var unchanged = await fixture.Store.UpdateAsync(schema, key, shown.DeepClone().AsObject());
        Assert.Null(unchanged.Error);
        Assert.Equal(stored.Revision, unchanged.Object!.Revision);

        var labelled = await fixture.Store.PatchAsync(schema, key, static tree =>
        {
            JsonTree.Ensure(JsonTree.Ensure(tree, "metadata"), "labels")["changed"] = "yes";
            return (tree, null);
        });
        Assert.Null(labelled.Error);
        Assert.Equal("yes", labelled.Object!.Meta.Labels["changed"]);

        foreach (var subresource in schema.Subresources.Where(static s => s.Name is "status" && s.Verbs.Contains("update")))
        {
            var tree = JsonNode.Parse(ObjectConversion.Bytes(schema, labelled.Object).Span)!.AsObject();
            var result = await fixture.Store.UpdateAsync(schema, key, tree, subresource.Name);
            Assert.Null(result.Error);
        }

        var deleted = await fixture.Store.DeleteAsync(schema, key, new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.Null(deleted.Error);
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public async Task Store_MinimalObject_SurvivesProtobuf(string path)
    {
        var (fixture, schema, key) = await CreateAsync(path);
        var stored = await fixture.Store.GetAsync(schema.StoredAs, key);
        var json = ObjectConversion.Bytes(schema, stored!);
        var wire = new System.Buffers.ArrayBufferWriter<byte>();
        ProtobufTranscoder.Encode(wire, schema.Root, schema.ApiVersion, schema.Kind, json);
        var (back, error) = ProtobufTranscoder.Decode(SchemaCatalog.BuiltIn, wire.WrittenMemory);
        Assert.Null(error);
        var (expected, actual) = (Said(JsonNode.Parse(json.Span)), Said(JsonNode.Parse(back)));
        Assert.True(JsonTree.DeepEquals(expected, actual), $"{JsonTree.ToText(expected)}\n{JsonTree.ToText(actual)}");
    }

    /// <summary>What a value says beside what protobuf cannot tell from absent: zeroes and what is empty.</summary>
    private static JsonNode? Said(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject tree:
                var kept = new JsonObject(tree.Select(static p => KeyValuePair.Create(p.Key, Said(p.Value))).Where(static p => p.Value is not null));
                return kept.Count > 0 ? kept : null;
            case JsonArray list:
                return list.Count > 0 ? new JsonArray([.. list.Select(static e => Said(e))]) : null;
            default:
                return node is null || JsonTree.AsString(node) is "" || JsonTree.AsBool(node) == false || JsonTree.AsInt64(node) == 0 ? null : node.DeepClone();
        }
    }

    [Fact]
    public void Bodies_AreThereForEveryKind() =>
        Assert.All(StableKinds.All.Where(static l => l.Verbs.Contains("get") && l.Verbs.Contains("create")), static l => Assert.Contains(l.ToString(), MinimalObjects.Bodies.Keys));

    private static async Task<(StoreFixture, ResourceSchema, ObjectKey)> CreateAsync(string path)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var line = StableKinds.All.Single(l => l.ToString() == path);
        var schema = SchemaCatalog.BuiltIn.Find(line.Group, line.Version, line.Plural)!;
        var name = line.Plural switch
        {
            "customresourcedefinitions" => "minimals.example.com",
            "apiservices" => "v1.example.com",
            _ => "minimal",
        };
        var body = MinimalObjects.Bodies[path].Trim();
        var space = line.Namespaced ? ""","namespace":"default" """ : "";
        var json = $$"""{"metadata":{"name":"{{name}}"{{space}}}{{(body.Length > 0 ? "," + body : "")}}}""";
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(json), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        var made = await fixture.Store.CreateAsync(schema, line.Namespaced ? "default" : "", decoded.Tree!);
        Assert.Null(made.Error);
        return (fixture, schema, new ObjectKey(line.Namespaced ? "default" : "", name));
    }
}
