using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Deployments;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Kinds.ServiceAccounts;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Authentication;
using Orchestrator.Actors.Tests.Controllers;
using Orchestrator.Host.ApiServer;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime.Hollow;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>What the scheduler, the controllers and the kubelets write is asked about over real HTTPS, as what they would be as clients.</summary>
public sealed class ComponentWebhookTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly ObjectKey Pod = new("default", "p");

    private readonly WebhookCaller _caller = MakeCaller();
    private readonly InMemoryRegistries _registries = new();
    private ResourceStore _store = null!;
    private WebhookServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await WebhookServer.StartAsync();
        _server.Answers["/deny"] = static _ => new JsonObject { ["allowed"] = false, ["status"] = new JsonObject { ["code"] = 403, ["message"] = "not today" } };
        _server.Answers["/allow"] = static _ => new JsonObject { ["allowed"] = true };
        _store = new ResourceStore(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System,
            admission: AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Webhooks = _caller }));
        await MakeAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"default"}}""");
        await MakeAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"kube-node-lease"}}""");
        await MakeAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _caller.Dispose();
    }

    [Fact]
    public async Task Binding_IsDenied_ThenAllowed_AsTheScheduler()
    {
        await ConfigureAsync("/deny", "CREATE", "", "pods/binding");
        Assert.Equal("admission webhook \"v.example.com\" denied the request: not today", (await BindAsync("n1"))!.Message);
        Assert.Equal("", (string?)Read(ResourceTypes.Pods, Pod)["spec"]!["nodeName"] ?? "");
        var asked = Assert.Single(_server.Asked);
        Assert.Equal(("CREATE", "binding", "p", "system:kube-scheduler"),
            ((string?)asked["operation"], (string?)asked["subResource"], (string?)asked["name"], (string?)asked["userInfo"]!["username"]));
        Assert.Equal(("Binding", "Node", "n1"), ((string?)asked["object"]!["kind"], (string?)asked["object"]!["target"]!["kind"], (string?)asked["object"]!["target"]!["name"]));

        _server.Answers["/deny"] = static _ => new JsonObject { ["allowed"] = true };
        Assert.Null(await BindAsync("n1"));
        Assert.Equal("n1", (string?)Read(ResourceTypes.Pods, Pod)["spec"]!["nodeName"]);
    }

    [Fact]
    public async Task Binding_GoesWhereAMutatingWebhookSendsIt()
    {
        const string patch = """[{"op":"replace","path":"/target/name","value":"n2"},{"op":"add","path":"/metadata/annotations","value":{"sent-by":"hook"}}]""";
        _server.Answers["/m"] = static _ => new JsonObject { ["allowed"] = true, ["patchType"] = "JSONPatch", ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch)) };
        await ConfigureAsync("/m", "CREATE", "", "pods/binding", mutating: true);
        Assert.Null(await BindAsync("n1"));
        var pod = Read(ResourceTypes.Pods, Pod);
        Assert.Equal(("n2", "hook"), ((string?)pod["spec"]!["nodeName"], (string?)pod["metadata"]!["annotations"]!["sent-by"]));
    }

    [Fact]
    public async Task StatusOfAPod_IsReportedByItsKubelet_AndAgainWhenItWasDenied()
    {
        Assert.Null(await BindAsync("n1"));
        await ConfigureAsync("/deny", "UPDATE", "", "pods/status");
        var clock = new SteppedClock();
        await using var reporter = new StatusReporter(_store.Admitted, clock, 1);
        var uid = (string)Read(ResourceTypes.Pods, Pod)["metadata"]!["uid"]!;
        reporter.Report(Pod, uid, "n1", """{"phase":"Running"}"""u8.ToArray());
        await clock.SomebodyWaits.WaitAsync(Patience);
        Assert.Equal("Pending", (string?)Read(ResourceTypes.Pods, Pod)["status"]!["phase"]);
        var asked = Assert.Single(_server.Asked);
        Assert.Equal(("UPDATE", "status", "system:node:n1"), ((string?)asked["operation"], (string?)asked["subResource"], (string?)asked["userInfo"]!["username"]));
        Assert.Contains("system:nodes", asked["userInfo"]!["groups"]!.AsArray().Select(static g => (string?)g));
        Assert.Equal(("Running", "Pending"), ((string?)asked["object"]!["status"]!["phase"], (string?)asked["oldObject"]!["status"]!["phase"]));

        _server.Answers["/deny"] = static _ => new JsonObject { ["allowed"] = true };
        var pods = _registries.Informers.Single(static i => i.Type == ResourceTypes.Pods);
        var before = pods.Revision;
        clock.Step();
        await pods.WaitForAsync(before + 1, default).AsTask().WaitAsync(Patience);
        Assert.Equal("Running", (string?)Read(ResourceTypes.Pods, Pod)["status"]!["phase"]);
    }

    [Fact]
    public async Task StatusOfADeployment_IsWrittenByItsController_AndADenialFailsThePass()
    {
        await MakeAsync(ResourceTypes.Deployments, "default",
            """{"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""");
        await ConfigureAsync("/deny", "UPDATE", "apps", "deployments/status");
        var key = new ObjectKey("default", "d");
        var runner = new ActionRunner(_store, new EventRecorder(_store.Admitted, TimeProvider.System, ""));
        var pass = new ControllerPass(_store, TimeProvider.System);
        await pass.RunAsync(new DeploymentController(), key);
        var uid = (string)Read(ResourceTypes.Deployments, key)["metadata"]!["uid"]!;
        var outcome = await runner.RunAsync([new StatusAction(ResourceTypes.Deployments, key, uid, new JsonObject { ["observedGeneration"] = 1 })], "deployment-controller");
        Assert.Equal("admission webhook \"v.example.com\" denied the request: not today", outcome.Refusal!.Message);
        Assert.Null(Read(ResourceTypes.Deployments, key)["status"]?["observedGeneration"]);
        Assert.All(_server.Asked, static a => Assert.Equal("status", (string?)a["subResource"]));
        var user = _server.Asked[^1]["userInfo"]!;
        Assert.Equal("system:serviceaccount:kube-system:deployment-controller", (string?)user["username"]);
        Assert.Contains("system:serviceaccounts:kube-system", user["groups"]!.AsArray().Select(static g => (string?)g));

        _server.Answers["/deny"] = static _ => new JsonObject { ["allowed"] = true };
        await pass.RunAsync(new DeploymentController(), key);
        Assert.Equal(1, (long?)Read(ResourceTypes.Deployments, key)["status"]!["observedGeneration"]);
    }

    [Fact]
    public async Task NodesAndLeases_AreAskedAbout_AsTheKubelet_AndKeepTheirIdentity()
    {
        await ConfigureAsync("/allow", "*", "*", "*/*");
        var clock = TimeProvider.System;
        var reporter = new NodeReporter(_store.Admitted, new HollowContainerRuntime(clock), clock);
        ImmutableArray<NodeFacts> nodes = [NodeFacts.OfThisMachine("n1", "hollow", "v1.32.0", 1, Path.GetTempPath()) with { Address = "127.0.0.1" }];
        Assert.True(await reporter.TurnAsync(nodes, "/", CancellationToken.None));
        var lease = new ObjectKey("kube-node-lease", "n1");
        var uid = (string?)Read(ResourceTypes.Leases, lease)["metadata"]!["uid"];
        Assert.True(await reporter.TurnAsync(nodes, "/", CancellationToken.None));
        Assert.Equal(uid, (string?)Read(ResourceTypes.Leases, lease)["metadata"]!["uid"]);
        Assert.Equal("True", (string?)Read(ResourceTypes.Nodes, new ObjectKey("", "n1"))["status"]!["conditions"]!.AsArray().Single(static c => (string?)c!["type"] == "Ready")!["status"]);
        Assert.All(_server.Asked, static a => Assert.Equal("system:node:n1", (string?)a["userInfo"]!["username"]));
        Assert.Equal(["CREATE leases", "CREATE nodes", "UPDATE leases", "UPDATE nodes"],
            _server.Asked.Select(static a => $"{(string?)a["operation"]} {(string?)a["resource"]!["resource"]}").Distinct().Order());
    }

    [Fact]
    public async Task ChargeOfAQuota_IsAWriteOfTheApiServer()
    {
        await MakeAsync(ResourceTypes.ResourceQuotas, "default", """{"metadata":{"name":"q"},"spec":{"hard":{"count/configmaps":"5"}}}""");
        var quota = new ObjectKey("default", "q");
        await _store.UpdateStatusManyAsync(ResourceTypes.ResourceQuotas, [new StatusUpdate(quota, """{"hard":{"count/configmaps":"5"},"used":{"count/configmaps":"0"}}"""u8.ToArray())]);
        await ConfigureAsync("/deny", "UPDATE", "", "resourcequotas/status");
        var schema = _store.SchemaOf(ResourceTypes.ConfigMaps);
        JsonObject Map(string name) => new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name } };
        var refused = (await _store.CreateAsync(schema, "default", Map("a"))).Error!;
        Assert.Equal("admission webhook \"v.example.com\" denied the request: not today", refused.Message);
        var asked = Assert.Single(_server.Asked);
        Assert.Equal(("UPDATE", "status", "system:apiserver", "1"),
            ((string?)asked["operation"], (string?)asked["subResource"], (string?)asked["userInfo"]!["username"], (string?)asked["object"]!["status"]!["used"]!["count/configmaps"]));

        _server.Answers["/deny"] = static _ => new JsonObject { ["allowed"] = true };
        // More at a time than parts of the product may have on their way: a charge waits for none of them.
        var created = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => _store.CreateAsync(schema, "default", Map($"m{i}"))));
        Assert.Equal(5, created.Count(static r => r.Error is null));
        Assert.All(created.Where(static r => r.Error is not null), static r => Assert.Contains("exceeded quota: q", r.Error!.Message, StringComparison.Ordinal));
        Assert.Equal("5", (string?)Read(ResourceTypes.ResourceQuotas, quota)["status"]!["used"]!["count/configmaps"]);
    }

    [Fact]
    public async Task TokenOfASecret_IsWrittenByTheControllerManager_AndItsLastUseByTheApiServer()
    {
        await MakeAsync(ResourceTypes.ServiceAccounts, "default", """{"metadata":{"name":"bot"}}""");
        await MakeAsync(ResourceTypes.Secrets, "default",
            """{"metadata":{"name":"t","annotations":{"kubernetes.io/service-account.name":"bot"}},"type":"kubernetes.io/service-account-token"}""");
        await ConfigureAsync("/allow", "*", "", "secrets");
        var signer = new LocalSigner();
        var secret = new ObjectKey("default", "t");
        Assert.Null(await new TokenSecrets(_store, signer, "the authority").SyncAsync(secret));
        Assert.Equal("system:kube-controller-manager", (string?)Assert.Single(_server.Asked)["userInfo"]!["username"]);
        var token = Encoding.UTF8.GetString(Convert.FromBase64String((string)Read(ResourceTypes.Secrets, secret)["data"]!["token"]!));
        Assert.NotNull((await new ServiceAccountTokens(signer, _store.Admitted, new TokenIssuance(), TimeProvider.System).AuthenticateAsync(token, [], default)).User);
        Assert.Equal("system:apiserver", (string?)_server.Asked[^1]["userInfo"]!["username"]);
        Assert.NotNull((string?)Read(ResourceTypes.Secrets, secret)["metadata"]!["labels"]!["kubernetes.io/legacy-token-last-used"]);
    }

    [Fact]
    public async Task DeadWebhook_FailsOnlyWhatItIsAbout()
    {
        await MakeAsync(ResourceTypes.Pods, "default", """{"metadata":{"name":"bound"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}""");
        await ConfigureAsync("/none", "UPDATE", "", "pods/status", more: ",\"timeoutSeconds\":1");
        var end = new TaskCompletionSource();
        _server.Raw["/none"] = _ => end.Task;
        var status = new ReplaceStatus(new ObjectKey("default", "bound"), """{"phase":"Running"}"""u8.ToArray());
        var refused = (await _store.WriteAsync(ResourceTypes.Pods, [status], static _ => ComponentUsers.Node("n1")))[0].Error!;
        Assert.Contains("failed calling webhook \"v.example.com\"", refused.Message, StringComparison.Ordinal);
        Assert.Null(await BindAsync("n1"));
        end.SetResult();
    }

    private async Task<ApiError?> BindAsync(string node) =>
        (await _store.WriteAsync(ResourceTypes.Pods, [new BindPod(Pod, node, TimeProvider.System.GetUtcNow())], static _ => ComponentUsers.Scheduler))[0].Error;

    private JsonObject Read(ResourceType type, ObjectKey key) => _registries.Informers.Single(i => i.Type == type).Get(key)!.ToTree();

    private Task ConfigureAsync(string path, string operation, string group, string resource, bool mutating = false, string more = "") =>
        MakeAsync(mutating ? ResourceTypes.MutatingWebhookConfigurations : ResourceTypes.ValidatingWebhookConfigurations, "",
            $$$"""
            {"metadata":{"name":"hooks"},"webhooks":[{"name":"v.example.com","sideEffects":"None","admissionReviewVersions":["v1"],
             "clientConfig":{"url":"{{{_server.Url.GetLeftPart(UriPartial.Authority)}}}{{{path}}}","caBundle":"{{{_server.CaBundle}}}"},
             "rules":[{"operations":["{{{operation}}}"],"apiGroups":["{{{group}}}"],"apiVersions":["*"],"resources":["{{{resource}}}"]}]{{{more}}}}]}
            """);

    private async Task MakeAsync(ResourceType type, string ns, string json)
    {
        var schema = _store.SchemaOf(type);
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(json), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        Assert.Null((await _store.CreateAsync(schema, ns, decoded.Tree!)).Error);
    }

    private static WebhookCaller MakeCaller() => new();

    /// <summary>Time stands; who waits goes on when the test says so.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task SomebodyWaits => _waited.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(() => callback(state));
            lock (_timers) _timers.Add(timer);
            _waited.TrySetResult();
            return timer;
        }

        public void Step()
        {
            List<Timer> due;
            lock (_timers)
            {
                due = [.. _timers];
                _timers.Clear();
            }
            foreach (var timer in due) timer.Fire();
        }

        private sealed class Timer(Action fire) : ITimer
        {
            public void Fire() => fire();
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;
            public void Dispose() { }
            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
