using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Nodes;

public sealed class NodeControllerTests
{
    private readonly StoreFixture _fixture = new();
    private readonly NodeController _controller = new(NodeLifecycleReconciler.DefaultGracePeriod, static _ => true);

    private async Task<StoredObject> NodeAsync(string name, string ready, string labels = "")
    {
        var made = await _fixture.CreateAsync(ResourceTypes.Nodes, "",
            $$$"""{"metadata":{"name":"{{{name}}}","labels":{ {{{labels}}} } },"status":{"conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}""");
        Assert.Null(made.Error);
        return made.Object!;
    }

    private async Task<string[]> EffectsAsync(string node)
    {
        var stored = await _fixture.Store.GetAsync(ResourceTypes.Nodes, new ObjectKey("", node));
        return [.. NodeView.Of(stored!).Taints.Where(static t => t.Key == Taint.UnreachableKey).Select(static t => t.Effect).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task TaintWithoutATime_IsBorneFromWhenItWasNoticed()
    {
        var controller = new NodeController(TimeSpan.FromDays(365), static _ => false);
        var pass = new ControllerPass(_fixture.Store, _fixture.Clock);
        await NodeAsync("up", "True");
        Assert.Null((await _fixture.CreateAsync(ResourceTypes.Nodes, "",
            """{"metadata":{"name":"n"},"spec":{"taints":[{"key":"k","effect":"NoExecute"}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""")).Error);
        Assert.Null((await _fixture.CreateAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"d"}}""")).Error);
        Assert.Null((await _fixture.CreateAsync(ResourceTypes.Pods, "d",
            """{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}],"tolerations":[{"key":"k","operator":"Exists","effect":"NoExecute","tolerationSeconds":60}]}}""")).Error);

        var first = await pass.RunAsync(controller, new ObjectKey("", "n"));
        Assert.Equal(TimeSpan.FromSeconds(60), first.RequeueAfter);
        Assert.Empty(first.Actions.OfType<DeleteAction>());
        _fixture.Clock.Now += TimeSpan.FromSeconds(60);
        Assert.Single((await pass.RunAsync(controller, new ObjectKey("", "n"))).Actions.OfType<DeleteAction>());
        var pod = await _fixture.Store.GetAsync(ResourceTypes.Pods, new ObjectKey("d", "p"));
        Assert.Equal("DeletionByTaintManager", PodView.Of(pod!).Condition("DisruptionTarget")!.Reason);
        Assert.True(pod!.Meta.Deleting);
    }

    [Fact]
    public async Task LastReadyNode_FailsOrReturns_AllNodesAreLookedAt()
    {
        var pass = new ControllerPass(_fixture.Store, _fixture.Clock);
        await NodeAsync("down", "Unknown");
        await NodeAsync("apart", "True", $"\"{NodeLifecycleReconciler.ExcludeDisruption}\":\"\"");

        await pass.RunAsync(_controller, new ObjectKey("", "down"));
        Assert.Equal(["NoSchedule"], await EffectsAsync("down"));

        var up = await NodeAsync("up", "True");
        await pass.RunAsync(_controller, new ObjectKey("", "down"));
        Assert.Equal(["NoExecute", "NoSchedule"], await EffectsAsync("down"));
        Assert.Equal(["apart", "down", "up"], pass.Triggers(_controller, ResourceTypes.Nodes, ChangeKind.Added, up).Select(static k => k.Name).Order(StringComparer.Ordinal));

        var second = await NodeAsync("up2", "True");
        await pass.RunAsync(_controller, new ObjectKey("", "down"));
        Assert.Equal(["up2"], pass.Triggers(_controller, ResourceTypes.Nodes, ChangeKind.Added, second).Select(static k => k.Name));
    }
}
