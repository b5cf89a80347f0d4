using System.Text.Json.Nodes;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds.Events;

public sealed class EventVersionsTests
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

        EventVersions.ToEvents(tree);
        var events = SchemaCatalog.BuiltIn.Type("events.v1.Event");
        Assert.All(tree, property => Assert.NotNull(events.Field(property.Key)));
        EventVersions.ToCore(tree);
        Assert.True(JsonTree.DeepEquals(before, tree));
    }
}
