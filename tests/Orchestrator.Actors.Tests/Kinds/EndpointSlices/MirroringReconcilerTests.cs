using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.EndpointSlices;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.EndpointSlices;

public sealed class MirroringReconcilerTests
{
    private readonly SimulatedCluster _cluster = new();

    private IEnumerable<StoredObject> Slices => _cluster.All(ResourceTypes.EndpointSlices);

    private StoredObject Write(string subsets) => _cluster.Put(ResourceTypes.Endpoints,
        $$$"""{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"web","namespace":"d","labels":{"a":"b"}},"subsets":[{{{subsets}}}]}""");

    private List<ControllerAction> Pass(StoredObject? endpoints)
    {
        var actions = MirroringReconciler.Reconcile(endpoints, [.. Slices], _cluster.Context()).Actions;
        _cluster.Apply(actions);
        return [.. actions];
    }

    [Fact]
    public void Addresses_AreFollowed_InOneSlicePerFamilyAndPorts()
    {
        var first = Write("""{"addresses":[{"ip":"10.1.2.3","nodeName":"n"},{"ip":"fd00::1"}],"notReadyAddresses":[{"ip":"10.1.2.4"}],"ports":[{"port":80}]}""");
        Pass(first);
        Assert.Equal(["IPv4", "IPv6"], Slices.Select(static s => (string?)s.ToTree()["addressType"]).Order());
        var v4 = Slices.Single(static s => (string?)s.ToTree()["addressType"] == "IPv4");
        Assert.Equal(["10.1.2.3 True", "10.1.2.4 False"], v4.ToTree()["endpoints"]!.AsArray().Select(static e => $"{e!["addresses"]![0]} {(bool)e["conditions"]!["ready"]!}"));
        Assert.Equal("""[{"name":"","protocol":"TCP","port":80}]""", v4.ToTree()["ports"]!.ToJsonString());
        Assert.Equal(("web", MirroringReconciler.ManagedBy, "b", "Endpoints"),
            (v4.Meta.Labels["kubernetes.io/service-name"], v4.Meta.Labels["endpointslice.kubernetes.io/managed-by"], v4.Meta.Labels["a"], v4.Meta.Controller!.Kind));
        Assert.Empty(Pass(first));

        Assert.IsType<PatchAction>(Assert.Single(Pass(Write("""{"addresses":[{"ip":"10.1.2.9"},{"ip":"fd00::1"}],"ports":[{"port":80}]}"""))));
        Assert.Equal(v4.Key, Slices.Single(static s => s.ToTree()["endpoints"]!.ToJsonString().Contains("10.1.2.9", StringComparison.Ordinal)).Key);
        Assert.Equal(2, Pass(Write("")).OfType<DeleteAction>().Count());
    }

    [Fact]
    public void WhatIsNotToBeMirrored_LeavesNothing()
    {
        Pass(Write("""{"addresses":[{"ip":"10.1.2.3"}],"ports":[{"port":80}]}"""));
        Assert.IsType<DeleteAction>(Assert.Single(Pass(null)));
        Assert.Empty(Pass(null));
    }

    [Fact]
    public void SubsetsOfOtherPorts_AreOtherSlices_AndTooManyAddressesAreCut()
    {
        var many = string.Join(',', Enumerable.Range(0, 1100).Select(static i => $$"""{"ip":"10.2.{{i / 250}}.{{i % 250}}"}"""));
        Pass(Write($$$"""{"addresses":[{{{many}}}],"ports":[{"port":80}]},{"addresses":[{"ip":"10.1.1.1"}],"ports":[{"name":"x","port":81}]}"""));
        Assert.Equal([1, 1000], Slices.Select(static s => s.ToTree()["endpoints"]!.AsArray().Count).Order());
    }
}
