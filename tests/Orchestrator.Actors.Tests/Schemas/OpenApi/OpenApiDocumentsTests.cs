using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Actors.Tests.Schemas.OpenApi;

public sealed class OpenApiDocumentsTests
{
    private static JsonObject Definition(string plural, string kind) => JsonNode.Parse("""
        {"metadata":{"name":"PLURAL.stable.example.com"},"spec":{"group":"stable.example.com","scope":"Namespaced","names":{"plural":"PLURAL","kind":"KIND"},
         "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}},
          "schema":{"openAPIV3Schema":{"type":"object","description":"A thing.","required":["spec"],"properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":9}}},
           "spec":{"type":"object","required":["size","maybe"],"properties":{
            "size":{"type":"integer","title":"The size","example":3,"exclusiveMinimum":false,"minimum":0},
            "share":{"type":"number","default":false},
            "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}},
            "maybe":{"type":"string","nullable":true,"default":null},
            "nulls":{"type":"array","nullable":true,"items":{"type":"string"}},
            "port":{"x-kubernetes-int-or-string":true},
            "ports":{"x-kubernetes-int-or-string":true,"anyOf":[{"minimum":1},{"pattern":"^a"}]},
            "either":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
            "bag":{"type":"object","additionalProperties":true,"x-kubernetes-map-type":"granular"},
            "whole":{"type":"object","x-kubernetes-embedded-resource":true,"required":["kind"],"properties":{"spec":{"type":"object"}}},
            "wholeAny":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
            "sizes":{"type":"array","x-kubernetes-list-type":"set","default":[1],"items":{"type":"integer","format":"int32","minimum":1,"anyOf":[{"maximum":9}]}}}}}}}}]}}
        """.Replace("PLURAL", plural, StringComparison.Ordinal).Replace("KIND", kind, StringComparison.Ordinal))!.AsObject();

    private static readonly ResourceSchema Widget = Assert.Single(CustomResourceSchemas.Build(Definition("widgets", "Widget")));

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
        var document = Read(Documents.V2.Json);
        AssertReferences(Encoding.UTF8.GetString(Documents.V2.Json.Body.Span), "#/definitions/", document["definitions"]!.AsObject());
        var ids = document["paths"]!.AsObject().SelectMany(static p => p.Value!.AsObject()).Where(static o => o.Value is JsonObject)
            .Select(static o => (string)o.Value!["operationId"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    private static void AssertReferences(string text, string prefix, JsonObject definitions, int least = 6)
    {
        var count = 0;
        for (var at = text.IndexOf(prefix, StringComparison.Ordinal); at >= 0; at = text.IndexOf(prefix, at + 1, StringComparison.Ordinal), count++)
        {
            var name = text[(at + prefix.Length)..text.IndexOf('"', at)];
            Assert.True(definitions.ContainsKey(name), $"{name} is referred to but not defined");
        }
        Assert.True(count >= least);
    }

    [Fact]
    public void V3_OfACustomResource_IsItsOwnSchemaUnderTheReversedGroup()
    {
        var widget = Schemas("stable.example.com")["com.example.stable.v1.Widget"]!;
        Assert.Equal("Widget", (string?)widget["x-kubernetes-group-version-kind"]![0]!["kind"]);
        Assert.Equal("spec", (string?)widget["required"]![0]);
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", (string?)widget["properties"]!["metadata"]!["allOf"]![0]!["$ref"]);
        Assert.NotNull(Schemas("stable.example.com")["com.example.stable.v1.WidgetList"]);
        var patch = Read(Documents.V3("stable.example.com", "v1"))["paths"]!["/apis/stable.example.com/v1/namespaces/{namespace}/widgets/{name}"]!["patch"]!;
        Assert.Null(patch["requestBody"]!["content"]!["application/strategic-merge-patch+json"]);
        Assert.Equal("patchStableExampleComV1NamespacedWidget", (string?)patch["operationId"]);
    }

    // What a definition says is published as it says it: whole numbers have no format of ours, and what is false is not said.
    [Theory]
    [InlineData("size", """{"type":"integer","title":"The size","minimum":0}""", """{"type":"integer","title":"The size","minimum":0}""")]
    [InlineData("share", """{"type":"number","default":false}""", """{"type":"number"}""")]
    [InlineData("any", """{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}}""", """{"x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("maybe", """{"type":"string","nullable":true,"default":null}""", "{}")]
    [InlineData("nulls", """{"type":"array","nullable":true,"items":{"type":"string"}}""", "{}")]
    [InlineData("port", """{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}""", """{"x-kubernetes-int-or-string":true}""")]
    [InlineData("ports", """{"x-kubernetes-int-or-string":true,"anyOf":[{"minimum":1},{"pattern":"^a"}],"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]}]}""", """{"x-kubernetes-int-or-string":true}""")]
    [InlineData("either", """{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}""", """{"x-kubernetes-int-or-string":true}""")]
    [InlineData("bag", """{"type":"object","additionalProperties":true,"x-kubernetes-map-type":"granular"}""", """{"type":"object","additionalProperties":true,"x-kubernetes-map-type":"granular"}""")]
    [InlineData("sizes", """{"type":"array","x-kubernetes-list-type":"set","default":[1],"items":{"type":"integer","format":"int32","minimum":1,"anyOf":[{"maximum":9}]}}""",
        """{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer","format":"int32","minimum":1}}""")]
    [InlineData("wholeAny", null, """{"type":null,"x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}""")]
    public void OfACustomResource_EachFieldIsSaid_AsEitherVersionCan(string field, string? v3, string v2)
    {
        if (v3 is not null) Assert.Equal(v3, Field("V3", field).ToJsonString());
        Assert.Equal(v2.Replace("\"type\":null,", "", StringComparison.Ordinal), Field("V2", field).ToJsonString());
    }

    private static JsonNode Field(string flavor, string field) =>
        (flavor == "V2" ? Read(Documents.V2.Json)["definitions"]! : Schemas("stable.example.com"))["com.example.stable.v1.Widget"]!["properties"]!["spec"]!["properties"]![field]!;

    [Theory]
    [InlineData("V2", """{"$ref":"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}""", """["size"]""")]
    [InlineData("V3", """{"allOf":[{"$ref":"#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]}""", """["size","maybe"]""")]
    public void OfACustomResource_WholeObjectsHaveMetadata_AndWhatMayBeNullNeedNotBeThere(string flavor, string metadata, string required)
    {
        var whole = Field(flavor, "whole");
        Assert.Equal("""["kind","apiVersion"]""", whole["required"]!.ToJsonString());
        var told = whole["properties"]!["metadata"]!.AsObject();
        told.Remove("description");
        Assert.Equal(metadata, told.ToJsonString());
        var spec = (flavor == "V2" ? Read(Documents.V2.Json)["definitions"]! : Schemas("stable.example.com"))["com.example.stable.v1.Widget"]!["properties"]!["spec"]!;
        Assert.Equal(required, spec["required"]!.ToJsonString());
    }

    [Fact]
    public void OfACustomResource_EveryPathIsFoundByItsOwnKind()
    {
        var paths = Read(Documents.V3("stable.example.com", "v1"))["paths"]!.AsObject();
        Assert.Equal(5, paths.Count);
        Assert.All(paths.SelectMany(static p => p.Value!.AsObject()).Where(static o => o.Value is JsonObject),
            static o => Assert.Equal("Widget", (string?)o.Value!["x-kubernetes-group-version-kind"]!["kind"]));
    }

    [Fact]
    public void OfBuiltInTypes_OnlyFormatsThatClientsKnowAreTold()
    {
        var formats = new HashSet<string>();
        Collect(Read(Documents.V2.Json)["definitions"]!.AsObject().Where(static d => d.Key.StartsWith("io.k8s.", StringComparison.Ordinal)).Select(static d => d.Value));
        Assert.Equal(["byte", "date-time", "double", "int-or-string", "int32", "int64"], formats.Order(StringComparer.Ordinal));

        void Collect(IEnumerable<JsonNode?> nodes)
        {
            foreach (var node in nodes)
            {
                if (node is JsonArray list) Collect(list);
                if (node is not JsonObject tree) continue;
                if (tree["format"] is JsonString format) formats.Add((string)format!);
                Collect(tree.Select(static f => f.Value));
            }
        }
    }

    [Theory]
    [InlineData("io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry", "fieldsV1", "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1")]
    [InlineData("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", "items", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray")]
    [InlineData("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", "default", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON")]
    public void WhatIsKeptAsItIs_HasTheNameThatClientsShow(string type, string field, string definition) =>
        Assert.Equal("#/definitions/" + definition, (string?)Read(Documents.V2.Json)["definitions"]![type]!["properties"]![field]!["$ref"]);

    [Fact]
    public void Discovery_OfBuiltInGroups_IsDescribed()
    {
        var paths = Read(Documents.V2.Json)["paths"]!;
        Assert.Equal(("getAppsAPIGroup", "getAppsV1APIResources", "getCoreV1APIResources"),
            ((string?)paths["/apis/apps/"]!["get"]!["operationId"], (string?)paths["/apis/apps/v1/"]!["get"]!["operationId"], (string?)paths["/api/v1/"]!["get"]!["operationId"]));
        Assert.Null(paths["/apis/stable.example.com/"]);
        Assert.Null(paths["/apis/apps/"]!["get"]!["x-kubernetes-action"]);
        Assert.NotNull(Read(Documents.V3("apps", "v1"))["paths"]!["/apis/apps/v1/"]);
        var told = (string?)Read(Documents.V3Index)["paths"]!["apis/apps"]!["serverRelativeURL"];
        var group = OpenApiDocuments.Discovery("apis/apps", inProtobuf: false)!;
        Assert.Equal($"/openapi/v3/apis/apps?hash={group.ETag.Trim('"')}", told);
        AssertReferences(Encoding.UTF8.GetString(group.Body.Span), "#/components/schemas/", Read(group)["components"]!["schemas"]!.AsObject(), least: 3);
        Assert.NotNull(OpenApiDocuments.Discovery("api", inProtobuf: true));
        Assert.Null(OpenApiDocuments.Discovery("apis/stable.example.com", inProtobuf: false));
    }

    [Theory]
    [InlineData("version", "getCodeVersion", "application/json")]
    [InlineData(".well-known/openid-configuration", "getServiceAccountIssuerOpenIDConfiguration", "application/json")]
    [InlineData("openid/v1/jwks", "getServiceAccountIssuerOpenIDKeyset", "application/jwk-set+json")]
    public void WhatTheServerTellsOfItself_IsDescribed(string document, string id, string form)
    {
        var told = Read(Documents.V2.Json)["paths"]![$"/{document}/"]!["get"]!;
        Assert.Equal((id, form), ((string?)told["operationId"], (string?)told["produces"]![0]));
        var own = OpenApiDocuments.Discovery(document, inProtobuf: false)!;
        Assert.Equal($"/openapi/v3/{document}?hash={own.ETag.Trim('"')}", (string?)Read(Documents.V3Index)["paths"]![document]!["serverRelativeURL"]);
        Assert.Equal(id, (string?)Read(own)["paths"]![$"/{document}/"]!["get"]!["operationId"]);
        Assert.NotNull(OpenApiDocuments.Discovery(document, inProtobuf: true));
        var schema = Read(own)["paths"]![$"/{document}/"]!["get"]!["responses"]!["200"]!["content"]![form]!["schema"]!;
        if (document != "version") Assert.Equal("string", (string?)schema["type"]);
        else Assert.Equal(9, Read(own)["components"]!["schemas"]![((string)schema["$ref"]!).Split('/')[^1]]!["required"]!.AsArray().Count);
    }

    [Fact]
    public void Watches_HavePathsOfTheirOwn_ButThoseOfDefinitions()
    {
        var paths = Read(Documents.V3("", "v1"))["paths"]!;
        Assert.Equal(("watchCoreV1NamespacedPodList", "watchlist"), Told(paths, "/api/v1/watch/namespaces/{namespace}/pods"));
        Assert.Equal(("watchCoreV1NamespacedPod", "watch"), Told(paths, "/api/v1/watch/namespaces/{namespace}/pods/{name}"));
        Assert.Equal(("watchCoreV1PodListForAllNamespaces", "watchlist"), Told(paths, "/api/v1/watch/pods"));
        Assert.Equal(("watchCoreV1NodeList", "watchlist"), Told(paths, "/api/v1/watch/nodes"));
        Assert.Equal(("watchCoreV1Node", "watch"), Told(paths, "/api/v1/watch/nodes/{name}"));
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent", (string?)paths["/api/v1/watch/pods"]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!["$ref"]);
        Assert.DoesNotContain(paths.AsObject(), static p => p.Key.StartsWith("/api/v1/watch/", StringComparison.Ordinal) && p.Key.Contains("bindings", StringComparison.Ordinal));
        Assert.DoesNotContain(Read(Documents.V3("stable.example.com", "v1"))["paths"]!.AsObject(), static p => p.Key.Contains("/watch/", StringComparison.Ordinal));

        static (string?, string?) Told(JsonNode paths, string path) => ((string?)paths[path]!["get"]!["operationId"], (string?)paths[path]!["get"]!["x-kubernetes-action"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SelectableFields_OfADefinition_AreTold(bool open)
    {
        var definition = Definition("widgets", "Widget");
        var version = definition["spec"]!["versions"]![0]!;
        version["selectableFields"] = new JsonArray(new JsonObject { ["jsonPath"] = ".spec.size" }, new JsonObject { ["jsonPath"] = ".spec.any.a" });
        if (open) version["schema"]!["openAPIV3Schema"]!["x-kubernetes-preserve-unknown-fields"] = true;
        var documents = OpenApiDocuments.Of(SchemaCatalog.BuiltIn.With(CustomResourceSchemas.Build(definition)));
        const string Fields = """[{"fieldPath":"spec.size"},{"fieldPath":"spec.any.a"}]""";
        Assert.Equal(Fields, Read(documents.V3("stable.example.com", "v1"))["components"]!["schemas"]!["com.example.stable.v1.Widget"]!["x-kubernetes-selectable-fields"]!.ToJsonString());
        Assert.Equal(Fields, Read(documents.V2.Json)["definitions"]!["com.example.stable.v1.Widget"]!["x-kubernetes-selectable-fields"]!.ToJsonString());
        Assert.Null(Schemas("stable.example.com")["com.example.stable.v1.Widget"]!["x-kubernetes-selectable-fields"]);
    }

    [Fact]
    public void Deletions_OfSomeKinds_AnswerWithTheObject()
    {
        var paths = Read(Documents.V2.Json)["paths"]!;
        Assert.Equal("#/definitions/io.k8s.api.storage.v1.StorageClass", (string?)paths["/apis/storage.k8s.io/v1/storageclasses/{name}"]!["delete"]!["responses"]!["200"]!["schema"]!["$ref"]);
        Assert.Equal("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Status", (string?)paths["/api/v1/namespaces/{namespace}/configmaps/{name}"]!["delete"]!["responses"]!["200"]!["schema"]!["$ref"]);
    }

    [Fact]
    public void V2_AsProtobuf_HoldsTheSameSchemas()
    {
        // Document.definitions (9) holds NamedSchema (1) with a name (1) and a schema (2), whose reference is field 1.
        var names = new List<string>();
        foreach (var definitions in ProtobufFields.Of(Documents.V2.Protobuf.Body.Span.ToArray(), 9))
            foreach (var named in ProtobufFields.Of(definitions, 1))
                names.Add(Encoding.UTF8.GetString(ProtobufFields.Of(named, 1).Single()));
        Assert.Equal(Read(Documents.V2.Json)["definitions"]!.AsObject().Select(static d => d.Key).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        Assert.Equal("2.0", Encoding.UTF8.GetString(ProtobufFields.Of(Documents.V2.Protobuf.Body.ToArray(), 1).Single()));
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
        Assert.Same(Documents.V2.Json, OpenApiDocuments.Of(Catalog).V2.Json);
        Assert.NotEqual(Documents.V2.Json.ETag, OpenApiDocuments.Of(SchemaCatalog.BuiltIn).V2.Json.ETag);
    }

    [Fact]
    public void AnotherDefinition_LeavesTheDocumentsOfAllOtherVersionsAsTheyAre()
    {
        var gadget = Assert.Single(CustomResourceSchemas.Build(Definition("gadgets", "Gadget"))) with { Type = new ResourceType("other.example.com", "gadgets") };
        var next = OpenApiDocuments.Of(SchemaCatalog.BuiltIn.With([Widget, gadget]));
        Assert.Same(Documents.V3("apps", "v1"), next.V3("apps", "v1"));
        Assert.Same(Documents.V3("stable.example.com", "v1"), next.V3("stable.example.com", "v1"));
        Assert.Same(Documents.V3Protobuf("apps", "v1"), next.V3Protobuf("apps", "v1"));
        Assert.NotEqual(Documents.V3Index.ETag, next.V3Index.ETag);

        var both = OpenApiDocuments.Of(SchemaCatalog.BuiltIn.With([Widget, .. CustomResourceSchemas.Build(Definition("gadgets", "Gadget"))]));
        Assert.NotEqual(Documents.V3("stable.example.com", "v1")!.ETag, both.V3("stable.example.com", "v1")!.ETag);
        Assert.NotNull(Read(both.V3("stable.example.com", "v1"))["components"]!["schemas"]!["com.example.stable.v1.Gadget"]);
    }

    [Fact]
    public void WhatIsPublished_IsReadOnlyWhenSomebodyAsks()
    {
        var reads = 0;
        var definition = Definition("widgets", "Widget");
        var lazy = CustomResourceSchemas.Build(definition, () =>
        {
            reads++;
            return definition;
        });
        var documents = OpenApiDocuments.Of(SchemaCatalog.BuiltIn.With(lazy));
        Assert.Equal(0, reads);
        _ = (documents.V3Index, documents.V3("stable.example.com", "v1"), OpenApiDocuments.Of(SchemaCatalog.BuiltIn.With(lazy)).V3Index);
        Assert.Equal(1, reads);
    }
}
