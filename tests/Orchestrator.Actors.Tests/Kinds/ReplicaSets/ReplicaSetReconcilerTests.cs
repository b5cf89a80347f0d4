using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.ReplicaSets;

public sealed class ReplicaSetReconcilerTests
{
    private readonly SimulatedCluster _cluster = new();

    private ReplicaSetView Set(int replicas, int minReadySeconds = 0) => ReplicaSetView.Of(_cluster.Put(ResourceTypes.ReplicaSets, $$$"""
        {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web","namespace":"d"},"spec":{"replicas":{{{replicas}}},
         "minReadySeconds":{{{minReadySeconds}}},"selector":{"matchLabels":{"app":"web"}},
         "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]} } } }
        """));

    private ReplicaSetView Current => ReplicaSetView.Of(_cluster.Get(ResourceTypes.ReplicaSets, new ObjectKey("d", "web"))!);

    [Fact]
    public void Reconcile_TooFewPods_CreatesTheMissingOnesOwnedBySet()
    {
        var set = Set(3);
        _cluster.Apply(_cluster.Reconcile(set).Actions);

        Assert.Equal(3, _cluster.Pods.Count);
        Assert.All(_cluster.Pods, p => Assert.Equal(set.Uid, p.Meta.Controller!.Uid));
        Assert.All(_cluster.Pods, p => Assert.StartsWith("web-", p.Key.Name, StringComparison.Ordinal));
        Assert.Contains(_cluster.Events, e => e.Reason == "SuccessfulCreate");
    }

    [Fact]
    public void Reconcile_Status_IsForTheVersionThatWasSeen()
    {
        // A status is written whole: conditions that others wrote meanwhile would be lost.
        var set = Set(1);
        Assert.Equal(set.Source.Revision, Assert.Single(_cluster.Reconcile(set).Actions.OfType<StatusAction>()).IfRevision);
    }

    [Fact]
    public void Reconcile_RepeatedDecision_NamesTheSamePods()
    {
        var set = Set(3);
        var context = new ReconcileContext(_cluster.Now, "the-seed");
        var first = ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, [], []), context);
        var again = ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, [], []), context);
        Assert.Equal(first.Actions.OfType<CreateAction>().Select(a => a.Key), again.Actions.OfType<CreateAction>().Select(a => a.Key));
    }

    [Fact]
    public void Reconcile_MoreThanABurst_StopsAtTheBound()
    {
        var actions = _cluster.Reconcile(Set(2000)).Actions;
        Assert.Equal(ReplicaSetReconciler.BurstReplicasMax, actions.OfType<CreateAction>().Count());
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(20261121)]
    public void Reconcile_RandomDisturbances_ConvergesAndThenDoesNothing(int seed)
    {
        var random = new Random(seed);
        Set(5);
        for (var round = 0; round < 30; round++)
        {
            _cluster.Now += TimeSpan.FromSeconds(random.Next(1, 30));
            Disturb(random);
            for (var pass = 0; pass < 6 && _cluster.Pass() > 0; pass++) Assert.True(_cluster.Pods.Count <= 20, $"seed {seed}: runs away");
            Assert.Equal(0, _cluster.Pass());
            var live = _cluster.Pods.Count(p => p.Active && p.Meta.Controller?.Uid == Current.Uid);
            Assert.True(live == Current.Replicas, $"seed {seed}, round {round}: {live} instead of {Current.Replicas}");
            Assert.Equal(Current.Replicas, Current.StatusReplicas);
            Assert.Equal(_cluster.Pods.Count(p => p.Ready && p.Active && p.Meta.Controller?.Uid == Current.Uid), Current.ReadyReplicas);
        }
    }

    private void Disturb(Random random)
    {
        var pods = _cluster.Pods.ToList();
        var pod = pods.Count > 0 ? pods[random.Next(pods.Count)] : null;
        switch (random.Next(5))
        {
            case 0: _cluster.Change(ResourceTypes.ReplicaSets, Current.Key, t => t["spec"]!["replicas"] = random.Next(0, 9)); break;
            case 1 when pod is not null: _cluster.MakeReady(pod.Key, $"n{random.Next(3)}"); break;
            case 2 when pod is not null: _cluster.Change(ResourceTypes.Pods, pod.Key, t => t["status"] = new JsonObject { ["phase"] = "Failed" }); break;
            case 3 when pod is not null: _cluster.Change(ResourceTypes.Pods, pod.Key, t => t["metadata"]!["labels"]!["app"] = "other"); break;
            case 4: _cluster.Put(ResourceTypes.Pods, $$$"""{"metadata":{"name":"orphan-{{{random.Next()}}}","namespace":"d","labels":{"app":"web"}},"spec":{}}"""); break;
        }
    }

    [Fact]
    public void Reconcile_TooManyPods_DeletesUnassignedThenNotReadyThenCrowdedFirst()
    {
        Set(5);
        _cluster.Pass();
        var keys = _cluster.Pods.Select(p => p.Key).ToList();
        _cluster.MakeReady(keys[0], "a");
        _cluster.MakeReady(keys[1], "b");
        _cluster.MakeReady(keys[2], "b");
        _cluster.Change(ResourceTypes.Pods, keys[3], t => t["spec"]!["nodeName"] = "c");
        _cluster.Change(ResourceTypes.ReplicaSets, Current.Key, t => t["spec"]!["replicas"] = 2);

        var victims = _cluster.Reconcile(Current).Actions.OfType<DeleteAction>().Select(d => d.Key).ToList();

        Assert.Equal(3, victims.Count);
        Assert.Equal(keys[4], victims[0]);
        Assert.Equal(keys[3], victims[1]);
        Assert.Contains(victims[2], new[] { keys[1], keys[2] });
    }

    [Fact]
    public void Reconcile_MinReadySeconds_CountsAvailableLaterAndAsksToBeCalled()
    {
        Set(1, minReadySeconds: 10);
        _cluster.Pass();
        _cluster.MakeReady(_cluster.Pods.Single().Key);

        var result = _cluster.Reconcile(Current);
        _cluster.Apply(result.Actions);
        Assert.Equal((1, 0), (Current.ReadyReplicas, Current.AvailableReplicas));
        Assert.Equal(TimeSpan.FromSeconds(10), result.RequeueAfter);

        _cluster.Now += TimeSpan.FromSeconds(10);
        _cluster.Apply(_cluster.Reconcile(Current).Actions);
        Assert.Equal(1, Current.AvailableReplicas);
    }

    [Fact]
    public void Reconcile_CreateWasRefused_SaysSoInACondition()
    {
        var set = Set(1);
        var actions = ReplicaSetReconciler.Reconcile(new ReplicaSetObserved(set, [], []), new ReconcileContext(_cluster.Now, "s", "quota")).Actions;
        var condition = StatusWrite.Condition(actions.OfType<StatusAction>().Single().Status, "ReplicaFailure")!;
        Assert.Equal("FailedCreate", (string?)condition["reason"]);
        Assert.Equal("quota", (string?)condition["message"]);
    }

    [Fact]
    public void Available_NotReadyLongEnough_IsFalse()
    {
        Set(1);
        _cluster.Pass();
        _cluster.MakeReady(_cluster.Pods.Single().Key);
        var pod = _cluster.Pods.Single();
        Assert.False(pod.Available(5, _cluster.Now.AddSeconds(4)));
        Assert.True(pod.Available(5, _cluster.Now.AddSeconds(5)));
    }
}
