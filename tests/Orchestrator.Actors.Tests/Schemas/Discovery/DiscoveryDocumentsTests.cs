using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Discovery;

namespace Orchestrator.Actors.Tests.Schemas.Discovery;

public sealed class DiscoveryDocumentsTests
{
    private static ResourceSchema Custom(string version, bool storage) => new()
    {
        Type = new ResourceType("example.com", "widgets"),
        Version = version,
        Kind = "Widget",
        ListKind = "WidgetList",
        Singular = "widget",
        Namespaced = true,
        IsCustom = true,
        Storage = storage,
        ShortNames = ["wd"],
        Verbs = ["watch", "get"],
        Root = new TypeSchema(SchemaKind.Object),
    };

    private static readonly SchemaCatalog Catalog = SchemaCatalog.BuiltIn.With([Custom("v1beta1", false), Custom("v1", true), Custom("v2alpha1", false)]);
    private static readonly DiscoveryDocuments Documents = DiscoveryDocuments.Of(Catalog);

    private static JsonNode Read(DiscoveryDocument? document) => JsonNode.Parse(document!.Body.Span)!;

    [Fact]
    public void Core_ListsV1() => Assert.Equal("""{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}""", Read(Documents.CoreVersions).ToJsonString());

    [Fact]
    public void Groups_PutBuiltInFirst_AndStableVersionsFirst()
    {
        var groups = Read(Documents.Groups)["groups"]!.AsArray();
        Assert.Equal(["apiregistration.k8s.io", "apps"], groups.Take(2).Select(static g => (string?)g!["name"]));
        Assert.Equal("example.com", (string?)groups[^2]!["name"]);
        Assert.Equal("metrics.k8s.io", (string?)groups[^1]!["name"]);
        Assert.Equal(["v1", "v1beta1", "v2alpha1"], groups[^2]!["versions"]!.AsArray().Select(static v => (string)v!["version"]!));
        Assert.Equal("example.com/v1", (string?)groups[^2]!["preferredVersion"]!["groupVersion"]);
        Assert.Equal("APIGroup", (string?)Read(Documents.Group("apps"))["kind"]);
        Assert.Null(Documents.Group("nobody.example.com"));
        Assert.Null(Documents.Group(""));
    }

    [Fact]
    public void Resources_OfCore_DescribePodsAndTheirSubresources()
    {
        var document = Read(Documents.Resources("", "v1"));
        Assert.Equal("APIResourceList", (string?)document["kind"]);
        Assert.Equal("v1", (string?)document["groupVersion"]);
        var byName = document["resources"]!.AsArray().ToDictionary(static r => (string)r!["name"]!, static r => r!);
        Assert.Equal("pod", (string?)byName["pods"]["singularName"]);
        Assert.Equal("po", (string?)byName["pods"]["shortNames"]![0]);
        Assert.Equal("all", (string?)byName["pods"]["categories"]![0]);
        Assert.True((bool)byName["pods"]["namespaced"]!);
        Assert.Equal(12, ((string)byName["pods"]["storageVersionHash"]!).Length);
        Assert.Equal(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            byName["pods"]["verbs"]!.AsArray().Select(static v => (string)v!));
        Assert.Equal("policy", (string?)byName["pods/eviction"]["group"]);
        Assert.Equal("Eviction", (string?)byName["pods/eviction"]["kind"]);
        Assert.Null(byName["pods/status"]["group"]);
        Assert.False((bool)byName["nodes"]["namespaced"]!);
        Assert.Null(Documents.Resources("", "v2"));
    }

    [Fact]
    public void StorageVersionHash_OfOneResource_IsTheSameInEachVersion()
    {
        string Hash(string version) => (string)Read(Documents.Resources("example.com", version))["resources"]![0]!["storageVersionHash"]!;
        Assert.Equal(Hash("v1"), Hash("v1beta1"));
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("v2beta1")]
    public void Aggregated_OfBothPaths_HoldsEverythingOnce(string version)
    {
        var core = Read(Documents.Aggregated(core: true, version));
        Assert.Equal("APIGroupDiscoveryList", (string?)core["kind"]);
        Assert.Equal($"apidiscovery.k8s.io/{version}", (string?)core["apiVersion"]);
        var v1 = Assert.Single(core["items"]!.AsArray())!["versions"]![0]!;
        Assert.Equal("Current", (string?)v1["freshness"]);
        var pods = v1["resources"]!.AsArray().Single(static r => (string?)r!["resource"] == "pods")!;
        Assert.Equal("Namespaced", (string?)pods["scope"]);
        Assert.Equal("Pod", (string?)pods["responseKind"]!["kind"]);
        Assert.Contains(pods["subresources"]!.AsArray(), static s => (string?)s!["subresource"] == "log");

        var named = Read(Documents.Aggregated(core: false, version))["items"]!.AsArray();
        Assert.DoesNotContain(named, static g => g!["metadata"]!["name"] is null);
        var deployments = named.Single(static g => (string?)g!["metadata"]!["name"] == "apps")!["versions"]![0]!["resources"]!.AsArray()
            .Single(static r => (string?)r!["resource"] == "deployments")!;
        var scale = deployments["subresources"]!.AsArray().Single(static s => (string?)s!["subresource"] == "scale")!;
        Assert.Equal("autoscaling", (string?)scale["responseKind"]!["group"]);
    }

    [Fact]
    public void Documents_OfOneCatalog_AreBuiltOnce_AndChangeTheirTagWithIt()
    {
        Assert.Same(Documents.Groups, DiscoveryDocuments.Of(Catalog).Groups);
        Assert.Matches("^\"[0-9A-F]{64}\"$", Documents.Groups.ETag);
        Assert.NotEqual(Documents.Groups.ETag, DiscoveryDocuments.Of(SchemaCatalog.BuiltIn).Groups.ETag);
    }
}
