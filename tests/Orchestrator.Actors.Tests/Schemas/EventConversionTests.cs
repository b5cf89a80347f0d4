using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class EventConversionTests
{
    [Fact]
    public void Conversion_ThereAndBack_LosesNothing()
    {
        // Every field of each version, so that a field added to one side only is noticed here.
        var core = SchemaCatalog.BuiltIn.Type("core.v1.Event");
        var tree = new JsonObject();
        foreach (var field in core.Fields) tree[field.Name] = field.Name;
        tree["apiVersion"] = "v1";
        var before = tree.DeepClone();

        var schema = SchemaCatalog.BuiltIn.Find("events.k8s.io", "v1", "events")!;
        var storage = SchemaCatalog.BuiltIn.Find(schema.StoredAs)!;
        tree["kind"] = "Event";
        before["kind"] = "Event";
        ObjectConversion.FromStorage(schema, tree);
        var events = SchemaCatalog.BuiltIn.Type("events.v1.Event");
        Assert.All(tree, property => Assert.NotNull(events.Field(property.Key)));
        ObjectConversion.ToStorage(schema, storage, tree);
        Assert.True(JsonTree.DeepEquals(before, tree));
    }
}
