using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds.ResourceQuotas;

public sealed class ResourceQuotaTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("pods", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"100m","memory":"1Gi"},"limits":{"cpu":"1"}}}]}}""",
        "count/pods=1,cpu=100m,limits.cpu=1,memory=1Gi,pods=1,requests.cpu=100m,requests.memory=1Gi")]
    [InlineData("pods", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"name":"i","resources":{"requests":{"cpu":"3"}}}],"overhead":{"cpu":"250m"}}}""",
        "count/pods=1,cpu=3250m,pods=1,requests.cpu=3250m")]
    [InlineData("pods", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}},{"name":"i","resources":{"requests":{"cpu":"2"}}}]}}""",
        "count/pods=1,cpu=4,pods=1,requests.cpu=4")]
    [InlineData("pods", """{"spec":{"containers":[{"name":"c","resources":{"requests":{"example.com/gpu":"2","hugepages-2Mi":"4Mi"}}}]}}""",
        "count/pods=1,hugepages-2Mi=4Mi,pods=1,requests.example.com/gpu=2,requests.hugepages-2Mi=4Mi")]
    [InlineData("pods", """{"spec":{"containers":[]},"status":{"phase":"Succeeded"}}""", "count/pods=1")]
    [InlineData("pods", """{"metadata":{"deletionTimestamp":"2026-01-02T03:00:00Z","deletionGracePeriodSeconds":30},"spec":{"containers":[]}}""", "count/pods=1")]
    [InlineData("services", """{"spec":{"type":"ClusterIP","ports":[{}]}}""", "count/services=1,services=1")]
    [InlineData("services", """{"spec":{"type":"NodePort","ports":[{},{}]}}""", "count/services=1,services=1,services.nodeports=2")]
    [InlineData("services", """{"spec":{"type":"LoadBalancer","ports":[{},{}]}}""", "count/services=1,services=1,services.loadbalancers=1,services.nodeports=2")]
    [InlineData("services", """{"spec":{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"nodePort":30000},{}]}}""", "count/services=1,services=1,services.loadbalancers=1,services.nodeports=1")]
    [InlineData("persistentvolumeclaims", """{"spec":{"storageClassName":"gold","resources":{"requests":{"storage":"5Gi"}}}}""",
        "count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/requests.storage=5Gi,persistentvolumeclaims=1,requests.storage=5Gi")]
    [InlineData("configmaps", "{}", "configmaps=1,count/configmaps=1")]
    [InlineData("deployments.apps", "{}", "count/deployments.apps=1")]
    public void Item_Usage(string type, string json, string expected)
    {
        var item = QuotaItem.Of(ResourceType.Parse(type), JsonNode.Parse(json)!.AsObject(), Now);
        Assert.Equal(expected, string.Join(',', item.Usage.OrderBy(static u => u.Key, StringComparer.Ordinal).Select(static u => $"{u.Key}={u.Value}")));
        Assert.All(item.Usage.Keys, n => Assert.True(QuotaItem.Concerns(ResourceType.Parse(type), n)));
    }

    [Theory]
    [InlineData("\"scopes\":[\"BestEffort\"]", "{}", true)]
    [InlineData("\"scopes\":[\"BestEffort\"]", """{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}""", false)]
    [InlineData("\"scopes\":[\"NotBestEffort\"]", """{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}""", true)]
    [InlineData("\"scopes\":[\"Terminating\"]", """{"activeDeadlineSeconds":5}""", true)]
    [InlineData("\"scopes\":[\"Terminating\"]", "{}", false)]
    [InlineData("\"scopes\":[\"NotTerminating\"]", "{}", true)]
    [InlineData("\"scopes\":[\"NotTerminating\",\"BestEffort\"]", """{"activeDeadlineSeconds":5}""", false)]
    [InlineData("""  "scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high"]}]}""", """{"priorityClassName":"high"}""", true)]
    [InlineData("""  "scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"NotIn","values":["high"]}]}""", """{"priorityClassName":"high"}""", false)]
    [InlineData("""  "scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"Exists"}]}""", "{}", false)]
    [InlineData("""  "scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"DoesNotExist"}]}""", "{}", true)]
    [InlineData("\"scopes\":[\"CrossNamespacePodAffinity\"]", """{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaces":["x"]}]}}}""", true)]
    [InlineData("\"scopes\":[\"CrossNamespacePodAffinity\"]", """{"affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"podAffinityTerm":{"namespaceSelector":{}}}]}}}""", true)]
    [InlineData("\"scopes\":[\"CrossNamespacePodAffinity\"]", """{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"x"}]}}}""", false)]
    public void Scopes_Hold(string spec, string podSpec, bool holds)
    {
        var pod = QuotaItem.Of(ResourceTypes.Pods, new JsonObject { ["spec"] = JsonNode.Parse(podSpec) }, Now);
        Assert.Equal(holds, pod.IsIn(Quota(spec)));
        Assert.False(QuotaItem.Of(ResourceTypes.ConfigMaps, [], Now).IsIn(Quota(spec)));
    }

    [Fact]
    public void Next_TakesBackOnlyWhatNoChargeInFlightExplains()
    {
        Assert.Equal(5, NextOf(counted: 5, used: 9, inFlight: 0));
        Assert.Equal(8, NextOf(counted: 5, used: 9, inFlight: 3));
        Assert.Equal(9, NextOf(counted: 5, used: 9, inFlight: 7));
        Assert.Equal(9, NextOf(counted: 9, used: 5, inFlight: 0));

        static long NextOf(long counted, long used, long inFlight) => QuotaCount.Next(Pods(counted), Pods(used), Pods(inFlight))["pods"].Units;
    }

    [Fact]
    public void Charges_AreInFlightForAWhile_AndTheCountsOwnWritesAreNone()
    {
        var charges = new QuotaCharges();
        charges.SeeOwn(Used(3, revision: 1));
        charges.See(Used(5, revision: 2), Now);
        charges.SeeOwn(Used(4, revision: 3));
        charges.See(Used(4, revision: 2), Now);
        Assert.Equal(2, charges.Since(Now.AddSeconds(1), 0)["pods"].Units);
        // A registry that recovers takes seconds, and the request goes on waiting for it.
        Assert.Equal(2, charges.Since(Now.AddSeconds(15), 0)["pods"].Units);
        Assert.Empty(charges.Since(Now + QuotaCharges.InFlight, 0));
    }

    [Fact]
    public void Charges_AreSettledByTheObjectsThatTheyWereFor()
    {
        var charges = new QuotaCharges();
        charges.SeeOwn(Used(0, revision: 1));
        charges.Arrive(Pods(1), Now);
        charges.See(Used(3, revision: 2), Now);
        charges.Arrive(Pods(1), Now);
        // A count that began before the second came does not show it, so its charge still explains what is missing.
        Assert.Equal(2, charges.Since(Now.AddSeconds(1), arrived: 1)["pods"].Units);
        Assert.Equal(1, charges.Since(Now.AddSeconds(1), charges.Arrived)["pods"].Units);
        charges.Arrive(Pods(1), Now);
        // All came and one went again at once: the count is believed, and need not wait.
        Assert.Equal(2, QuotaCount.Next(Pods(2), Pods(3), charges.Since(Now.AddSeconds(1), charges.Arrived))["pods"].Units);
    }

    [Fact]
    public async Task Create_OverQuota_IsForbiddenInUpstreamsWords()
    {
        var fixture = await WithQuotaAsync("""{"pods":"2"}""", """{"pods":"2"}""");
        var refused = await fixture.CreateAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"c"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        Assert.Equal((403, "pods \"c\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"), (refused.Error!.Code, refused.Error.Message));
    }

    [Fact]
    public async Task Create_ContainerWithoutWhatIsCounted_IsForbidden()
    {
        var fixture = await WithQuotaAsync("""{"limits.cpu":"2","requests.memory":"1Gi"}""", """{"limits.cpu":"0","requests.memory":"0"}""");
        var refused = await fixture.CreateAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"b","image":"i"},{"name":"a","image":"i","resources":{"limits":{"cpu":"1"}}}]}}""");
        Assert.Equal("pods \"p\" is forbidden: failed quota: q: must specify limits.cpu for: b; requests.memory for: a,b", refused.Error!.Message);
    }

    [Fact]
    public async Task Create_QuotaNotCountedYet_IsForbidden()
    {
        var fixture = await WithQuotaAsync("""{"pods":"2","count/pods":"4"}""", """{"pods":"0"}""");
        var refused = await fixture.CreateAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"b","image":"i"}]}}""");
        Assert.Equal("pods \"p\" is forbidden: status unknown for quota: q, resources: count/pods", refused.Error!.Message);
    }

    [Fact]
    public async Task Create_DryRun_ChargesNothing()
    {
        var fixture = await WithQuotaAsync("""{"configmaps":"1"}""", """{"configmaps":"0"}""");
        for (var i = 0; i < 2; i++)
            Assert.Null((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"a"}}""", new WriteOptions { DryRun = true })).Error);
        Assert.Equal("0", await UsedAsync(fixture, "configmaps"));
    }

    [Fact]
    public async Task Create_OfWhatExists_GivesBackWhatItWasCharged()
    {
        var fixture = await WithQuotaAsync("""{"pods":"5"}""", """{"pods":"0"}""");
        await MakeQuotaAsync(fixture, "r", """{"count/pods":"5"}""", """{"count/pods":"0"}""");
        await fixture.PodAsync("a");
        var schema = fixture.Store.SchemaOf(ResourceTypes.Pods);

        for (var i = 0; i < 3; i++) Assert.Equal("AlreadyExists", (await fixture.Store.CreateAsync(schema, "default", Pod("a"))).Error!.Reason);
        var many = await fixture.Store.CreateManyAsync(ResourceTypes.Pods, [Pod("a"), Pod("b")]);
        Assert.Equal(["AlreadyExists", null], many.Select(static r => r.Error?.Reason));

        await UntilUsedAsync(fixture, "q", "pods", "2");
        await UntilUsedAsync(fixture, "r", "count/pods", "2");
    }

    [Fact]
    public async Task Create_WhoseOutcomeIsUnknown_StaysCharged()
    {
        var fixture = await WithQuotaAsync("""{"pods":"5"}""", """{"pods":"0"}""");
        fixture.Registries.BeforeWrite = static (type, _) => type == ResourceTypes.Pods ? ApiError.Timeout("nobody knows") : null;
        var schema = fixture.Store.SchemaOf(ResourceTypes.Pods);
        Assert.Equal("Timeout", (await fixture.Store.CreateAsync(schema, "default", Pod("a"))).Error!.Reason);
        fixture.Registries.BeforeWrite = null;
        // A second one is charged behind whatever the first may have led to.
        await fixture.PodAsync("b");
        Assert.Equal("2", await UsedAsync(fixture, "pods"));
    }

    private static async Task UntilUsedAsync(StoreFixture fixture, string quota, string resource, string wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var informer = await fixture.Registries.ConsistentAsync(ResourceTypes.ResourceQuotas);
        while (true)
        {
            var objects = informer.Objects;
            if (ResourceQuotaView.Of(objects.Get(new ObjectKey("default", quota))!).Used[resource].ToString() == wanted) return;
            await informer.WaitForAsync(objects.Revision + 1, patience.Token);
        }
    }

    [Fact]
    public async Task Update_ServiceBecomesNodePort_PaysTheDifference()
    {
        var fixture = await WithQuotaAsync("""{"services":"1","services.nodeports":"1"}""", """{"services":"0","services.nodeports":"0"}""");
        Assert.Null((await fixture.CreateAsync(ResourceTypes.Services, "default", """{"metadata":{"name":"s"},"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81}]}}""")).Error);
        var schema = fixture.Store.SchemaOf(ResourceTypes.Services);
        var refused = await fixture.Store.PatchAsync(schema, new ObjectKey("default", "s"), tree =>
        {
            tree["spec"]!["type"] = "NodePort";
            return (tree, null);
        });
        Assert.Equal("services \"s\" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1", refused.Error!.Message);
        Assert.Equal("1", await UsedAsync(fixture, "services"));
    }

    [Fact]
    public async Task Create_ThroughTwoStoresAtOnce_NeverOvershoots()
    {
        var fixture = await WithQuotaAsync("""{"pods":"25"}""", """{"pods":"0"}""");
        var other = new ResourceStore(fixture.Registries, () => SchemaCatalog.BuiltIn, fixture.Clock, fixture.Identities,
            AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Clock = fixture.Clock }));
        var schema = fixture.Store.SchemaOf(ResourceTypes.Pods);
        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => (i % 2 == 0 ? fixture.Store : other).CreateAsync(schema, "default", Pod($"p{i}")))));
        Assert.Equal(25, results.Count(static r => r.Error is null));
        Assert.All(results.Where(static r => r.Error is not null), static r => Assert.Contains("exceeded quota: q", r.Error!.Message, StringComparison.Ordinal));
        Assert.Equal("25", await UsedAsync(fixture, "pods"));
    }

    [Fact]
    public async Task CreateMany_PaysTogether()
    {
        var fixture = await WithQuotaAsync("""{"pods":"150"}""", """{"pods":"0"}""");
        var before = fixture.Registries.Batches;
        using var allWait = new ManualResetEventSlim();
        fixture.Registries.BeforeWrite = (type, _) =>
        {
            if (type == ResourceTypes.ResourceQuotas) Assert.True(allWait.Wait(TimeSpan.FromSeconds(30)));
            return null;
        };
        var creating = fixture.Store.CreateManyAsync(ResourceTypes.Pods, [.. Enumerable.Range(0, 200).Select(i => Pod($"p{i}"))]);
        allWait.Set();
        var results = await creating;
        Assert.Equal(150, results.Count(static r => r.Error is null));
        Assert.InRange(fixture.Registries.Batches - before, 2, 8);
    }

    [Fact]
    public async Task Create_TwoQuotas_BothPay()
    {
        var fixture = await WithQuotaAsync("""{"pods":"5"}""", """{"pods":"0"}""");
        await MakeQuotaAsync(fixture, "r", """{"count/pods":"1"}""", """{"count/pods":"0"}""");
        await fixture.PodAsync("a");
        var refused = await fixture.CreateAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"b"},"spec":{"containers":[{"name":"b","image":"i"}]}}""");
        Assert.Contains("exceeded quota: r, requested: count/pods=1, used: count/pods=1, limited: count/pods=1", refused.Error!.Message, StringComparison.Ordinal);
        Assert.Equal("1", await UsedAsync(fixture, "pods"));
    }

    private static JsonObject Pod(string name) =>
        JsonNode.Parse($$$"""{"metadata":{"name":"{{{name}}}","namespace":"default"},"spec":{"containers":[{"name":"c","image":"i"}]}}""")!.AsObject();

    private static async Task<StoreFixture> WithQuotaAsync(string hard, string used)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await MakeQuotaAsync(fixture, "q", hard, used);
        return fixture;
    }

    private static async Task MakeQuotaAsync(StoreFixture fixture, string name, string hard, string used)
    {
        Assert.Null((await fixture.CreateAsync(ResourceTypes.ResourceQuotas, "default", $$$$"""{"metadata":{"name":"{{{{name}}}}"},"spec":{"hard":{{{{hard}}}}}}""")).Error);
        await fixture.Store.UpdateStatusAsync(ResourceTypes.ResourceQuotas, new StatusUpdate(new ObjectKey("default", name), Encoding.UTF8.GetBytes($$$$"""{"hard":{{{{hard}}}},"used":{{{{used}}}}}""")));
    }

    private static async Task<string> UsedAsync(StoreFixture fixture, string resource) =>
        ResourceQuotaView.Of((await fixture.Store.GetAsync(ResourceTypes.ResourceQuotas, new ObjectKey("default", "q")))!).Used[resource].ToString();

    private static ImmutableSortedDictionary<string, Quantity> Pods(long count) => ImmutableSortedDictionary<string, Quantity>.Empty.Add("pods", Quantity.FromUnits(count));

    private static ResourceQuotaView Quota(string spec) => Stored("{\"metadata\":{\"name\":\"q\"},\"spec\":{" + spec + "}}", 1);

    private static ResourceQuotaView Used(long pods, long revision) => Stored("{\"metadata\":{\"name\":\"q\"},\"status\":{\"used\":{\"pods\":\"" + pods + "\"}}}", revision);

    private static ResourceQuotaView Stored(string json, long revision) =>
        ResourceQuotaView.Of(new StoredObject(new ObjectKey("default", "q"), revision, Encoding.UTF8.GetBytes(json)));
}
