using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Namespaces;

public sealed class NamespaceReconcilerTests
{
    private readonly SimulatedCluster _cluster = new();

    private ReconcileResult Pass(StoredObject ns) => NamespaceReconciler.Reconcile(ns,
        [new(ResourceTypes.ConfigMaps, [.. _cluster.All(ResourceTypes.ConfigMaps)]), new(ResourceTypes.Pods, [.. _cluster.All(ResourceTypes.Pods)])], _cluster.Context());

    [Fact]
    public void Reconcile_Terminating_DeletesPodsThenTheRestThenFinalizes()
    {
        var ns = _cluster.Put(ResourceTypes.Namespaces, """{"metadata":{"name":"d","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}""");
        _cluster.Put(ResourceTypes.Pods, """{"metadata":{"name":"p","namespace":"d"}}""");
        _cluster.Put(ResourceTypes.ConfigMaps, """{"metadata":{"name":"c","namespace":"d"}}""");

        var first = Pass(ns);
        Assert.Equal(["p"], first.Actions.OfType<DeleteAction>().Select(a => a.Key.Name));
        var status = first.Actions.OfType<StatusAction>().Single().Status;
        Assert.Equal("Terminating", (string?)status["phase"]);
        Assert.Equal("SomeResourcesRemain", (string?)StatusWrite.Condition(status, "NamespaceContentRemaining")!["reason"]);
        _cluster.Apply(first.Actions);
        var second = Pass(_cluster.Get(ResourceTypes.Namespaces, ns.Key)!);
        Assert.Equal(["c"], second.Actions.OfType<DeleteAction>().Select(a => a.Key.Name));
        _cluster.Apply(second.Actions);
        var last = Assert.IsType<PatchAction>(Assert.Single(Pass(_cluster.Get(ResourceTypes.Namespaces, ns.Key)!).Actions));
        Assert.Equal("finalize", last.Subresource);
        Assert.Empty(last.Patch["spec"]!["finalizers"]!.AsArray());
    }

    [Fact]
    public void Reconcile_Active_DoesNothing() =>
        Assert.Empty(Pass(_cluster.Put(ResourceTypes.Namespaces, """{"metadata":{"name":"d"},"spec":{"finalizers":["kubernetes"]}}""")).Actions);
}
