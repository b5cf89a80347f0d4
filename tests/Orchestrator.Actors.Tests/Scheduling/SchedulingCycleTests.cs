using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Scheduling;
using static Orchestrator.Actors.Tests.Scheduling.SchedulingFixture;

namespace Orchestrator.Actors.Tests.Scheduling;

public sealed class SchedulingCycleTests
{
    [Fact]
    public void Place_NoNodeFits_SaysWhyAsUpstreamDoes()
    {
        var model = Model(
            Node("a", cpu: "1"),
            Node("b", """{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]}"""),
            Node("c", """{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]}"""));
        model.Set(Pod("other", """{"cpu":"800m"}""", node: "a"));

        var failure = Place(model, Pod("p", """{"cpu":"500m"}""")).Failure!;

        Assert.Equal(
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {k: v}. preemption: 0/3 nodes are available: "
            + "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
            failure.Message);
        Assert.True(failure.HelpedBy.HasFlag(ClusterEvents.PodRemoved));
    }

    [Fact]
    public void Place_NoNodes_SaysSo() => Assert.Equal("no nodes available to schedule pods", Place(Model(), Pod("p")).Failure!.Message);

    public static TheoryData<string, string, string> Rejections => new()
    {
        { "unschedulable", "", "node(s) were unschedulable" },
        { "notready", "", "node(s) were not ready" },
        { "plain", ""","nodeSelector":{"disk":"ssd"}""", "node(s) didn't match Pod's node affinity/selector" },
        { "plain", ""","affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"gen","operator":"Gt","values":["7"]}]}]}}}""", "node(s) didn't match Pod's node affinity/selector" },
        { "plain", ""","affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"db"}}}]}}""", "node(s) didn't match pod affinity rules" },
        { "plain", ""","topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]""", "node(s) didn't match pod topology spread constraints (missing required label)" },
    };

    [Theory]
    [MemberData(nameof(Rejections))]
    public void Place_NodeBreaksARule_IsRejectedWithItsReason(string node, string spec, string reason)
    {
        var model = Model(node switch
        {
            "unschedulable" => Node("a", """{"unschedulable":true}"""),
            "notready" => Node("a", ready: "Unknown"),
            _ => Node("a", labels: ",\"gen\":\"7\""),
        });
        Assert.Equal(reason, Place(model, Pod("p", spec: spec)).Failure!.Reasons.Keys.Single());
    }

    [Fact]
    public void Place_HostPortTaken_GoesToTheOtherNode()
    {
        const string port = ""","ports":[{"containerPort":80,"hostPort":80}]""";
        var model = Model(Node("a"), Node("b"));
        model.Set(Pod("x", node: "a", ports: port));
        Assert.Equal("b", Place(model, Pod("p", ports: port)).Node!.Name);
        model.Set(Pod("y", node: "b", ports: port));
        Assert.Equal("node(s) didn't have free ports for the requested pod ports", Place(model, Pod("p", ports: port)).Failure!.Reasons.Keys.Single());
    }

    [Fact]
    public void Place_AntiAffinity_KeepsApartBothWays()
    {
        const string apart = ""","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"web"}}}]}}""";
        var model = Model(Node("a"), Node("b"));
        model.Set(Pod("x", spec: apart, labels: """{"app":"web"}""", node: "a"));
        Assert.Equal("b", Place(model, Pod("p", spec: apart, labels: """{"app":"web"}""")).Node!.Name);
        Assert.Equal("b", Place(model, Pod("q", labels: """{"app":"web"}""")).Node!.Name);
    }

    [Fact]
    public void Place_HardSpread_FillsTheEmptierZone()
    {
        const string spread = ""","topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"web"}}}]""";
        var model = Model(Node("a", labels: ",\"zone\":\"1\""), Node("b", labels: ",\"zone\":\"2\""), Node("c", labels: ",\"zone\":\"2\""));
        var cycle = new SchedulingCycle(model, SchedulerProfile.Default, new Random(1));
        var zones = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var pod = Pod($"p{i}", spec: spread, labels: """{"app":"web"}""");
            var node = cycle.Place(new PodToPlace(pod)).Node!;
            model.Assume(pod, node.Name);
            cycle.Placed(new PodToPlace(pod), node);
            zones.Add(node.Node.Meta.Labels["zone"]);
            Assert.True(Math.Abs(zones.Count(z => z == "1") - zones.Count(z => z == "2")) <= 1);
        }
    }

    [Fact]
    public void Place_EqualPods_SpreadOverNodesAndFillThemExactly()
    {
        var model = Model([.. Enumerable.Range(0, 10).Select(i => Node($"n{i}", cpu: "1", pods: 10))]);
        var cycle = new SchedulingCycle(model, SchedulerProfile.Default, new Random(7));
        for (var i = 0; i < 40; i++) Assert.NotNull(PlaceNext(model, cycle, Pod($"p{i}", """{"cpu":"250m"}""", owner: "rs")));
        Assert.All(model.Nodes, n => Assert.Equal(4, n.PodCount));
        Assert.Null(PlaceNext(model, cycle, Pod("p40", """{"cpu":"250m"}""", owner: "rs")));
    }

    [Fact]
    public void Place_SameSeed_ChoosesTheSameNodes()
    {
        var first = Run();
        Assert.Equal(first, Run());
        static List<string> Run()
        {
            var model = Model([.. Enumerable.Range(0, 20).Select(i => Node($"n{i}"))]);
            var cycle = new SchedulingCycle(model, SchedulerProfile.Default, new Random(5));
            return [.. Enumerable.Range(0, 30).Select(i => PlaceNext(model, cycle, Pod($"p{i}"))!)];
        }
    }

    [Fact]
    public void Model_ForgottenPod_GivesBackWhatItTook()
    {
        var model = Model(Node("a", cpu: "1"));
        var pod = Pod("p", """{"cpu":"1"}""");
        model.Assume(pod, "a");
        Assert.NotNull(Place(model, Pod("q", """{"cpu":"1"}""")).Failure);
        model.Forget(pod.Key);
        Assert.Equal("a", Place(model, Pod("q", """{"cpu":"1"}""")).Node!.Name);
    }

    [Fact]
    public void Model_PodsOfAnUnknownNode_CountOnceTheNodeIsKnown()
    {
        var model = new NodeModel();
        model.Set(Pod("x", """{"cpu":"3"}""", node: "a"));
        model.Set(Node("a", cpu: "4"));
        Assert.NotNull(Place(model, Pod("p", """{"cpu":"2"}""")).Failure);
        Assert.Equal(ClusterEvents.PodRemoved, model.Remove(Pod("x").Key));
        Assert.NotNull(Place(model, Pod("p", """{"cpu":"2"}""")).Node);
    }

    [Fact]
    public void Requests_InitAndSidecars_TakeTheGreatestMoment()
    {
        var pod = Pod("p", """{"cpu":"100m"}""",
            ""","initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"50m"}}},{"name":"i","resources":{"requests":{"cpu":"200m"}}}],"overhead":{"cpu":"10m"}""");
        Assert.Equal(260, pod.Requests.CpuMilli);
    }

    private static string? PlaceNext(NodeModel model, SchedulingCycle cycle, PodView pod)
    {
        var placed = cycle.Place(new PodToPlace(pod));
        if (placed.Node is null) return null;
        model.Assume(pod, placed.Node.Name);
        cycle.Placed(new PodToPlace(pod), placed.Node);
        return placed.Node.Name;
    }
}
