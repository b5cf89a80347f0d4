using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Nodes;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Nodes;

public sealed class NodeLifecycleReconcilerTests
{
    private static readonly ObjectKey Key = new("", "n1");
    private readonly SimulatedCluster _cluster = new();
    private readonly DateTimeOffset _start;

    public NodeLifecycleReconcilerTests()
    {
        _start = _cluster.Now;
        _cluster.Put(ResourceTypes.Nodes, """{"metadata":{"name":"n1"},"spec":{},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""");
    }

    private NodeView Node => NodeView.Of(_cluster.Get(ResourceTypes.Nodes, Key)!);

    private ReconcileResult Pass(DateTimeOffset? seen = null, bool unreachable = false, bool othersReady = true)
    {
        var result = NodeLifecycleReconciler.Reconcile(
            new NodeObserved(Node, _cluster.Pods, seen ?? _start, unreachable) { OthersReady = othersReady }, NodeLifecycleReconciler.DefaultGracePeriod, _cluster.Context());
        _cluster.Apply(result.Actions);
        return result;
    }

    private void Pod(string name, string tolerations) => _cluster.Put(ResourceTypes.Pods, $$$"""
        {"metadata":{"name":"{{{name}}}","namespace":"d","uid":"{{{name}}}"},"spec":{"nodeName":"n1","tolerations":[{{{tolerations}}}]},
         "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]} }
        """);

    [Fact]
    public void Reconcile_HealthyNode_DoesNothingUntilTheLeaseWouldRunOut()
    {
        var result = Pass();
        Assert.Empty(result.Actions);
        Assert.Equal(NodeLifecycleReconciler.DefaultGracePeriod, result.RequeueAfter);
    }

    [Fact]
    public void Reconcile_NoNodeIsReady_NobodyIsEvictedUntilOneIs()
    {
        Pod("plain", "");
        _cluster.Now += NodeLifecycleReconciler.DefaultGracePeriod + TimeSpan.FromSeconds(1);
        string[] Effects() => [.. Node.Taints.Where(static t => t.Key == Taint.UnreachableKey).Select(static t => t.Effect).Order(StringComparer.Ordinal)];

        Pass(othersReady: false);
        Assert.Equal(["NoSchedule"], Effects());
        Assert.Single(_cluster.Pods);

        Pass();
        Assert.Equal(["NoExecute", "NoSchedule"], Effects());
        Assert.Empty(_cluster.Pods);

        Pass(othersReady: false);
        Assert.Equal(["NoSchedule"], Effects());
    }

    [Fact]
    public void Reconcile_SilentKubelet_TaintsMarksAndEvictsAfterTolerations()
    {
        Pod("plain", "");
        Pod("patient", """{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}""");
        Pod("daemon", """{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"}""");
        _cluster.Now += NodeLifecycleReconciler.DefaultGracePeriod + TimeSpan.FromSeconds(1);
        Pass();

        Assert.Equal(("Unknown", "NodeStatusUnknown"), (Node.Condition("Ready")!.Status, Node.Condition("Ready")!.Reason));
        Assert.Equal(["NoExecute", "NoSchedule"], Node.Taints.Where(t => t.Key == Taint.UnreachableKey).Select(t => t.Effect).Order());
        Assert.DoesNotContain(_cluster.Pods, p => p.Ready);
        Assert.Equal(["daemon", "patient"], _cluster.Pods.Select(p => p.Key.Name).Order());
        Assert.Contains(_cluster.Events, e => e.Reason == "NodeNotReady");

        var settled = Pass();
        Assert.Empty(settled.Actions);
        Assert.Equal(TimeSpan.FromSeconds(300), settled.RequeueAfter);
        _cluster.Now += TimeSpan.FromSeconds(300);
        Pass();
        Assert.Equal("daemon", Assert.Single(_cluster.Pods).Key.Name);
    }

    private void Tainted(string taint) => _cluster.Put(ResourceTypes.Nodes,
        $$$"""{"metadata":{"name":"n1"},"spec":{"taints":[{{{taint}}}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""");

    [Fact]
    public void Reconcile_TolerationOfTheLargestNumber_IsForEver_AndKeepsNobodyElse()
    {
        Tainted("""{"key":"k","effect":"NoExecute","timeAdded":"2026-01-01T00:00:00Z"}""");
        Pod("patient", """{"key":"k","operator":"Exists","tolerationSeconds":9223372036854775807}""");
        Pod("plain", "");
        Pass();
        Assert.Equal("patient", Assert.Single(_cluster.Pods).Key.Name);
    }

    [Fact]
    public void Reconcile_PodThatComesToATaintedNode_StaysItsTimeFromThenOn()
    {
        Tainted("""{"key":"k","effect":"NoExecute","timeAdded":"2025-01-01T00:00:00Z"}""");
        Pod("late", """{"key":"k","operator":"Exists","tolerationSeconds":30}""");
        Assert.Equal(TimeSpan.FromSeconds(30), Pass().RequeueAfter);
        Assert.Single(_cluster.Pods);
        _cluster.Now += TimeSpan.FromSeconds(30);
        Pass();
        Assert.Empty(_cluster.Pods);
    }

    [Fact]
    public void Reconcile_Eviction_TellsThePodWhyFirst()
    {
        Tainted("""{"key":"k","effect":"NoExecute","timeAdded":"2026-01-01T00:00:00Z"}""");
        Pod("plain", "");
        var deleted = Assert.Single(Pass().Actions.OfType<DeleteAction>());
        var condition = StatusWrite.Condition(deleted.Before!.Status, "DisruptionTarget")!;
        Assert.Equal(("True", "DeletionByTaintManager"), (JsonTree.String(condition, "status"), JsonTree.String(condition, "reason")));
    }

    [Fact]
    public void Reconcile_MachineIsOff_LetsGoOfWhatWaitsForItsKubelet()
    {
        Pod("leaving", """{"operator":"Exists"}""");
        Pod("staying", """{"operator":"Exists"}""");
        _cluster.Change(ResourceTypes.Pods, new ObjectKey("d", "leaving"), static t => t["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:30Z");
        Pass(unreachable: true);
        Assert.Equal(2, _cluster.Pods.Count);
        _cluster.Change(ResourceTypes.Nodes, Key, static t => t["spec"] = JsonNode.Parse("""{"taints":[{"key":"node.kubernetes.io/out-of-service","effect":"NoExecute"}]}"""));
        var deleted = Assert.Single(Pass(unreachable: true).Actions.OfType<DeleteAction>());
        Assert.Equal(("leaving", 0L), (deleted.Key.Name, deleted.GraceSeconds));
    }

    [Fact]
    public void Reconcile_SilentKubelet_OverwritesNothingThatWasWrittenMeanwhile()
    {
        Pod("running", """{"operator":"Exists"}""");
        var result = Pass(unreachable: true);
        Assert.All(result.Actions.OfType<StatusAction>(), static s => Assert.NotNull(s.IfRevision));
        Assert.All(result.Actions.OfType<PatchAction>(), static p => Assert.NotNull(p.IfRevision));
        Assert.True(result.RequeueAfter <= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Reconcile_Pressure_KeepsPodsAwayWhileItLasts()
    {
        void Report(string status) => _cluster.Change(ResourceTypes.Nodes, Key, t => t["status"]!["conditions"] =
            JsonNode.Parse($$$"""[{"type":"Ready","status":"True"},{"type":"DiskPressure","status":"{{{status}}}"}]"""));
        Report("True");
        Pass();
        Assert.Equal([("node.kubernetes.io/disk-pressure", "NoSchedule")], Node.Taints.Select(static t => (t.Key, t.Effect)));
        Assert.Empty(Pass().Actions);
        Report("False");
        Pass();
        Assert.Empty(Node.Taints);
    }

    [Fact]
    public void Reconcile_KubeletIsBack_TaintsGo()
    {
        Pass(unreachable: true);
        Assert.NotEmpty(Node.Taints);
        _cluster.Change(ResourceTypes.Nodes, Key, t => t["status"]!["conditions"]![0]!["status"] = "True");
        Pass(seen: _cluster.Now);
        Assert.DoesNotContain(Node.Taints, t => t.Key == Taint.UnreachableKey);
    }

    [Fact]
    public void PodCollection_NodeIsGone_TakesItsPodsAfterQuarantine()
    {
        Pod("left", "");
        Assert.Empty(PodCollection.Orphaned(_cluster.Pods, _start, _start).Actions);
        var delete = Assert.IsType<DeleteAction>(Assert.Single(PodCollection.Orphaned(_cluster.Pods, _start, _start + PodCollection.Quarantine).Actions));
        Assert.Equal(0, delete.GraceSeconds);
    }

    [Fact]
    public void PodCollection_NodeIsGone_SaysThatItsPodsHaveEnded_SoThatJobsReplaceThem()
    {
        _cluster.Put(ResourceTypes.Pods, """
            {"metadata":{"name":"work","namespace":"d","uid":"work","finalizers":["batch.kubernetes.io/job-tracking"]},"spec":{"nodeName":"n1"},"status":{"phase":"Running"} }
            """);
        var late = _start + PodCollection.Quarantine;
        var delete = Assert.IsType<DeleteAction>(Assert.Single(PodCollection.Orphaned(_cluster.Pods, _start, late).Actions));
        Assert.Equal("Failed", JsonTree.String(delete.Before!.Status, "phase"));
        Assert.Equal("DeletionByPodGC", JsonTree.String(StatusWrite.Condition(delete.Before.Status, "DisruptionTarget"), "reason"));

        // Once it is told so, it waits for whoever counts it, and nothing is to be done again and again.
        _cluster.Change(ResourceTypes.Pods, delete.Key, static t => (t["status"]!["phase"], t["metadata"]!["deletionTimestamp"]) = ("Failed", "2026-01-01T00:00:00Z"));
        Assert.Empty(PodCollection.Orphaned(_cluster.Pods, _start, late).Actions);
    }

    [Fact]
    public void PodCollection_TooManyEndedPods_TakesTheOldest()
    {
        for (var i = 0; i < 5; i++)
        {
            _cluster.Put(ResourceTypes.Pods, $$$"""{"metadata":{"name":"e{{{i}}}","namespace":"d"},"status":{"phase":"Succeeded"} }""");
            _cluster.Now += TimeSpan.FromSeconds(1);
        }
        Assert.Equal(["e0", "e1"], PodCollection.Terminated(_cluster.Pods, 3).Actions.Select(a => a.Key.Name));
    }
}
