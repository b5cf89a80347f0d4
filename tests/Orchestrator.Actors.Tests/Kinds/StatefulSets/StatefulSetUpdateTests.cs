using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.StatefulSets;

public sealed class StatefulSetUpdateTests
{
    private readonly StatefulSetSimulation _sim = new();

    private (string Current, string Update) Revisions => (_sim.Status["currentRevision"]!.ToString(), _sim.Status["updateRevision"]!.ToString());

    private int[] Numbers => [.. _sim.Cluster.All(ResourceTypes.ControllerRevisions).Select(static r => (int)r.ToTree()["revision"]!).Order()];

    [Fact]
    public void Reconcile_NewTemplate_ReplacesFromTheLastToTheFirstOneAtATime()
    {
        _sim.Deploy();
        _sim.Settle();
        var first = Revisions.Current;
        _sim.SetImage("v2");
        _sim.Pass();
        Assert.Equal((first, 2, 0), (Revisions.Current, _sim.Count("currentReplicas"), _sim.Count("updatedReplicas")));
        Assert.NotEqual(first, Revisions.Update);
        _sim.Settle(check: () => Assert.True(_sim.Cluster.Pods.Count(static p => p.Ready) >= 2));
        Assert.Equal(["web-2", "web-1", "web-0"], _sim.Cluster.Deletions.Select(static d => d.Key.Name));
        Assert.Equal(["v2", "v2", "v2"], _sim.Images);
        Assert.Equal((3, 3, 3, 3), _sim.Counts);
        Assert.Equal(Revisions.Update, Revisions.Current);
        Assert.Equal([1, 2], Numbers);
    }

    [Fact]
    public void Reconcile_MaxUnavailable_IsNotHeeded()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["maxUnavailable"] = 3);
        _sim.SetImage("v2");
        Assert.Single(_sim.Pass().OfType<DeleteAction>());
    }

    [Fact]
    public void Reconcile_Partition_KeepsTheFirstOnesAsTheyWere()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["partition"] = 2);
        _sim.SetImage("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v2"], _sim.Images);
        Assert.Equal((3, 3, 2, 1), _sim.Counts);
        // One before the partition that is lost comes back as it was.
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(1));
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v2"], _sim.Images);
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["partition"] = 0);
        _sim.Settle();
        Assert.Equal(["v2", "v2", "v2"], _sim.Images);
        Assert.Equal(Revisions.Update, Revisions.Current);
    }

    [Fact]
    public void Reconcile_PartitionBeyondTheReplicas_ChangesNothing()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["partition"] = 5);
        _sim.SetImage("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        Assert.Equal([1, 2], Numbers);
    }

    [Fact]
    public void Reconcile_PartitionWithAStart_CountsReplicasAndNotNumbers()
    {
        _sim.Deploy(3, """, "ordinals":{"start":10}""");
        _sim.Settle();
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["partition"] = 1);
        _sim.SetImage("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v2", "v2"], _sim.Images);
    }

    [Fact]
    public void Reconcile_OnDelete_ReplacesWhatSomebodyDeletes()
    {
        _sim.Deploy();
        _sim.Edit(static spec => spec["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" });
        _sim.Settle();
        _sim.SetImage("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(1));
        _sim.Settle();
        Assert.Equal(["v1", "v2", "v1"], _sim.Images);
        Assert.NotEqual(Revisions.Update, Revisions.Current);
    }

    [Fact]
    public void Reconcile_Rollback_RaisesTheOldRevisionInsteadOfMakingANewOne()
    {
        _sim.Deploy();
        _sim.Settle();
        var first = Revisions.Update;
        _sim.SetImage("v2");
        _sim.Settle();
        _sim.SetImage("v1");
        _sim.Settle();
        Assert.Equal([2, 3], Numbers);
        Assert.Equal((first, first), Revisions);
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
    }

    [Fact]
    public void Reconcile_RollbackAmidARollout_LeavesWhatWasNotTouched()
    {
        _sim.Deploy();
        _sim.Settle();
        var untouched = _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.Meta.Uid;
        _sim.SetImage("v2");
        _sim.Pass();
        _sim.Pass();
        _sim.Cluster.MakeReady(StatefulSetSimulation.Pod(2));
        _sim.SetImage("v1");
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        Assert.Equal(untouched, _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.Meta.Uid);
        Assert.Equal(Revisions.Update, Revisions.Current);
    }

    [Fact]
    public void Reconcile_OrderedReadyAndAPodThatNeverRuns_WaitsForSomebodyToDeleteItEvenAfterARollback()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.SetImage("broken");
        _sim.Settle(runs: static p => p.Images[0] != "broken");
        Assert.Equal(["v1", "v1", "broken"], _sim.Images);
        _sim.SetImage("v1");
        _sim.Settle(runs: static p => p.Images[0] != "broken");
        Assert.Equal(["v1", "v1", "broken"], _sim.Images);
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(2));
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        Assert.Equal((3, 3, 3, 3), _sim.Counts);
    }

    [Fact]
    public void Reconcile_ParallelAndAPodThatNeverRuns_IsReplacedByTheRollback()
    {
        _sim.Deploy(3, """, "podManagementPolicy":"Parallel" """);
        _sim.Settle();
        _sim.SetImage("broken");
        _sim.Settle(runs: static p => p.Images[0] != "broken");
        Assert.Equal(["v1", "v1", "broken"], _sim.Images);
        _sim.SetImage("v1");
        _sim.Settle(runs: static p => p.Images[0] != "broken");
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
    }

    [Fact]
    public void Reconcile_History_KeepsTheLimitAndWhatPodsStillUse()
    {
        _sim.Deploy(3, """, "revisionHistoryLimit":1""");
        _sim.Settle();
        for (var i = 2; i <= 5; i++)
        {
            _sim.SetImage($"v{i}");
            _sim.Settle();
        }
        Assert.Equal([4, 5], Numbers);
        // Pods of two older templates stand before the partition: none of their revisions goes.
        _sim.Edit(static spec => spec["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" });
        for (var i = 6; i <= 8; i++)
        {
            _sim.SetImage($"v{i}");
            _sim.Settle();
        }
        Assert.Equal([5, 7, 8], Numbers);
    }

    [Fact]
    public void Reconcile_RevisionNameIsTaken_CountsTheCollisionAndTakesAnother()
    {
        _sim.Deploy(1);
        _sim.Settle();
        var name = Revisions.Update;
        var other = new StatefulSetSimulation();
        other.Deploy(1);
        other.Cluster.Put(ResourceTypes.ControllerRevisions, $$$"""{"metadata":{"name":"{{{name}}}","namespace":"d"},"data":{"spec":{"template":{"x":1} } },"revision":1}""");
        other.Settle();
        Assert.Equal(1, other.Count("collisionCount"));
        Assert.NotEqual(name, other.Status["updateRevision"]!.ToString());
    }

    [Fact]
    public void Reconcile_RevisionsThatNobodyOwns_AreTakenIn()
    {
        _sim.Deploy(1);
        _sim.Settle();
        var revision = Assert.Single(_sim.Cluster.All(ResourceTypes.ControllerRevisions));
        _sim.Cluster.Change(ResourceTypes.ControllerRevisions, revision.Key, static r => r["metadata"]!.AsObject().Remove("ownerReferences"));
        _sim.Settle();
        Assert.Equal("web", Assert.Single(_sim.Cluster.All(ResourceTypes.ControllerRevisions)).Meta.Controller!.Name);
    }

    [Fact]
    public void Reconcile_RevisionData_HasItsNamesInOrder()
    {
        _sim.Deploy(1);
        _sim.Settle();
        Assert.Equal(
            """{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"a"}},"spec":{"containers":[{"image":"v1","name":"c"}]}}}}""",
            Assert.Single(_sim.Cluster.All(ResourceTypes.ControllerRevisions)).ToTree()["data"]!.ToJsonString());
    }

    [Fact]
    public void Reconcile_AllPodsLostDuringAHeldUpdate_ComeBackAsTheyWere()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Edit(static spec => spec["updateStrategy"]!["rollingUpdate"]!["partition"] = 3);
        _sim.SetImage("v2");
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        for (var i = 0; i < 3; i++) _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(i));
        _sim.Settle();
        Assert.Equal(["v1", "v1", "v1"], _sim.Images);
        Assert.NotEqual((string?)_sim.Status["currentRevision"], (string?)_sim.Status["updateRevision"]);
    }
}
