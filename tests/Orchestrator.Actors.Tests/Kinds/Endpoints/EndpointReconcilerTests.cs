using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Endpoints;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Endpoints;

public sealed class EndpointReconcilerTests
{
    private static readonly ObjectKey Key = new("d", "web");
    private readonly SimulatedCluster _cluster = new();

    public EndpointReconcilerTests() => _cluster.Put(ResourceTypes.Services, """
        {"metadata":{"name":"web","namespace":"d","labels":{"team":"x"}},
         "spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":"web","protocol":"TCP"}]}}
        """);

    private ServiceView Service => ServiceView.Of(_cluster.Get(ResourceTypes.Services, Key)!);

    private ReconcileResult Slices() => EndpointSliceReconciler.Reconcile(
        new EndpointSliceObserved(Service, _cluster.Pods, [.. _cluster.All(ResourceTypes.EndpointSlices)], _ => "z1"), _cluster.Context());

    private void Pod(int i, bool ready = true) => _cluster.Put(ResourceTypes.Pods, $$$"""
        {"metadata":{"name":"p{{{i:000}}}","namespace":"d","uid":"p{{{i:000}}}","labels":{"app":"web"}},
         "spec":{"nodeName":"n1","containers":[{"name":"c","ports":[{"name":"web","containerPort":8080}]}]},
         "status":{"phase":"Running","podIP":"10.0.{{{i / 250}}}.{{{(i % 250) + 1}}}","conditions":[{"type":"Ready","status":"{{{ready}}}"}]} }
        """);

    [Fact]
    public void Slices_ManyPods_AreCutAndChangedOneByOne()
    {
        for (var i = 0; i < 250; i++) Pod(i);
        _cluster.Apply(Slices().Actions);
        Assert.Equal([50, 100, 100], _cluster.All(ResourceTypes.EndpointSlices).Select(s => s.ToTree()["endpoints"]!.AsArray().Count).Order());
        Assert.Empty(Slices().Actions);

        Pod(7, ready: false);
        var patch = Assert.IsType<PatchAction>(Assert.Single(Slices().Actions));
        var changed = patch.Patch["endpoints"]!.AsArray().Single(e => (string?)e!["targetRef"]!["name"] == "p007")!;
        Assert.False((bool)changed["conditions"]!["ready"]!);
        Assert.Equal("z1", (string?)changed["zone"]);
    }

    [Fact]
    public void Slices_NoPods_LeaveOneEmptySlice()
    {
        Pod(1);
        _cluster.Apply(Slices().Actions);
        var slice = _cluster.All(ResourceTypes.EndpointSlices).Single();
        Assert.Equal("web", slice.Meta.Labels[EndpointSliceReconciler.ServiceLabel]);
        Assert.Equal("x", slice.Meta.Labels["team"]);
        Assert.Equal(8080, (int)slice.ToTree()["ports"]![0]!["port"]!);
        _cluster.Apply([new DeleteAction(ResourceTypes.Pods, new ObjectKey("d", "p001"), "p001")]);
        for (var pass = 0; pass < 3; pass++) _cluster.Apply(Slices().Actions);
        Assert.Empty(_cluster.All(ResourceTypes.EndpointSlices).Single().ToTree()["endpoints"]!.AsArray());
        Assert.Empty(Slices().Actions);
    }

    [Fact]
    public void Endpoints_ReadyAndNotReady_AreKeptApart()
    {
        Pod(1);
        Pod(2, ready: false);
        ReconcileResult Reconcile() => EndpointsReconciler.Reconcile(Service, _cluster.Pods, _cluster.Get(ResourceTypes.Endpoints, Key));
        _cluster.Apply(Reconcile().Actions);
        var subset = _cluster.Get(ResourceTypes.Endpoints, Key)!.ToTree()["subsets"]![0]!;
        Assert.Equal("10.0.0.2", (string?)subset["addresses"]![0]!["ip"]);
        Assert.Equal("10.0.0.3", (string?)subset["notReadyAddresses"]![0]!["ip"]);
        Assert.Equal("http", (string?)subset["ports"]![0]!["name"]);
        Assert.Empty(Reconcile().Actions);
        _cluster.Apply(_cluster.Pods.Select(p => new DeleteAction(ResourceTypes.Pods, p.Key, p.Uid)));
        _cluster.Apply(Reconcile().Actions);
        Assert.Null(_cluster.Get(ResourceTypes.Endpoints, Key)!.ToTree()["subsets"]);
    }

    [Fact]
    public void Endpoints_TooMany_NamesThoseThatServe()
    {
        for (var i = 0; i < EndpointsReconciler.AddressesMax; i++) Pod(i, ready: i >= 10);
        for (var i = EndpointsReconciler.AddressesMax; i < EndpointsReconciler.AddressesMax + 10; i++) Pod(i);
        _cluster.Apply(EndpointsReconciler.Reconcile(Service, _cluster.Pods, null).Actions);
        var subset = Assert.Single(_cluster.Get(ResourceTypes.Endpoints, Key)!.ToTree()["subsets"]!.AsArray())!;
        Assert.Equal(EndpointsReconciler.AddressesMax, subset["addresses"]!.AsArray().Count);
        Assert.Null(subset["notReadyAddresses"]);
    }
}
