using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.DaemonSets;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.DaemonSets;

public sealed class DaemonSetReconcilerTests
{
    private static readonly ObjectKey Key = new("d", "agent");
    private readonly SimulatedCluster _cluster = new();

    private void Deploy(string more = "") => _cluster.Put(ResourceTypes.DaemonSets, $$$"""
        {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"agent","namespace":"d"},"spec":{"selector":{"matchLabels":{"app":"a"}},
         "template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"v1"}]} } {{{more}}} } }
        """);

    private void Node(string name, string spec = "{}") => _cluster.Put(ResourceTypes.Nodes, $$$"""{"metadata":{"name":"{{{name}}}","uid":"{{{name}}}"},"spec":{{{spec}}} }""");

    private JsonObject Status => StatusWrite.Current(_cluster.Get(ResourceTypes.DaemonSets, Key)!);

    private ReconcileResult Reconcile(FailureBackoff? backoff = null) => DaemonSetReconciler.Reconcile(new DaemonSetObserved(
        DaemonSetView.Of(_cluster.Get(ResourceTypes.DaemonSets, Key)!), _cluster.Pods, [.. _cluster.All(ResourceTypes.Nodes).Select(NodeView.Of)],
        [.. _cluster.All(ResourceTypes.ControllerRevisions)],
        name => _cluster.Get(ResourceTypes.ControllerRevisions, new ObjectKey("d", name)) is not null), _cluster.Context() with { Backoff = backoff ?? new FailureBackoff() });

    private void Settle(int readyPerPass = int.MaxValue, Action? check = null)
    {
        for (var pass = 0; pass < 200; pass++)
        {
            var actions = Reconcile().Actions;
            _cluster.Apply(actions);
            check?.Invoke();
            var starting = _cluster.Pods.Where(p => !p.Ready).Take(readyPerPass).ToList();
            if (actions.IsEmpty && starting.Count == 0) return;
            foreach (var pod in starting) _cluster.MakeReady(pod.Key, DaemonPods.NodeOf(pod));
        }
        Assert.Fail("does not settle");
    }

    [Fact]
    public void Reconcile_EveryEligibleNode_GetsOnePinnedPod()
    {
        Deploy();
        Node("a");
        Node("b");
        Node("tainted", """{"taints":[{"key":"k","effect":"NoSchedule"}]}""");
        Node("cordoned", """{"unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]}""");
        Settle();
        Assert.Equal(["a", "b", "cordoned"], _cluster.Pods.Select(DaemonPods.NodeOf).Order());
        Assert.Equal((3, 3, 3, 0), ((int)Status["desiredNumberScheduled"]!, (int)Status["numberReady"]!, (int)Status["numberAvailable"]!, (int)Status["numberMisscheduled"]!));
        Assert.Single(_cluster.All(ResourceTypes.ControllerRevisions));
    }

    [Fact]
    public void Reconcile_NewRevision_RemembersTheAnnotationsOfTheSet()
    {
        Deploy();
        _cluster.Change(ResourceTypes.DaemonSets, Key, static set => set["metadata"]!["annotations"] = new JsonObject { ["kubernetes.io/change-cause"] = "kubectl apply" });
        Settle();
        Assert.Equal("kubectl apply", Assert.Single(_cluster.All(ResourceTypes.ControllerRevisions)).Meta.Annotations["kubernetes.io/change-cause"]);
    }

    [Fact]
    public void Reconcile_NodeGetsANoExecuteTaint_LosesItsPod()
    {
        Deploy();
        Node("a");
        Settle();
        Node("a", """{"taints":[{"key":"k","effect":"NoExecute"}]}""");
        Settle();
        Assert.Empty(_cluster.Pods);
    }

    [Fact]
    public void Reconcile_NewTemplate_ReplacesOneNodeAtATimeAndKeepsHistory()
    {
        Deploy();
        foreach (var name in (string[])["a", "b", "c", "d"]) Node(name);
        Settle();
        _cluster.Change(ResourceTypes.DaemonSets, Key, t => t["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "v2");
        Settle(readyPerPass: 1, check: () => Assert.True(_cluster.Pods.Count(p => p.Ready) >= 3));
        Assert.All(_cluster.Pods, p => Assert.Equal("v2", p.Images[0]));
        Assert.Equal(4, (int)Status["updatedNumberScheduled"]!);

        _cluster.Change(ResourceTypes.DaemonSets, Key, t => t["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "v1");
        Settle();
        Assert.Equal([2, 3], _cluster.All(ResourceTypes.ControllerRevisions).Select(r => (int)r.ToTree()["revision"]!).Order());
    }

    [Fact]
    public void Reconcile_Surge_KeepsTheOldPodUntilTheNewOneIsAvailable()
    {
        Deploy(""", "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}""");
        Node("a");
        Node("b");
        Settle();
        _cluster.Change(ResourceTypes.DaemonSets, Key, t => t["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "v2");
        Settle(check: () => Assert.True(_cluster.Pods.Count(p => p.Ready) >= 2));
        Assert.Equal(2, _cluster.Pods.Count);
        Assert.All(_cluster.Pods, p => Assert.Equal("v2", p.Images[0]));
    }

    private const string Surge = """, "minReadySeconds":60, "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}} """;

    private void SetImage(string image) => _cluster.Change(ResourceTypes.DaemonSets, Key, set => set["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = image);

    private void Fail(string node) => _cluster.Change(ResourceTypes.Pods, _cluster.Pods.Single(p => DaemonPods.NodeOf(p) == node && p.Active).Key,
        static pod => pod["status"] = new JsonObject { ["phase"] = "Failed" });

    [Fact]
    public void Reconcile_NodeIsGone_TakesThePodThatWaitsForIt()
    {
        Deploy();
        Node("a");
        _cluster.Apply(Reconcile().Actions);
        Assert.Single(_cluster.Pods);
        _cluster.Apply([new DeleteAction(ResourceTypes.Nodes, new ObjectKey("", "a"), "a")]);
        _cluster.Apply(Reconcile().Actions);
        Assert.Empty(_cluster.Pods);
    }

    [Fact]
    public void Reconcile_PodsThatFailAgain_AreReplacedAfterGrowingPauses()
    {
        Deploy();
        Node("a");
        var backoff = new FailureBackoff();
        TimeSpan? Pass()
        {
            var result = Reconcile(backoff);
            _cluster.Apply(result.Actions);
            return result.RequeueAfter;
        }
        for (var (failure, pause) = (0, 1); failure < 4; failure++, pause *= 2)
        {
            Pass();
            Fail("a");
            Assert.Null(Pass());
            Assert.Empty(_cluster.Pods);
            Pass();
            Fail("a");
            Assert.Equal(TimeSpan.FromSeconds(pause), Pass());
            Assert.Single(_cluster.Pods);
            _cluster.Now += TimeSpan.FromSeconds(pause);
            Assert.Null(Pass());
            Assert.Empty(_cluster.Pods);
            _cluster.Now += TimeSpan.FromSeconds(pause * 2);
            pause *= 2;
        }
    }

    [Fact]
    public void Reconcile_NodeThatTakesNoMorePods_IsClearedOfWhatFailedThere()
    {
        Deploy();
        Node("a");
        Settle();
        Fail("a");
        Node("a", """{"taints":[{"key":"k","effect":"NoSchedule"}]}""");
        _cluster.Apply(Reconcile().Actions);
        _cluster.Apply(Reconcile().Actions);
        Assert.Empty(_cluster.Pods);
    }

    [Fact]
    public void Reconcile_Surge_KeepsAReadyPodUntilItsSuccessorIsAvailable()
    {
        Deploy(Surge);
        Node("a");
        Settle();
        var first = _cluster.Pods.Single().Uid;
        // Ready for less than the set asks for.
        SetImage("v2");
        _cluster.Apply(Reconcile().Actions);
        Assert.Equal(2, _cluster.Pods.Count);
        foreach (var pod in _cluster.Pods.Where(static p => !p.Ready).ToList()) _cluster.MakeReady(pod.Key, "a");
        _cluster.Apply(Reconcile().Actions);
        Assert.Contains(_cluster.Pods, p => p.Uid == first);
        _cluster.Now += TimeSpan.FromSeconds(60);
        _cluster.Apply(Reconcile().Actions);
        Assert.NotEqual(first, Assert.Single(_cluster.Pods).Uid);
    }

    [Fact]
    public void Reconcile_SurgeIsTakenBack_LeavesTheOldestPod()
    {
        Deploy(Surge);
        Node("a");
        Settle();
        var first = _cluster.Pods.Single().Uid;
        _cluster.Now += TimeSpan.FromSeconds(60);
        SetImage("v2");
        _cluster.Apply(Reconcile().Actions);
        Assert.Equal(2, _cluster.Pods.Count);
        _cluster.Change(ResourceTypes.DaemonSets, Key, static set => set["spec"]!["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" });
        _cluster.Apply(Reconcile().Actions);
        Assert.Equal(first, Assert.Single(_cluster.Pods).Uid);
    }
}
