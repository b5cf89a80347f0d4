using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Actors.Tests.Schemas.OpenApi;

public sealed class OpenApiDocumentsTests
{
    private static readonly TypeSchema Text = new(SchemaKind.String);

    private static readonly ResourceSchema Widget = new()
    {
        Type = new ResourceType("stable.example.com", "widgets"),
        Version = "v1",
        Kind = "Widget",
        ListKind = "WidgetList",
        Singular = "widget",
        Namespaced = true,
        IsCustom = true,
        Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        Subresources = [new SubresourceSchema("status", ["get", "patch", "update"], "stable.example.com", "v1", "Widget")],
        Root = new TypeSchema(SchemaKind.Object, static () =>
        [
            new FieldSchema
            {
                Name = "spec",
                Required = true,
                Type = new TypeSchema(SchemaKind.Object, static () =>
                [
                    new FieldSchema { Name = "any", Type = new TypeSchema(SchemaKind.Object) { PreserveUnknownFields = true } },
                    new FieldSchema { Name = "maybe", Type = new TypeSchema(SchemaKind.String) { Nullable = true } },
                    new FieldSchema { Name = "port", Type = new TypeSchema(SchemaKind.IntOrString) },
                    new FieldSchema
                    {
                        Name = "sizes",
                        Type = new TypeSchema(SchemaKind.List)
                        {
                            Items = new TypeSchema(SchemaKind.Int32) { Constraints = new ValueConstraints { Minimum = 1, AnyOf = [Text] } },
                            ListType = ListMergeType.Set,
                        },
                        Default = JsonNode.Parse("[1]"),
                    },
                ]),
            },
        ]),
    };

    private static readonly SchemaCatalog Catalog = SchemaCatalog.BuiltIn.With([Widget]);
    private static readonly OpenApiDocuments Documents = OpenApiDocuments.Of(Catalog);

    private static JsonNode Read(DiscoveryDocument? document) => JsonNode.Parse(document!.Body.Span)!;

    private static JsonNode Schemas(string group) => Read(Documents.V3(group, "v1"))["components"]!["schemas"]!;

    [Fact]
    public void V3_EveryPatchOfAKind_TakesFieldValidation()
    {
        // kubectl looks at any one PATCH of a kind, and validates by itself, with other words, when that does not take the parameter.
        foreach (var (group, version) in (ReadOnlySpan<(string, string)>)[("", "v1"), ("apps", "v1"), ("batch", "v1")])
        {
            foreach (var (path, methods) in Read(Documents.V3(group, version))["paths"]!.AsObject())
            {
                if (methods!["patch"] is not { } patch || patch["x-kubernetes-group-version-kind"] is not { } kind) continue;
                if (((string)kind["kind"]!).EndsWith("Options", StringComparison.Ordinal)) continue;
                Assert.True(patch["parameters"]!.AsArray().Any(static p => (string?)p!["name"] == "fieldValidation"), path);
            }
        }
    }

    [Fact]
    public void V3Index_NamesEachDocumentWithItsHash()
    {
        var paths = Read(Documents.V3Index)["paths"]!;
        var hash = Documents.V3("apps", "v1")!.ETag.Trim('"');
        Assert.Equal($"/openapi/v3/apis/apps/v1?hash={hash}", (string?)paths["apis/apps/v1"]!["serverRelativeURL"]);
        Assert.StartsWith("/openapi/v3/api/v1?hash=", (string?)paths["api/v1"]!["serverRelativeURL"], StringComparison.Ordinal);
        Assert.NotNull(paths["apis/stable.example.com/v1"]);
        Assert.Null(Documents.V3("apps", "v9"));
    }

    [Fact]
    public void V3_OfPods_HasWhatClientsMergeAndExplainBy()
    {
        var schemas = Schemas("");
        var pod = schemas["io.k8s.api.core.v1.Pod"]!;
        Assert.Equal("""[{"group":"","kind":"Pod","version":"v1"}]""", pod["x-kubernetes-group-version-kind"]!.ToJsonString());
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", (string?)pod["properties"]!["metadata"]!["allOf"]![0]!["$ref"]);
        var containers = schemas["io.k8s.api.core.v1.PodSpec"]!["properties"]!["containers"]!;
        Assert.Equal("map", (string?)containers["x-kubernetes-list-type"]);
        Assert.Equal("name", (string?)containers["x-kubernetes-list-map-keys"]![0]);
        Assert.Equal("merge", (string?)containers["x-kubernetes-patch-strategy"]);
        Assert.Equal("name", (string?)containers["x-kubernetes-patch-merge-key"]);
        Assert.Equal("merge,retainKeys", (string?)schemas["io.k8s.api.core.v1.PodSpec"]!["properties"]!["volumes"]!["x-kubernetes-patch-strategy"]);
        Assert.Equal("atomic", (string?)schemas["io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"]!["x-kubernetes-map-type"]);
        Assert.Equal(2, schemas["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]!["oneOf"]!.AsArray().Count);
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity",
            (string?)schemas["io.k8s.api.core.v1.ResourceRequirements"]!["properties"]!["limits"]!["additionalProperties"]!["$ref"]);
        Assert.Contains("containers", schemas["io.k8s.api.core.v1.PodSpec"]!["required"]!.AsArray().Select(static r => (string)r!));
        Assert.NotNull(schemas["io.k8s.api.policy.v1.Eviction"]);
    }

    [Fact]
    public void V3_Operations_CarryActionKindAndFieldValidation()
    {
        var pods = Read(Documents.V3("", "v1"))["paths"]!["/api/v1/namespaces/{namespace}/pods"]!;
        Assert.Equal("post", (string?)pods["post"]!["x-kubernetes-action"]);
        Assert.Equal("createCoreV1NamespacedPod", (string?)pods["post"]!["operationId"]);
        Assert.Equal("list", (string?)pods["get"]!["x-kubernetes-action"]);
        Assert.Equal("deletecollection", (string?)pods["delete"]!["x-kubernetes-action"]);

        var pod = Read(Documents.V3("", "v1"))["paths"]!["/api/v1/namespaces/{namespace}/pods/{name}"]!;
        foreach (var method in (string[])["put", "patch"])
            Assert.Contains(pod[method]!["parameters"]!.AsArray(), static p => (string?)p!["name"] == "fieldValidation" && (string?)p["in"] == "query");
        Assert.Equal("Pod", (string?)pod["patch"]!["x-kubernetes-group-version-kind"]!["kind"]);
        Assert.NotNull(pod["patch"]!["requestBody"]!["content"]!["application/strategic-merge-patch+json"]);
        Assert.NotNull(Read(Documents.V3("", "v1"))["paths"]!["/api/v1/namespaces/{namespace}/pods/{name}/log"]!["get"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("apps")]
    [InlineData("stable.example.com")]
    public void V3_EveryReference_IsDefined(string group)
    {
        var text = Encoding.UTF8.GetString(Documents.V3(group, "v1")!.Body.Span);
        AssertReferences(text, "#/components/schemas/", Schemas(group).AsObject());
    }

    [Fact]
    public void V2_EveryReference_IsDefined_AndOperationIdsAreUnique()
    {
        var document = Read(Documents.V2);
        AssertReferences(Encoding.UTF8.GetString(Documents.V2.Body.Span), "#/definitions/", document["definitions"]!.AsObject());
        var ids = document["paths"]!.AsObject().SelectMany(static p => p.Value!.AsObject()).Where(static o => o.Value is JsonObject)
            .Select(static o => (string)o.Value!["operationId"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    private static void AssertReferences(string text, string prefix, JsonObject definitions)
    {
        var count = 0;
        for (var at = text.IndexOf(prefix, StringComparison.Ordinal); at >= 0; at = text.IndexOf(prefix, at + 1, StringComparison.Ordinal), count++)
        {
            var name = text[(at + prefix.Length)..text.IndexOf('"', at)];
            Assert.True(definitions.ContainsKey(name), $"{name} is referred to but not defined");
        }
        Assert.True(count > 5);
    }

    [Fact]
    public void V3_OfACustomResource_IsItsOwnSchemaUnderTheReversedGroup()
    {
        var widget = Schemas("stable.example.com")["com.example.stable.v1.Widget"]!;
        Assert.Equal("Widget", (string?)widget["x-kubernetes-group-version-kind"]![0]!["kind"]);
        Assert.Equal("spec", (string?)widget["required"]![0]);
        var spec = widget["properties"]!["spec"]!["properties"]!;
        Assert.True((bool)spec["any"]!["x-kubernetes-preserve-unknown-fields"]!);
        Assert.True((bool)spec["maybe"]!["nullable"]!);
        Assert.True((bool)spec["port"]!["x-kubernetes-int-or-string"]!);
        Assert.Equal("set", (string?)spec["sizes"]!["x-kubernetes-list-type"]);
        Assert.Equal("[1]", spec["sizes"]!["default"]!.ToJsonString());
        Assert.Equal("1", spec["sizes"]!["items"]!["minimum"]!.ToJsonString());
        Assert.NotNull(spec["sizes"]!["items"]!["anyOf"]);
        Assert.NotNull(Schemas("stable.example.com")["com.example.stable.v1.WidgetList"]);
        var patch = Read(Documents.V3("stable.example.com", "v1"))["paths"]!["/apis/stable.example.com/v1/namespaces/{namespace}/widgets/{name}"]!["patch"]!;
        Assert.Null(patch["requestBody"]!["content"]!["application/strategic-merge-patch+json"]);
        Assert.Equal("patchStableExampleComV1NamespacedWidget", (string?)patch["operationId"]);
    }

    [Fact]
    public void V2_OfACustomResource_SaysNothingThatItCannot()
    {
        var spec = Read(Documents.V2)["definitions"]!["com.example.stable.v1.Widget"]!["properties"]!["spec"]!["properties"]!;
        Assert.Null(spec["maybe"]!["type"]);
        Assert.Null(spec["sizes"]!["items"]!["anyOf"]);
    }

    [Fact]
    public void V2_AsProtobuf_HoldsTheSameSchemas()
    {
        // Document.definitions (9) holds NamedSchema (1) with a name (1) and a schema (2), whose reference is field 1.
        var names = new List<string>();
        foreach (var definitions in ProtobufFields.Of(Documents.V2Protobuf.Body.Span.ToArray(), 9))
            foreach (var named in ProtobufFields.Of(definitions, 1))
                names.Add(Encoding.UTF8.GetString(ProtobufFields.Of(named, 1).Single()));
        Assert.Equal(Read(Documents.V2)["definitions"]!.AsObject().Select(static d => d.Key).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        Assert.Equal("2.0", Encoding.UTF8.GetString(ProtobufFields.Of(Documents.V2Protobuf.Body.ToArray(), 1).Single()));
    }

    [Theory]
    [InlineData("", "v1")]
    [InlineData("apps", "v1")]
    [InlineData("stable.example.com", "v1")]
    public void V3_AsProtobuf_SaysTheSameUnderTheSameHash(string group, string version)
    {
        var json = Read(Documents.V3(group, version));
        var protobuf = Documents.V3Protobuf(group, version)!;
        var body = protobuf.Body.ToArray();

        Assert.Equal(Documents.V3(group, version)!.ETag, protobuf.ETag);
        Assert.Equal("3.0.0", Utf8(ProtobufFields.Of(body, 1).Single()));
        // Document.paths (4) holds NamedPathItem (1), Document.components (5) holds schemas (1) and those NamedSchemaOrReference (1).
        Assert.Equal(json["paths"]!.AsObject().Select(static p => p.Key), ProtobufFields.Of(ProtobufFields.Of(body, 4).Single(), 1).Select(Name));
        var schemas = ProtobufFields.Of(ProtobufFields.Of(ProtobufFields.Of(body, 5).Single(), 1).Single(), 1).ToList();
        Assert.Equal(json["components"]!["schemas"]!.AsObject().Select(static d => d.Key), schemas.Select(Name));
    }

    [Fact]
    public void V3_AsProtobuf_TellsFieldsReferencesAndDefaults()
    {
        var body = Documents.V3Protobuf("apps", "v1")!.Body.ToArray();
        var schemas = ProtobufFields.Of(ProtobufFields.Of(ProtobufFields.Of(body, 5).Single(), 1).Single(), 1).ToList();
        // SchemaOrReference.schema (1), Schema.properties (31) of NamedSchemaOrReference (1).
        var deployment = Schema(Named(schemas, "io.k8s.api.apps.v1.Deployment"));
        var properties = ProtobufFields.Of(ProtobufFields.Of(deployment, 31).Single(), 1).ToList();
        var metadata = Schema(Named(properties, "metadata"));
        // Schema.allOf (26) of a reference (2) with a $ref (1).
        var reference = ProtobufFields.Of(ProtobufFields.Of(metadata, 26).Single(), 2).Single();
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", Utf8(ProtobufFields.Of(reference, 1).Single()));
        // Schema.default (33) of a text (3).
        var ports = ProtobufFields.Of(ProtobufFields.Of(Schema(Named(schemas, "io.k8s.api.core.v1.ContainerPort")), 31).Single(), 1);
        Assert.Equal("TCP", Utf8(ProtobufFields.Of(ProtobufFields.Of(Schema(Named(ports, "protocol")), 33).Single(), 3).Single()));
        Assert.Equal("string", Utf8(ProtobufFields.Of(Schema(Named(properties, "kind")), 25).Single()));
        // Schema.specification_extension (36) of a name (1) and a value (2) in YAML (2).
        var extension = Assert.Single(ProtobufFields.Of(deployment, 36));
        Assert.Equal("x-kubernetes-group-version-kind", Name(extension));
        Assert.Equal("""[{"group":"apps","kind":"Deployment","version":"v1"}]""", Utf8(ProtobufFields.Of(ProtobufFields.Of(extension, 2).Single(), 2).Single()));

        static byte[] Named(IEnumerable<byte[]> entries, string name) => ProtobufFields.Of(entries.Single(e => Name(e) == name), 2).Single();
        static byte[] Schema(byte[] choice) => ProtobufFields.Of(choice, 1).Single();
    }

    private static string Name(byte[] entry) => Utf8(ProtobufFields.Of(entry, 1).Single());

    private static string Utf8(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    [Fact]
    public void Documents_OfOneCatalog_AreBuiltOnce()
    {
        Assert.Same(Documents.V2, OpenApiDocuments.Of(Catalog).V2);
        Assert.NotEqual(Documents.V2.ETag, OpenApiDocuments.Of(SchemaCatalog.BuiltIn).V2.ETag);
        Assert.Equal(Documents.V3("apps", "v1")!.ETag, OpenApiDocuments.Of(SchemaCatalog.BuiltIn).V3("apps", "v1")!.ETag);
    }
}
