using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using static Orchestrator.Actors.Tests.Scheduling.SchedulingFixture;

namespace Orchestrator.Actors.Tests.Scheduling;

public sealed class PreemptionTests
{
    private static PodView Running(string name, string node, int priority, string cpu = "2", string more = "", string labels = "{}") =>
        Pod(name, $$"""{"cpu":"{{cpu}}"}""", $",\"priority\":{priority}{more}", labels, node: node);

    private static PodView Waiting(int priority, string cpu = "3", string more = "") => Pod("p", $$"""{"cpu":"{{cpu}}"}""", $",\"priority\":{priority}{more}");

    private static PreemptionResult Find(NodeModel model, PodView pod, params PodDisruptionBudgetView[] budgets)
    {
        var place = new PodToPlace(pod);
        var result = new SchedulingCycle(model, SchedulerProfile.Default, new Random(1)).Place(place);
        Assert.Null(result.Node);
        return new Preemption(model, SchedulerProfile.Default).Find(place, result.Helpable ?? [], budgets);
    }

    private static string Victims(PreemptionResult result) => result.Plan is { } plan ? $"{plan.Node.Name}: {string.Join(' ', plan.Victims.Select(static v => v.Key.Name))}" : "none";

    private static PodDisruptionBudgetView Budget(string app, int allowed) => PodDisruptionBudgetView.Of(Stored("d", app,
        $$$"""{"metadata":{"name":"{{{app}}}","namespace":"d"},"spec":{"selector":{"matchLabels":{"app":"{{{app}}}"} } },"status":{"disruptionsAllowed":{{{allowed}}} } }"""));

    [Fact]
    public void Find_TakesTheLeastImportantNode_AndSparesWhoCanStay()
    {
        var model = Model(Node("a"), Node("b"), Node("c", """{"unschedulable":true}"""));
        model.Set(Running("a1", "a", 5));
        model.Set(Running("a2", "a", 50));
        model.Set(Running("b1", "b", 1));
        model.Set(Running("b2", "b", 7, "1"));
        model.Set(Running("b3", "b", 1, "1"));
        var before = model.Find("b")!.CpuMilli;

        // Of b the pod of priority 7 may stay; a would have to give up one of priority 50.
        Assert.Equal("b: b1 b3", Victims(Find(model, Waiting(100))));
        Assert.Equal((before, 3), (model.Find("b")!.CpuMilli, model.Find("b")!.PodCount));
    }

    [Theory]
    [InlineData(5, "", "1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling")]
    [InlineData(6, "", "1 Insufficient cpu, 1 Preemption is not helpful for scheduling")]
    public void Find_NobodyToDisplace_SaysWhyOfEachNode(int priority, string more, string reasons)
    {
        var model = Model(Node("a"), Node("b", cpu: "1"));
        model.Set(Running("a1", "a", 5, "1"));
        model.Set(Running("a2", "a", 50));

        var found = Find(model, Waiting(priority, "4", more));

        Assert.Equal("none", Victims(found));
        Assert.Equal(reasons, string.Join(", ", found.Reasons.Select(static r => $"{r.Value} {r.Key}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Find_SparesBudgets()
    {
        var model = Model(Node("a"), Node("b"));
        model.Set(Running("a1", "a", 1, "3", labels: """{"app":"x"}"""));
        model.Set(Running("b1", "b", 9, "3"));
        Assert.Equal("a: a1", Victims(Find(model, Waiting(100), Budget("x", 1))));
        var found = Find(model, Waiting(100), Budget("x", 0));
        Assert.Equal(("b: b1", 0), (Victims(found), found.Plan!.Violations));
    }

    [Fact]
    public void Find_ManyNodesWhereABudgetWouldBreak_GoesOnToTheOneWhereNoneDoes()
    {
        var names = Enumerable.Range(0, 130).Select(static i => $"n{i:000}").ToList();
        var model = Model([.. names.Select(static n => Node(n))]);
        foreach (var name in names) model.Set(Running("on-" + name, name, 1, "3", labels: """{"app":"x"}"""));
        var place = new PodToPlace(Waiting(100));
        var helpable = new SchedulingCycle(model, SchedulerProfile.Default, new Random(1)).Place(place).Helpable!;
        // Whatever the order of the nodes is, the harmless one is the last.
        model.Set(Running("on-" + helpable[^1].Name, helpable[^1].Name, 9, "3"));

        var found = new Preemption(model, SchedulerProfile.Default).Find(place, helpable, [Budget("x", 0)]);

        Assert.Equal((helpable[^1].Name, 0), (found.Plan!.Node.Name, found.Plan.Violations));
    }

    [Fact]
    public void Find_WhoPreemptsNobody_OrWhoseRoomIsBeingMade_Waits()
    {
        var model = Model(Node("a"));
        model.Set(Running("a1", "a", 1, "3"));
        Assert.Equal("not eligible due to preemptionPolicy=Never.", Find(model, Waiting(100, more: ",\"preemptionPolicy\":\"Never\"")).Ineligible);

        var going = PodView.Of(Stored("d", "a1", """
            {"metadata":{"name":"a1","namespace":"d","uid":"a1","deletionTimestamp":"2024-01-02T03:04:05Z"},"spec":{"nodeName":"a","priority":1,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"3"}}}]},
             "status":{"conditions":[{"type":"DisruptionTarget","status":"True","reason":"PreemptionByScheduler"}]}}
            """));
        model.Set(going);
        var nominated = PodView.Of(Stored("d", "p", """
            {"metadata":{"name":"p","namespace":"d","uid":"p"},"spec":{"priority":100,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"3"}}}]},"status":{"nominatedNodeName":"a"}}
            """));
        Assert.Equal("not eligible due to a terminating pod on the nominated node.", Find(model, nominated).Ineligible);
    }

    [Fact]
    public void Find_AntiAffinityToAPodThatGoes_IsNoHindrance()
    {
        var model = Model(Node("a"));
        model.Set(Running("a1", "a", 1, "3", labels: """{"app":"x"}"""));
        Assert.Equal("a: a1", Victims(Find(model, Waiting(100, "1",
            ""","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"x"}}}]}}"""))));
    }

    [Fact]
    public void Place_RoomMadeForAnother_IsNotTaken_AndIsFoundByItsOwner()
    {
        var model = Model(Node("a"), Node("b"));
        model.Set(Running("b1", "b", 1, "3"));
        var nominated = PodView.Of(Stored("d", "p", """
            {"metadata":{"name":"p","namespace":"d","uid":"p"},"spec":{"priority":100,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"3"}}}]},"status":{"nominatedNodeName":"a"}}
            """));
        model.Nominate(nominated, "a");

        Assert.Null(Place(model, Pod("q", """{"cpu":"2"}""")).Node);
        Assert.Equal("b", Place(model, Pod("r", """{"cpu":"1"}""", ",\"nodeSelector\":{\"kubernetes.io/hostname\":\"b\"}")).Node!.Name);
        Assert.Equal("a", Place(model, Pod("s", """{"cpu":"2"}""", ",\"priority\":101")).Node!.Name);
        Assert.Equal("a", Place(model, nominated).Node!.Name);
        model.Assume(nominated, "a");
        Assert.False(model.HasNominated);
    }

    [Fact]
    public void Message_OfAPodThatDisplaces_SaysWhatIsShort()
    {
        var failure = new FitFailure(1, new Dictionary<string, int> { ["Insufficient cpu"] = 1 }, 1, ClusterEvents.None);
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu.", (failure with { NominatedNode = "a" }).Message);
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
            (failure with { Ineligible = "not eligible due to preemptionPolicy=Never." }).Message);
    }
}
