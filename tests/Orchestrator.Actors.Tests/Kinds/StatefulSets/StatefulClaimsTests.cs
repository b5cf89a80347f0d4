using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.StatefulSets;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.StatefulSets;

public sealed class StatefulClaimsTests
{
    private readonly StatefulSetSimulation _sim = new();

    private static readonly ObjectKey Last = new("d", "www-web-1");

    private void Deploy(string deleted = "Retain", string scaled = "Retain") => _sim.Deploy(2, $$$"""
        , "volumeClaimTemplates":[{"metadata":{"name":"www","labels":{"l":"1"},"annotations":{"a":"2"}},"spec":{"accessModes":["ReadWriteOnce"]}}],
          "persistentVolumeClaimRetentionPolicy":{"whenDeleted":"{{{deleted}}}","whenScaled":"{{{scaled}}}"}
        """);

    private string[] Owners(ObjectKey claim) => [.. _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, claim)!.Meta.OwnerReferences.Select(static r => $"{r.Kind}/{r.Name}")];

    [Fact]
    public void Reconcile_ClaimTemplates_MakeOneClaimPerPodThatOutlivesIt()
    {
        Deploy();
        _sim.Settle();
        Assert.Equal(["www-web-0", "www-web-1"], _sim.Cluster.All(ResourceTypes.PersistentVolumeClaims).Select(static c => c.Key.Name));
        var claim = _sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, Last)!;
        Assert.Equal(("1", "a", "2"), (claim.Meta.Labels["l"], claim.Meta.Labels["app"], claim.Meta.Annotations["a"]));
        Assert.Equal("""{"name":"www","persistentVolumeClaim":{"claimName":"www-web-1"}}""",
            _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(1))!.ToTree()["spec"]!["volumes"]![0]!.ToJsonString());
        _sim.Edit(static spec => spec["replicas"] = 0);
        _sim.Settle();
        Assert.Equal(2, _sim.Cluster.All(ResourceTypes.PersistentVolumeClaims).Count());
        Assert.Empty(Owners(Last));
    }

    [Fact]
    public void Reconcile_VolumeOfTheTemplateWithTheNameOfAClaim_GivesWay()
    {
        Deploy();
        _sim.Edit(static spec => spec["template"]!["spec"]!["volumes"] = JsonNode.Parse("""[{"name":"www","emptyDir":{}},{"name":"tmp","emptyDir":{}}]"""));
        _sim.Pass();
        var volumes = _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.ToTree()["spec"]!["volumes"]!.AsArray();
        Assert.Equal(["www", "tmp"], volumes.Select(static v => (string)v!["name"]!));
        Assert.NotNull(volumes[0]!["persistentVolumeClaim"]);
    }

    [Theory]
    [InlineData("Retain", "Retain", "", "")]
    [InlineData("Delete", "Retain", "StatefulSet/web", "StatefulSet/web")]
    [InlineData("Retain", "Delete", "", "Pod/web-1")]
    [InlineData("Delete", "Delete", "StatefulSet/web", "Pod/web-1")]
    public void Reconcile_RetentionPolicy_DecidesWhoOwnsTheClaimsOfWantedAndOfCondemnedPods(string deleted, string scaled, string wanted, string condemned)
    {
        Deploy(deleted, scaled);
        _sim.Settle();
        Assert.Equal(wanted, string.Join(',', Owners(Last)));
        _sim.Edit(static spec => spec["replicas"] = 1);
        var actions = _sim.Pass();
        Assert.Equal("web-1", Assert.Single(actions.OfType<DeleteAction>()).Key.Name);
        Assert.Equal(condemned, string.Join(',', Owners(Last)));
        Assert.True(_sim.Cluster.Get(ResourceTypes.PersistentVolumeClaims, Last)!.Meta.OwnerReferences.All(static r => r.Controller));
    }

    [Fact]
    public void Reconcile_PolicyChanges_OwnersFollow()
    {
        Deploy("Delete");
        _sim.Settle();
        _sim.Edit(static spec => spec["persistentVolumeClaimRetentionPolicy"]!["whenDeleted"] = "Retain");
        _sim.Settle();
        Assert.Empty(Owners(Last));
    }

    [Fact]
    public void Reconcile_ClaimOfAnEarlierPod_IsWaitedFor()
    {
        Deploy("Retain", "Delete");
        _sim.Settle();
        _sim.Edit(static spec => spec["replicas"] = 1);
        _sim.Pass();
        _sim.Edit(static spec => spec["replicas"] = 2);
        // The collector has not come by yet: a new pod with the old claim would lose it.
        Assert.Empty(_sim.Pass());
        _sim.Remove(ResourceTypes.PersistentVolumeClaims, Last);
        _sim.Settle();
        Assert.Equal(["web-0", "web-1"], _sim.PodNames);
        Assert.Empty(Owners(Last));
    }

    [Fact]
    public void Reconcile_ClaimIsBeingDeleted_SaysSoAndMakesNoPod()
    {
        Deploy();
        _sim.Cluster.Put(ResourceTypes.PersistentVolumeClaims, """{"metadata":{"name":"www-web-0","namespace":"d","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{}}""");
        _sim.Pass();
        Assert.Empty(_sim.PodNames);
        Assert.Contains(_sim.Cluster.Events, static e =>
            e.Message == "create Claim www-web-0 for Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted");
    }

    [Fact]
    public void Reconcile_ClaimOfAPendingPodIsGone_IsMadeAgain()
    {
        Deploy();
        _sim.Pass();
        _sim.Remove(ResourceTypes.PersistentVolumeClaims, new ObjectKey("d", "www-web-0"));
        Assert.IsType<CreateAction>(Assert.Single(_sim.Pass()));
    }

    [Fact]
    public void Reconcile_ClaimThatSomebodyElseControls_IsLeftToThem()
    {
        Deploy("Delete", "Delete");
        _sim.Cluster.Put(ResourceTypes.PersistentVolumeClaims, """
            {"metadata":{"name":"www-web-1","namespace":"d","ownerReferences":[{"apiVersion":"v1","kind":"X","name":"x","uid":"x","controller":true}]},"spec":{}}
            """);
        _sim.Settle();
        Assert.Equal(["X/x"], Owners(Last));
    }

    [Theory]
    [InlineData("www-web-3", true)]
    [InlineData("www-web-03", false)]
    [InlineData("www-other-3", false)]
    [InlineData("web-3", false)]
    public void Concerns_Name_OfAClaimOfTheSet(string name, bool concerns)
    {
        Deploy();
        Assert.Equal(concerns, StatefulClaims.Concerns(StatefulSetView.Of(_sim.Cluster.Get(ResourceTypes.StatefulSets, StatefulSetSimulation.Key)!), name));
    }
}
