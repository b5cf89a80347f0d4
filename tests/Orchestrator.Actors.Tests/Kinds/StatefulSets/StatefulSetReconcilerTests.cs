using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds.StatefulSets;

public sealed class StatefulSetReconcilerTests
{
    private readonly StatefulSetSimulation _sim = new();

    [Fact]
    public void Reconcile_OrderedReady_MakesThePodsOneAfterTheOther()
    {
        _sim.Deploy();
        _sim.Pass();
        Assert.Equal(["web-0"], _sim.PodNames);
        Assert.Empty(_sim.Pass());
        _sim.Cluster.MakeReady(StatefulSetSimulation.Pod(0));
        _sim.Pass();
        Assert.Equal(["web-0", "web-1"], _sim.PodNames);
        _sim.Settle();
        Assert.Equal(["web-0", "web-1", "web-2"], _sim.PodNames);
        Assert.Equal((3, 3, 3, 3), _sim.Counts);
        Assert.Equal(3, _sim.Count("availableReplicas"));
        Assert.Equal(_sim.Status["currentRevision"]!.ToString(), _sim.Status["updateRevision"]!.ToString());
        Assert.Empty(_sim.Reconcile().Actions);
    }

    [Fact]
    public void Reconcile_Pod_CarriesItsIdentity()
    {
        _sim.Deploy(1, """, "ordinals":{"start":7}""");
        _sim.Pass();
        var pod = Assert.Single(_sim.Cluster.All(ResourceTypes.Pods));
        Assert.Equal("web-7", pod.Key.Name);
        Assert.Equal("web-7", pod.Meta.Labels["statefulset.kubernetes.io/pod-name"]);
        Assert.Equal("7", pod.Meta.Labels["apps.kubernetes.io/pod-index"]);
        Assert.Equal(Assert.Single(_sim.Cluster.All(ResourceTypes.ControllerRevisions)).Key.Name, pod.Meta.Labels["controller-revision-hash"]);
        var spec = pod.ToTree()["spec"]!;
        Assert.Equal(("web-7", "svc"), ((string)spec["hostname"]!, (string)spec["subdomain"]!));
        Assert.Equal("web-", pod.Meta.GenerateName);
    }

    [Fact]
    public void Reconcile_Parallel_MakesAndDeletesThemAtOnce()
    {
        _sim.Deploy(4, """, "podManagementPolicy":"Parallel" """);
        _sim.Pass();
        Assert.Equal(4, _sim.Cluster.Pods.Count);
        _sim.Settle();
        _sim.Edit(static spec => spec["replicas"] = 1);
        _sim.Pass();
        Assert.Equal(["web-0"], _sim.PodNames);
    }

    [Fact]
    public void Reconcile_AsManyAsThereAreNumbers_CostsWhatIsMade()
    {
        _sim.Deploy(int.MaxValue);
        _sim.Pass();
        Assert.Equal(["web-0"], _sim.PodNames);
        _sim.Edit(static spec => spec["podManagementPolicy"] = "Parallel");
        _sim.Pass();
        Assert.Equal(501, _sim.PodNames.Length);
        _sim.Pass();
        Assert.Equal(1001, _sim.PodNames.Length);
    }

    [Fact]
    public void Reconcile_Shrink_DeletesTheLastFirstAndWaitsForItsEnd()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Edit(static spec => spec["replicas"] = 0);
        Assert.Equal("web-2", Assert.Single(_sim.Reconcile().Actions.OfType<DeleteAction>()).Key.Name);
        _sim.Terminate(StatefulSetSimulation.Pod(2));
        Assert.Empty(_sim.Pass());
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(2));
        _sim.Pass();
        _sim.Pass();
        Assert.Equal(["web-2", "web-1", "web-0"], _sim.Cluster.Deletions.Select(static d => d.Key.Name));
        Assert.Empty(_sim.PodNames);
    }

    [Fact]
    public void Reconcile_ShrinkWithAnIllPodBefore_WaitsUntilItIsWell()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.SetPhase(StatefulSetSimulation.Pod(0), "Running");
        _sim.Edit(static spec => spec["replicas"] = 2);
        Assert.Empty(_sim.Pass());
        _sim.Cluster.MakeReady(StatefulSetSimulation.Pod(0));
        Assert.Equal("web-2", Assert.Single(_sim.Pass().OfType<DeleteAction>()).Key.Name);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Reconcile_OneOfTwoCondemnedIsIll_TheLastStillGoesFirst(int ill)
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.SetPhase(StatefulSetSimulation.Pod(ill), "Running");
        _sim.Edit(static spec => spec["replicas"] = 1);
        Assert.Equal("web-2", Assert.Single(_sim.Pass().OfType<DeleteAction>()).Key.Name);
    }

    [Fact]
    public void Reconcile_BothCondemnedAreIll_NoneGoesUntilTheFirstIsWell()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.SetPhase(StatefulSetSimulation.Pod(1), "Running");
        _sim.SetPhase(StatefulSetSimulation.Pod(2), "Running");
        _sim.Edit(static spec => spec["replicas"] = 1);
        Assert.Empty(_sim.Pass());
        _sim.Cluster.MakeReady(StatefulSetSimulation.Pod(1));
        Assert.Equal("web-2", Assert.Single(_sim.Pass().OfType<DeleteAction>()).Key.Name);
    }

    [Fact]
    public void Reconcile_OtherStart_MovesTheSetAlong()
    {
        _sim.Deploy(2);
        _sim.Settle();
        _sim.Edit(static spec => spec["ordinals"] = new JsonObject { ["start"] = 1 });
        _sim.Settle();
        Assert.Equal(["web-1", "web-2"], _sim.PodNames);
    }

    [Theory]
    [InlineData("Failed")]
    [InlineData("Succeeded")]
    public void Reconcile_FinishedPod_IsReplacedUnderItsName(string phase)
    {
        _sim.Deploy();
        _sim.Settle();
        var before = _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(1))!.Meta.Uid;
        _sim.SetPhase(StatefulSetSimulation.Pod(1), phase);
        Assert.IsType<DeleteAction>(Assert.Single(_sim.Pass()));
        _sim.Settle();
        Assert.NotEqual(before, _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(1))!.Meta.Uid);
        Assert.Equal((3, 3, 3, 3), _sim.Counts);
    }

    [Fact]
    public void Reconcile_SomebodyElsesPodHasTheName_SaysSoAndWaits()
    {
        _sim.Deploy(2);
        _sim.Cluster.Put(ResourceTypes.Pods, """{"metadata":{"name":"web-0","namespace":"d","labels":{"app":"other"}},"spec":{"containers":[{"name":"c","image":"x"}]}}""");
        _sim.Pass();
        Assert.Contains(_sim.Cluster.Events, static e => e is { Warning: true, Reason: "FailedCreate" }
            && e.Message == "create Pod web-0 in StatefulSet web failed error: pods \"web-0\" already exists");
        Assert.Equal(["web-0"], _sim.PodNames);
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(0));
        _sim.Settle();
        Assert.Equal(2, _sim.Count("readyReplicas"));
    }

    [Fact]
    public void Reconcile_Orphans_AreAdoptedByNameAndReleasedByLabel()
    {
        _sim.Deploy(2);
        _sim.Settle();
        _sim.Cluster.Change(ResourceTypes.Pods, StatefulSetSimulation.Pod(0), static pod => pod["metadata"]!["labels"]!["app"] = "b");
        Assert.IsType<PatchAction>(_sim.Pass()[0]);
        Assert.Null(_sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.Meta.Controller);
        _sim.Cluster.Change(ResourceTypes.Pods, StatefulSetSimulation.Pod(0), static pod => pod["metadata"]!["labels"]!["app"] = "a");
        _sim.Cluster.Put(ResourceTypes.Pods, """{"metadata":{"name":"web-01","namespace":"d","labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"x"}]}}""");
        _sim.Settle();
        Assert.Equal("web", _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.Meta.Controller!.Name);
        Assert.Null(_sim.Cluster.Get(ResourceTypes.Pods, new ObjectKey("d", "web-01"))!.Meta.Controller);
    }

    [Fact]
    public void Reconcile_LostIdentityLabel_IsPutBack()
    {
        _sim.Deploy(1);
        _sim.Settle();
        _sim.Cluster.Change(ResourceTypes.Pods, StatefulSetSimulation.Pod(0), static pod => pod["metadata"]!["labels"]!.AsObject().Remove("statefulset.kubernetes.io/pod-name"));
        _sim.Settle();
        Assert.Equal("web-0", _sim.Cluster.Get(ResourceTypes.Pods, StatefulSetSimulation.Pod(0))!.Meta.Labels["statefulset.kubernetes.io/pod-name"]);
    }

    [Fact]
    public void Reconcile_MinReadySeconds_TheNextPodWaitsForTheLastToStay()
    {
        _sim.Deploy(2, """, "minReadySeconds":10""");
        _sim.Pass();
        _sim.Cluster.MakeReady(StatefulSetSimulation.Pod(0));
        var result = _sim.Reconcile();
        _sim.Cluster.Apply(result.Actions);
        Assert.Equal(TimeSpan.FromSeconds(10), result.RequeueAfter);
        Assert.Single(_sim.PodNames);
        Assert.Equal((1, 0), (_sim.Count("readyReplicas"), _sim.Count("availableReplicas")));
        _sim.Cluster.Now += TimeSpan.FromSeconds(10);
        _sim.Pass();
        Assert.Equal(2, _sim.PodNames.Length);
    }

    [Fact]
    public void Reconcile_SetIsBeingDeleted_OnlyCounts()
    {
        _sim.Deploy();
        _sim.Settle();
        _sim.Cluster.Change(ResourceTypes.StatefulSets, StatefulSetSimulation.Key, static set => set["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z");
        _sim.Remove(ResourceTypes.Pods, StatefulSetSimulation.Pod(1));
        Assert.Empty(_sim.Pass());
        Assert.Equal(2, _sim.Count("replicas"));
    }
}
