using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.PersistentVolumeClaims;

public sealed class EphemeralVolumeTests
{
    private readonly SimulatedCluster _cluster = new();

    private ReconcileResult Reconcile(string metadata = "") => EphemeralVolumeController.Reconcile(
        _cluster.Put(ResourceTypes.Pods, $$$"""
            {"metadata":{"name":"p","namespace":"d","uid":"p"{{{metadata}}}},"spec":{"volumes":[{"name":"t","emptyDir":{}},
             {"name":"v","ephemeral":{"volumeClaimTemplate":{"metadata":{"labels":{"l":"1"}},"spec":{"accessModes":["ReadWriteOnce"]} } } }]} }
            """),
        name => _cluster.Get(ResourceTypes.PersistentVolumeClaims, new ObjectKey("d", name)) is not null);

    [Fact]
    public void Reconcile_VolumeOfThePodsOwn_GetsAClaimThatThePodOwns()
    {
        _cluster.Apply(Reconcile().Actions);
        var claim = Assert.Single(_cluster.All(ResourceTypes.PersistentVolumeClaims));
        Assert.Equal(("p-v", "1", "Pod", "p"), (claim.Key.Name, claim.Meta.Labels["l"], claim.Meta.Controller!.Kind, claim.Meta.Controller.Uid));
        Assert.Equal("""{"accessModes":["ReadWriteOnce"]}""", claim.ToTree()["spec"]!.ToJsonString());
        Assert.Empty(Reconcile().Actions);
    }

    [Fact]
    public void Reconcile_PodIsGoing_MakesNone() => Assert.Empty(Reconcile(""", "deletionTimestamp":"2026-01-01T00:00:00Z" """).Actions);
}
