using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class StableKindsTests
{
    public static TheoryData<string> Paths => [.. StableKinds.All.Select(static l => l.ToString())];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Catalog_StableKind_HasItsVerbsAndSubresources(string path)
    {
        var line = StableKinds.All.Single(l => l.ToString() == path);
        var schema = SchemaCatalog.BuiltIn.Find(line.Group, line.Version, line.Plural);
        Assert.NotNull(schema);
        Assert.Equal(line.Kind, schema.Kind);
        Assert.Equal(line.Namespaced, schema.Namespaced);
        Assert.Equal(line.Verbs, schema.Verbs.Order(StringComparer.Ordinal));
        Assert.Equal(line.Subresources.Select(static s => s.Name).Order(StringComparer.Ordinal), schema.Subresources.Select(static s => s.Name).Order(StringComparer.Ordinal));
        foreach (var (name, verbs) in line.Subresources) Assert.Equal(verbs, schema.Subresource(name)!.Verbs.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Catalog_HasNothingBesideTheStableKinds()
    {
        var known = StableKinds.All.Select(static l => l.ToString()).ToHashSet(StringComparer.Ordinal);
        // What a metrics server serves is none of kube-apiserver's kinds.
        Assert.All(SchemaCatalog.BuiltIn.Resources.Where(static r => r.Group != "metrics.k8s.io"), r => Assert.Contains($"{r.Group}/{r.Version}/{r.Plural}", known));
        Assert.Empty(SchemaCatalog.BuiltIn.NotServed);
    }

    [Fact]
    public void Catalog_EveryKind_HasAListTypeAndIsPrinted()
    {
        foreach (var resource in SchemaCatalog.BuiltIn.Resources.Where(static r => r.Verbs.Contains("list")))
        {
            var list = SchemaCatalog.BuiltIn.FindType(resource.Root.Name + "List");
            Assert.True(list is not null, $"{resource.Type} has no type for lists of it");
            Assert.Same(resource.Root, list.Field("items")!.Type.Items);
            Assert.NotEmpty(resource.Columns);
            if (BuiltInTables.Find(resource.Type.ToString()) is { } layout)
                Assert.Equal(resource.Columns.Select(static c => (c.Name, c.Type, c.Priority)), layout.Columns.Select(static c => (c.Name, c.Type, c.Priority)));
        }
    }

    [Fact]
    public void Catalog_FieldsOfServedKinds_AreDocumented()
    {
        var seen = new HashSet<TypeSchema>();
        foreach (var resource in SchemaCatalog.BuiltIn.Resources) Visit(resource.Root, resource.Kind, seen);
    }

    private static void Visit(TypeSchema type, string path, HashSet<TypeSchema> seen)
    {
        while (type.Items is { } items) type = items;
        if (type.Kind != SchemaKind.Object || !seen.Add(type)) return;
        foreach (var field in type.Fields)
        {
            Assert.True(field.Description.Length > 0, $"{path}.{field.Name} ({type.Name}) has no documentation");
            Visit(field.Type, $"{path}.{field.Name}", seen);
        }
    }
}
