using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.CustomResources;

public sealed class CustomResourceDefinitionRemovalTests
{
    private const string Definition = """
        {"metadata":{"name":"tabs.example.com","uid":"d","deletionTimestamp":"2026-01-01T00:00:00Z",
        "finalizers":["customresourcecleanup.apiextensions.k8s.io","other/one"]},"spec":{},"status":{}}
        """;

    private readonly SimulatedCluster _cluster = new();

    [Fact]
    public void Reconcile_WithInstances_DeletesThoseThatAreNotGoingAndKeepsTheDefinition()
    {
        var type = ResourceType.Parse("tabs.example.com");
        var definition = _cluster.Put(ResourceTypes.CustomResourceDefinitions, Definition);
        _cluster.Put(type, """{"metadata":{"name":"a","namespace":"d"}}""");
        _cluster.Put(type, """{"metadata":{"name":"b","namespace":"d","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["x/y"]}}""");

        var result = CustomResourceDefinitionRemoval.Reconcile(definition, [.. _cluster.All(type)], _cluster.Context());

        Assert.Equal(["a"], result.Actions.OfType<DeleteAction>().Select(a => a.Key.Name));
        Assert.Equal("InstanceDeletionInProgress",
            (string?)StatusWrite.Condition(result.Actions.OfType<StatusAction>().Single().Status, "Terminating")!["reason"]);
        Assert.Empty(result.Actions.OfType<PatchAction>());
        Assert.NotNull(result.RequeueAfter);
    }

    [Fact]
    public void Reconcile_WithoutInstances_LooksTwiceAndThenTakesItsOwnFinalizerAway()
    {
        var definition = _cluster.Put(ResourceTypes.CustomResourceDefinitions, Definition);

        var first = CustomResourceDefinitionRemoval.Reconcile(definition, [], _cluster.Context());
        Assert.IsType<StatusAction>(Assert.Single(first.Actions));
        Assert.NotNull(first.RequeueAfter);
        _cluster.Apply(first.Actions);

        var last = CustomResourceDefinitionRemoval.Reconcile(_cluster.Get(ResourceTypes.CustomResourceDefinitions, definition.Key)!, [], _cluster.Context());
        var patch = Assert.IsType<PatchAction>(Assert.Single(last.Actions));
        Assert.Equal("other/one", (string?)Assert.Single(patch.Patch["metadata"]!["finalizers"]!.AsArray()));
    }
}
