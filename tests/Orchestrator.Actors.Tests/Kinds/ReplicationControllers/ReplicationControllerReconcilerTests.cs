using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.ReplicationControllers;

/// <summary>The rules are those of ReplicaSets and tested there; here is what differs: the selector, the owner and where the status goes.</summary>
public sealed class ReplicationControllerReconcilerTests
{
    private readonly SimulatedCluster _cluster = new();

    private ReplicaSetView Controller(int replicas) => ReplicaSetView.OfController(_cluster.Put(ResourceTypes.ReplicationControllers, $$$"""
        {"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"web","namespace":"d"},"spec":{"replicas":{{{replicas}}},
         "selector":{"app":"web"},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]} } } }
        """));

    [Fact]
    public void Reconcile_TooFewPods_CreatesThemOwnedByTheController()
    {
        var controller = Controller(2);
        _cluster.Apply(_cluster.Reconcile(controller).Actions);

        Assert.Equal(2, _cluster.Pods.Count);
        Assert.All(_cluster.Pods, p => Assert.Equal((controller.Uid, "ReplicationController"), (p.Meta.Controller!.Uid, p.Meta.Controller.Kind)));
        Assert.All(_cluster.Events.Where(e => e.Reason == "SuccessfulCreate"), e => Assert.Equal(("v1", "ReplicationController"), (e.ApiVersion, e.Kind)));
        Assert.Equal(2, _cluster.Events.Count(e => e.Reason == "SuccessfulCreate"));
    }

    [Fact]
    public void Reconcile_PodsAreThere_WritesTheStatusOfTheController()
    {
        var controller = Controller(1);
        _cluster.Apply(_cluster.Reconcile(controller).Actions);
        _cluster.MakeReady(_cluster.Pods.Single().Key);

        var status = Assert.Single(_cluster.Reconcile(controller).Actions.OfType<StatusAction>());
        Assert.Equal(ResourceTypes.ReplicationControllers, status.Type);
        foreach (var count in (string[])["replicas", "readyReplicas", "fullyLabeledReplicas"]) Assert.Equal("1", status.Status[count]!.ToJsonString());
    }

    [Fact]
    public void Reconcile_OrphanOfItsLabels_IsAdoptedInsteadOfANewPod()
    {
        var orphan = _cluster.Put(ResourceTypes.Pods, """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"loose","namespace":"d","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}}
            """);
        var actions = _cluster.Reconcile(Controller(1)).Actions;
        Assert.Empty(actions.OfType<CreateAction>());
        Assert.Equal(orphan.Key, Assert.Single(actions.OfType<PatchAction>()).Key);
    }
}
