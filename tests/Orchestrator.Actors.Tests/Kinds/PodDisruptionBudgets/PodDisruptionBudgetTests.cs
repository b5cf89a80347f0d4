using System.Globalization;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PodDisruptionBudgets;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds.PodDisruptionBudgets;

public sealed class PodDisruptionBudgetTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("\"minAvailable\":2", 3, 3, 1, 2, 3)]
    [InlineData("\"minAvailable\":2", 3, 2, 0, 2, 3)]
    [InlineData("\"minAvailable\":2", 3, 1, 0, 2, 3)]
    [InlineData("\"minAvailable\":\"50%\"", 5, 5, 2, 3, 5)]
    [InlineData("\"maxUnavailable\":1", 5, 5, 1, 4, 5)]
    [InlineData("\"maxUnavailable\":\"30%\"", 5, 5, 2, 3, 5)]
    [InlineData("\"maxUnavailable\":0", 5, 5, 0, 5, 5)]
    [InlineData("\"maxUnavailable\":9", 5, 5, 5, 0, 5)]
    [InlineData("\"minAvailable\":0", 0, 0, 0, 0, 0)]
    public void Reconcile_CountsWhatMayGo(string spec, int pods, int ready, int allowed, int desired, int expected)
    {
        var budget = Budget(spec);
        var observed = new DisruptionObserved([.. Enumerable.Range(0, pods).Select(i => Pod($"p{i}", i < ready))], _ => ("rs", pods));
        var status = Status(PodDisruptionBudgetReconciler.Reconcile(budget, observed, new ReconcileContext(Now, "x")));
        Assert.Equal((allowed, desired, expected, ready), ((int)JsonTree.Int64(status, "disruptionsAllowed")!, (int)JsonTree.Int64(status, "desiredHealthy")!, (int)JsonTree.Int64(status, "expectedPods")!, (int)JsonTree.Int64(status, "currentHealthy")!));
        Assert.Equal(allowed > 0 ? "SufficientPods" : "InsufficientPods", (string?)status["conditions"]![0]!["reason"]);
    }

    [Fact]
    public void Reconcile_EvictedButStillThere_DoesNotCountUntilTheTimeout()
    {
        var budget = Budget("\"minAvailable\":1", """,{"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2,"disruptedPods":{"p0":"2026-01-02T03:04:00Z","gone":"2026-01-02T03:04:00Z"}}"""[1..]);
        var observed = new DisruptionObserved([Pod("p0", true), Pod("p1", true)], _ => null);
        var result = PodDisruptionBudgetReconciler.Reconcile(budget, observed, new ReconcileContext(Now, "x"));
        Assert.Equal(1, (int)JsonTree.Int64(Status(result), "currentHealthy")!);
        Assert.Equal(["p0"], Status(result)["disruptedPods"]!.AsObject().Select(static d => d.Key));
        Assert.Equal(TimeSpan.FromSeconds(116), result.RequeueAfter);

        var late = PodDisruptionBudgetReconciler.Reconcile(budget, observed, new ReconcileContext(Now.AddMinutes(3), "x"));
        Assert.Equal(2, (int)JsonTree.Int64(Status(late), "currentHealthy")!);
        Assert.Contains(late.Actions.OfType<EventAction>(), static e => e.Reason == "NotDeleted");
    }

    [Fact]
    public void Reconcile_WorkloadsOfTheLargestSize_AreCountedAsThat()
    {
        var observed = new DisruptionObserved([Pod("p0", true), Pod("p1", true)], static p => (p.Uid, int.MaxValue));
        var status = Status(PodDisruptionBudgetReconciler.Reconcile(Budget("\"maxUnavailable\":1"), observed, new ReconcileContext(Now, "x")));
        Assert.Equal(int.MaxValue, JsonTree.Int64(status, "expectedPods"));
    }

    [Fact]
    public async Task Evict_TellsThePodWhy_ButNotWhereItIsRefused()
    {
        var fixture = await ClusterAsync(pods: 2, allowed: 1, healthy: 2, desired: 1);
        async Task<PodView> PodAsync(string name) => PodView.Of((await fixture.Store.GetAsync(ResourceTypes.Pods, new ObjectKey("default", name)))!);

        Assert.Null(await EvictAsync(fixture.Store, "p0", new DeleteOptions { ResourceVersion = (await PodAsync("p0")).Source.Revision.ToString(CultureInfo.InvariantCulture) }));
        var gone = await PodAsync("p0");
        Assert.True(gone.Terminating);
        Assert.Equal(("True", "EvictionByEvictionAPI"), (gone.Condition("DisruptionTarget")!.Status, gone.Condition("DisruptionTarget")!.Reason));
        Assert.NotNull(await EvictAsync(fixture.Store, "p1"));
        Assert.Null((await PodAsync("p1")).Condition("DisruptionTarget"));
    }

    [Theory]
    [InlineData("True", "EvictionByEvictionAPI", "", true)]
    [InlineData("True", "TerminationByKubelet", "", false)]
    [InlineData("False", "", "", false)]
    [InlineData("True", "EvictionByEvictionAPI", ",\"deletionTimestamp\":\"2026-01-02T03:04:05Z\"", false)]
    public void Disruption_ThatNoDeletionFollowed_IsTakenBack(string status, string reason, string meta, bool taken)
    {
        var pod = PodView.Of(Stored("p", $$$"""
            {"metadata":{"name":"p","namespace":"default","uid":"u"{{{meta}}}},"status":{"phase":"Running","conditions":[
             {"type":"DisruptionTarget","status":"{{{status}}}","reason":"{{{reason}}}","lastTransitionTime":"2026-01-02T03:04:05Z"}]}}
            """));
        ReconcileResult At(TimeSpan after) => StaleDisruptionController.Reconcile(pod, new ReconcileContext(Now + after, "x"));
        Assert.Empty(At(TimeSpan.FromSeconds(90)).Actions);
        Assert.Equal(taken ? TimeSpan.FromSeconds(30) : null, At(TimeSpan.FromSeconds(90)).RequeueAfter);
        var late = At(StaleDisruptionController.Timeout);
        Assert.Equal(taken ? 1 : 0, late.Actions.Length);
        if (taken) Assert.Equal("False", JsonTree.String(StatusWrite.Condition(Status(late), "DisruptionTarget"), "status"));
    }

    [Fact]
    public void Reconcile_Converged_WritesNothing()
    {
        var budget = Budget("\"minAvailable\":1");
        var observed = new DisruptionObserved([Pod("p0", true)], _ => null);
        var status = Status(PodDisruptionBudgetReconciler.Reconcile(budget, observed, new ReconcileContext(Now, "x")));
        Assert.Empty(PodDisruptionBudgetReconciler.Reconcile(Budget("\"minAvailable\":1", status.ToJsonString()), observed, new ReconcileContext(Now.AddHours(1), "x")).Actions);
    }

    [Fact]
    public async Task Evict_WithoutAllowance_IsTooManyRequestsWithCause()
    {
        var fixture = await ClusterAsync(pods: 1, allowed: 0, healthy: 1, desired: 1);
        var refused = await EvictAsync(fixture.Store, "p0");
        Assert.Equal((429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget."), (refused!.Code, refused.Reason, refused.Message));
        Assert.Equal(new ErrorCause("DisruptionBudget", "", "The disruption budget b needs 1 healthy pods and has 1 currently"), Assert.Single(refused.Causes));
    }

    [Fact]
    public async Task Evict_DryRun_ChargesNothing()
    {
        var fixture = await ClusterAsync(pods: 1, allowed: 1, healthy: 1, desired: 0);
        Assert.Null(await EvictAsync(fixture.Store, "p0", new DeleteOptions { DryRun = true }));
        Assert.Equal(1, (await BudgetAsync(fixture)).DisruptionsAllowed);
        Assert.False((await fixture.Store.GetAsync(ResourceTypes.Pods, new ObjectKey("default", "p0")))!.Meta.Deleting);
    }

    [Fact]
    public async Task Evict_WrongUid_IsConflictAndChargesNothing()
    {
        var fixture = await ClusterAsync(pods: 1, allowed: 1, healthy: 1, desired: 0);
        Assert.Equal("Conflict", (await EvictAsync(fixture.Store, "p0", new DeleteOptions { Uid = "other" }))!.Reason);
        Assert.Equal(1, (await BudgetAsync(fixture)).DisruptionsAllowed);
    }

    [Theory]
    [InlineData("", 1, 1, true)]
    [InlineData("", 0, 1, false)]
    [InlineData(",\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"", 0, 1, true)]
    public async Task Evict_UnreadyPod_FollowsItsPolicy(string policy, int healthy, int desired, bool goes)
    {
        var fixture = await ClusterAsync(pods: 1, allowed: 0, healthy, desired, policy, ready: false);
        Assert.Equal(goes, await EvictAsync(fixture.Store, "p0") is null);
    }

    [Fact]
    public async Task Evict_TwoBudgets_IsRefused()
    {
        var fixture = await ClusterAsync(pods: 1, allowed: 1, healthy: 1, desired: 0);
        await MakeBudgetAsync(fixture, "c", "", 1, 1, 0);
        Assert.Equal(500, (await EvictAsync(fixture.Store, "p0"))!.Code);
    }

    [Fact]
    public async Task Evict_ThroughTwoStoresAtOnce_NeverOvershoots()
    {
        var fixture = await ClusterAsync(pods: 20, allowed: 7, healthy: 20, desired: 13);
        var other = new ResourceStore(fixture.Registries, () => SchemaCatalog.BuiltIn, fixture.Clock, fixture.Identities);
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => EvictAsync(i % 2 == 0 ? fixture.Store : other, $"p{i}"))));
        Assert.Equal(7, results.Count(static r => r is null));
        var budget = await BudgetAsync(fixture);
        Assert.Equal((0, 7), (budget.DisruptionsAllowed, budget.DisruptedPods.Count));
    }

    private static async Task<StoreFixture> ClusterAsync(int pods, int allowed, int healthy, int desired, string policy = "", bool ready = true)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        for (var i = 0; i < pods; i++)
        {
            await fixture.PodAsync($"p{i}", meta: ",\"labels\":{\"app\":\"web\"}");
            await fixture.BindAsync($"p{i}", "n1");
            var status = $$$"""{"phase":"Running","conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}""";
            await fixture.Store.UpdateStatusAsync(ResourceTypes.Pods, new StatusUpdate(new ObjectKey("default", $"p{i}"), Encoding.UTF8.GetBytes(status)));
        }
        await MakeBudgetAsync(fixture, "b", policy, allowed, healthy, desired);
        return fixture;
    }

    private static async Task MakeBudgetAsync(StoreFixture fixture, string name, string policy, int allowed, int healthy, int desired)
    {
        var made = await fixture.CreateAsync(ResourceTypes.PodDisruptionBudgets, "default",
            $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"web"}}{{{policy}}}}}""");
        Assert.Null(made.Error);
        var status = $$$"""{"observedGeneration":1,"disruptionsAllowed":{{{allowed}}},"currentHealthy":{{{healthy}}},"desiredHealthy":{{{desired}}},"expectedPods":{{{healthy}}}}""";
        await fixture.Store.UpdateStatusAsync(ResourceTypes.PodDisruptionBudgets, new StatusUpdate(new ObjectKey("default", name), Encoding.UTF8.GetBytes(status)));
    }

    private static Task<ApiError?> EvictAsync(ResourceStore store, string pod, DeleteOptions? options = null) =>
        store.EvictAsync(new ObjectKey("default", pod), JsonNode.Parse($$$"""{"metadata":{"name":"{{{pod}}}"}}""")!.AsObject(), options ?? DeleteOptions.Default);

    private static async Task<PodDisruptionBudgetView> BudgetAsync(StoreFixture fixture) =>
        PodDisruptionBudgetView.Of((await fixture.Store.GetAsync(ResourceTypes.PodDisruptionBudgets, new ObjectKey("default", "b")))!);

    private static PodDisruptionBudgetView Budget(string spec, string status = "{}") => PodDisruptionBudgetView.Of(Stored("b",
        $$$"""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b","namespace":"default","uid":"u","generation":1},"spec":{{{{spec}}},"selector":{}},"status":{{{status}}}}"""));

    private static PodView Pod(string name, bool ready) => PodView.Of(Stored(name,
        $$$"""{"metadata":{"name":"{{{name}}}","namespace":"default","uid":"{{{name}}}"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}}"""));

    private static StoredObject Stored(string name, string json) => new(new ObjectKey("default", name), 1, Encoding.UTF8.GetBytes(json));

    private static JsonObject Status(ReconcileResult result) => Assert.Single(result.Actions.OfType<StatusAction>()).Status;
}
