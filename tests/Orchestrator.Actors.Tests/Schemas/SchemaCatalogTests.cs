using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class SchemaCatalogTests
{
    private static readonly SchemaCatalog Catalog = SchemaCatalog.BuiltIn;

    [Fact]
    public void BuiltIn_EveryType_CanBeReadAndResolves()
    {
        foreach (var type in Catalog.Types)
        {
            foreach (var field in type.Fields)
            {
                Assert.NotEmpty(field.Name);
                if (field.Type.ListType == ListMergeType.Map) Assert.All(field.Type.ListKeys, key => Assert.NotNull(field.Type.Items!.Field(key)));
                if (field.PatchMergeKey.Length > 0) Assert.NotNull(field.Type.Items!.Field(field.PatchMergeKey));
            }
        }
    }

    [Fact]
    public void BuiltIn_ServedKindsAndTheirFields_AreDocumented()
    {
        foreach (var resource in Catalog.Resources)
        {
            Assert.True(resource.Description.Length > 0, $"{resource.Type} has no documentation");
            Assert.True(resource.Root.Description.Length > 0, $"{resource.Kind} has no documentation");
        }
        foreach (var name in new[] { "core.v1.PodSpec", "core.v1.Container", "apps.v1.DeploymentSpec", "core.v1.ServiceSpec", "meta.v1.ObjectMeta" })
            Assert.All(Catalog.Type(name).Fields, field => Assert.True(field.Description.Length > 0, $"{name}.{field.Name} has no documentation"));
    }

    [Theory]
    [InlineData("pods")]
    [InlineData("nodes")]
    [InlineData("namespaces")]
    [InlineData("configmaps")]
    [InlineData("secrets")]
    [InlineData("services")]
    [InlineData("endpoints")]
    [InlineData("endpointslices.discovery.k8s.io")]
    [InlineData("events")]
    [InlineData("serviceaccounts")]
    [InlineData("leases.coordination.k8s.io")]
    [InlineData("deployments.apps")]
    [InlineData("replicasets.apps")]
    [InlineData("daemonsets.apps")]
    [InlineData("controllerrevisions.apps")]
    [InlineData("jobs.batch")]
    [InlineData("customresourcedefinitions.apiextensions.k8s.io")]
    public void BuiltIn_Type_IsServed(string type)
    {
        var parsed = ResourceType.Parse(type);
        var schema = Catalog.Find(parsed.Group, "v1", parsed.Plural)!;
        Assert.True(schema.Served);
        Assert.Same(schema, Catalog.Find(parsed));
        Assert.Same(schema, Catalog.FindKind(parsed.Group, "v1", schema.Kind));
    }

    [Fact]
    public void BuiltIn_ProtobufNumbers_AreUniqueWithinAMessage()
    {
        foreach (var type in Catalog.Types)
        {
            var numbers = type.Fields.Where(f => !f.ProtobufPath.IsEmpty).Select(f => string.Join('.', f.ProtobufPath)).ToArray();
            Assert.Equal(numbers.Length, numbers.Distinct().Count());
        }
        Assert.Equal([2, 19], Catalog.Type("core.v1.Volume").Field("configMap")!.ProtobufPath.ToArray());
    }

    [Fact]
    public void Versions_AreOrderedByStabilityThenNumber()
    {
        string[] versions = ["foo1", "v1alpha1", "v2beta1", "v10", "v2", "v1beta2", "v11alpha2", "foo10"];
        Assert.Equal(["v10", "v2", "v2beta1", "v1beta2", "v11alpha2", "v1alpha1", "foo1", "foo10"], versions.Order(ApiVersionOrder.Newest));
    }
}
