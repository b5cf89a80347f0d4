using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Tests.Schemas.Tables;

public sealed class TableLayoutsTests
{
    [Fact]
    public void BuiltIns_EveryResource_HasTheColumnsOfItsSchema()
    {
        foreach (var resource in SchemaCatalog.BuiltIn.Resources.Where(static r => !r.IsVirtual && !r.Columns.IsEmpty))
        {
            var expected = resource.Columns.Select(static c => $"{c.Name}:{c.Type}:{c.Priority}");
            var actual = TableLayouts.For(resource).Columns.Select(static c => $"{c.Name}:{c.Type}:{c.Priority}");
            Assert.Equal((resource.Type.ToString(), string.Join(", ", expected)), (resource.Type.ToString(), string.Join(", ", actual)));
        }
    }

    [Fact]
    public void Custom_ByItsDefinition_HasItsColumns_ElseTheAge()
    {
        var schema = new ResourceSchema
        {
            Type = new ResourceType("example.com", "pods"),
            Version = "v1",
            Kind = "Pod",
            ListKind = "PodList",
            Singular = "pod",
            Namespaced = true,
            IsCustom = true,
            Root = new TypeSchema(SchemaKind.Object),
        };
        Assert.Equal(["Name", "Age"], TableLayouts.For(schema).Columns.Select(static c => c.Name));
        var wide = schema with { Columns = [new ColumnSchema("Size", "integer", 1, ".spec.size")] };
        Assert.Equal(["Name", "Size"], TableLayouts.For(wide).Columns.Select(static c => c.Name));
        Assert.Same(TableLayouts.For(wide), TableLayouts.For(wide));
    }
}
