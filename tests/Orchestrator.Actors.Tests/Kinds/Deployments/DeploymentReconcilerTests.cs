using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.ReplicaSets;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Deployments;

public sealed class DeploymentReconcilerTests
{
    private static readonly ObjectKey Key = new("d", "web");
    private readonly SimulatedCluster _cluster = new();

    private void Deploy(int replicas, string strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}}""", string more = "") =>
        _cluster.Put(ResourceTypes.Deployments, $$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"d"},"spec":{"replicas":{{{replicas}}},
         "strategy":{{{strategy}}},"selector":{"matchLabels":{"app":"web"}},"progressDeadlineSeconds":600,{{{more}}}
         "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"v1"}]} } } }
        """);

    private DeploymentView Current => DeploymentView.Of(_cluster.Get(ResourceTypes.Deployments, Key)!);

    private JsonObject Status => StatusWrite.Current(_cluster.Get(ResourceTypes.Deployments, Key)!);

    private void SetImage(string image) => _cluster.Change(ResourceTypes.Deployments, Key, t => t["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = image);

    private void Scale(int replicas) => _cluster.Change(ResourceTypes.Deployments, Key, t => t["spec"]!["replicas"] = replicas);

    /// <summary>Runs controllers and a kubelet until nothing happens; checks the bounds of the rollout after each pass.</summary>
    private void Settle(bool kubelet = true, bool checkBounds = false, Random? random = null)
    {
        for (var pass = 0; pass < 300; pass++)
        {
            var acted = _cluster.Pass();
            if (checkBounds) CheckBounds();
            var starting = kubelet ? _cluster.Pods.Where(p => !p.Ready).ToList() : [];
            if (acted == 0 && starting.Count == 0) return;
            if (starting.Count == 0) continue;
            if (random is null) foreach (var pod in starting) _cluster.MakeReady(pod.Key);
            else _cluster.MakeReady(starting[random.Next(starting.Count)].Key);
            _cluster.Now += TimeSpan.FromSeconds(1);
        }
        Assert.Fail("the rollout does not settle");
    }

    private void CheckBounds()
    {
        var total = _cluster.ReplicaSets.Sum(s => s.Replicas);
        Assert.True(total <= Current.Replicas + Current.MaxSurge, $"{total} replicas are too many");
        var ready = _cluster.Pods.Count(p => p.Ready);
        Assert.True(ready >= Current.Replicas - Current.MaxUnavailable, $"{ready} ready pods are too few");
    }

    [Fact]
    public void Reconcile_NewDeployment_BecomesAvailableWithUpstreamsConditions()
    {
        Deploy(3);
        Settle();

        Assert.Equal(3, (int?)Status["availableReplicas"]);
        Assert.Equal(3, (int?)Status["updatedReplicas"]);
        Assert.Null(Status["unavailableReplicas"]);
        Assert.Equal("MinimumReplicasAvailable", (string?)StatusWrite.Condition(Status, "Available")!["reason"]);
        var set = _cluster.ReplicaSets.Single();
        var progressing = StatusWrite.Condition(Status, "Progressing")!;
        Assert.Equal("NewReplicaSetAvailable", (string?)progressing["reason"]);
        Assert.Equal($"ReplicaSet \"{set.Key.Name}\" has successfully progressed.", (string?)progressing["message"]);
        Assert.Equal("1", Current.Meta.Annotations[DeploymentAnnotations.Revision]);
        Assert.Equal("1", set.Meta.Annotations[DeploymentAnnotations.Revision]);
        Assert.Equal($"web-{set.Meta.Labels["pod-template-hash"]}", set.Key.Name);
        Assert.All(_cluster.Pods, p => Assert.True(p.Meta.Labels.ContainsKey("pod-template-hash")));
        Assert.Equal($"Scaled up replica set {set.Key.Name} from 0 to 3", _cluster.Events.Single(e => e.Reason == "ScalingReplicaSet").Message);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(77), InlineData(4711)]
    public void Reconcile_RollingUpdate_NeverLeavesItsBounds(int seed)
    {
        var random = new Random(seed);
        Deploy(random.Next(1, 12));
        Settle();
        for (var version = 2; version < 6; version++)
        {
            SetImage($"v{version}");
            Settle(checkBounds: true, random: random);
            Assert.Equal(0, _cluster.Pass());
            Assert.Single(_cluster.ReplicaSets, s => s.Replicas > 0);
            Assert.All(_cluster.Pods, p => Assert.Equal($"v{version}", p.Images[0]));
        }
    }

    [Fact]
    public void Reconcile_Rollback_ReusesTheOldSetWithANewRevision()
    {
        Deploy(2);
        Settle();
        var first = _cluster.ReplicaSets.Single().Key.Name;
        SetImage("v2");
        Settle();
        SetImage("v1");
        Settle();

        Assert.Equal(2, _cluster.ReplicaSets.Count);
        var again = _cluster.ReplicaSets.Single(s => s.Replicas == 2);
        Assert.Equal(first, again.Key.Name);
        Assert.Equal("3", again.Meta.Annotations[DeploymentAnnotations.Revision]);
        Assert.Equal("1", again.Meta.Annotations[DeploymentAnnotations.RevisionHistory]);
        Assert.Equal("3", Current.Meta.Annotations[DeploymentAnnotations.Revision]);
    }

    [Fact]
    public void Reconcile_Recreate_RunsOldAndNewNeverTogether()
    {
        Deploy(3, """{"type":"Recreate"}""");
        Settle();
        SetImage("v2");
        for (var pass = 0; pass < 20; pass++)
        {
            _cluster.Pass();
            Assert.True(_cluster.Pods.Select(p => p.Images[0]).Distinct().Count() <= 1, "old and new pods run together");
        }
        Settle();
        Assert.All(_cluster.Pods, p => Assert.Equal("v2", p.Images[0]));
    }

    [Fact]
    public void Reconcile_Paused_ScalesButDoesNotRoll()
    {
        Deploy(2);
        Settle();
        _cluster.Change(ResourceTypes.Deployments, Key, t => t["spec"]!["paused"] = true);
        SetImage("v2");
        Scale(4);
        Settle();
        Assert.Single(_cluster.ReplicaSets);
        Assert.Equal(4, _cluster.Pods.Count);
        Assert.Equal("DeploymentPaused", (string?)StatusWrite.Condition(Status, "Progressing")!["reason"]);

        _cluster.Change(ResourceTypes.Deployments, Key, t => t["spec"]!.AsObject().Remove("paused"));
        Settle();
        Assert.All(_cluster.Pods, p => Assert.Equal("v2", p.Images[0]));
    }

    [Fact]
    public void Reconcile_NoProgressWithinTheDeadline_SaysSo()
    {
        Deploy(2);
        _cluster.Pass();
        _cluster.Pass();
        _cluster.Pass();
        var waiting = _cluster.Reconcile(Current);
        Assert.NotNull(waiting.RequeueAfter);
        _cluster.Now += TimeSpan.FromSeconds(601);
        _cluster.Pass();
        var progressing = StatusWrite.Condition(Status, "Progressing")!;
        Assert.Equal("ProgressDeadlineExceeded", (string?)progressing["reason"]);
        Assert.Equal("False", (string?)progressing["status"]);
        Settle(kubelet: false);
    }

    [Fact]
    public void Reconcile_HistoryLimit_DeletesTheOldestSets()
    {
        Deploy(1, more: "\"revisionHistoryLimit\":2,");
        Settle();
        for (var version = 2; version < 7; version++)
        {
            SetImage($"v{version}");
            Settle();
        }
        Assert.Equal(3, _cluster.ReplicaSets.Count);
        Assert.Equal([4, 5, 6], _cluster.ReplicaSets.Select(s => s.Revision).Order());
    }

    [Fact]
    public void Reconcile_ScaledInTheMiddleOfARollout_KeepsProportions()
    {
        Deploy(10, """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":3,"maxUnavailable":2}}""");
        Settle();
        SetImage("v2");
        // New pods never become ready: the rollout is stuck at 8 old and 5 new.
        Settle(kubelet: false);
        Assert.Equal([5, 8], _cluster.ReplicaSets.Select(s => s.Replicas).Order());
        Scale(15);
        Settle(kubelet: false);
        Assert.Equal(18, _cluster.ReplicaSets.Sum(s => s.Replicas));
        Assert.Equal([7, 11], _cluster.ReplicaSets.Select(s => s.Replicas).Order());
    }

    [Theory]
    [InlineData(10, 25, 3, 2)]
    [InlineData(1, 25, 1, 0)]
    [InlineData(4, 0, 0, 1)]
    public void View_Percentages_RoundSurgeUpAndUnavailableDown(int replicas, int percent, int surge, int unavailable)
    {
        Deploy(replicas, $$$"""{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"{{{percent}}}%","maxUnavailable":"{{{percent}}}%"}}""");
        Assert.Equal((surge, unavailable), (Current.MaxSurge, Current.MaxUnavailable));
    }

    [Fact]
    public void Reconcile_NameOfTheNewSetIsTaken_CountsACollision()
    {
        Deploy(1);
        _cluster.Put(ResourceTypes.ReplicaSets, $$$"""
            {"metadata":{"name":"web-{{{Current.TemplateHash}}}","namespace":"d","ownerReferences":[{"uid":"x","name":"x","kind":"X","apiVersion":"v1","controller":true}]},"spec":{"replicas":0}}
            """);
        _cluster.Apply(_cluster.Reconcile(Current).Actions);
        Assert.Equal(1, Current.CollisionCount);
        _cluster.Apply(_cluster.Reconcile(Current).Actions);
        Assert.Contains(_cluster.ReplicaSets, s => s.Meta.Controller!.Uid == Current.Uid);
    }
}
