using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>What parts of this product write goes the short way, unless a policy is about it; then it is a request like others.</summary>
public sealed class ComponentWriteTests
{
    private static readonly ObjectKey Pod = new("default", "p");

    [Fact]
    public async Task NobodyWatches_OneCommit_AsItIs()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        await store.PodAsync("p");
        await store.PodAsync("q");
        var before = store.Registries.Batches;
        var written = await store.Store.WriteAsync(ResourceTypes.Pods, [Bind("p"), Bind("q")], static _ => throw new InvalidOperationException("nobody asks who"));
        Assert.All(written, static w => Assert.Null(w.Error));
        Assert.Equal(1, store.Registries.Batches - before);
    }

    [Theory]
    [InlineData("pods/binding", "CREATE", false)]
    [InlineData("pods/*", "*", false)]
    [InlineData("*/*", "*", false)]
    [InlineData("pods", "CREATE", true)]
    [InlineData("pods/status", "UPDATE", true)]
    [InlineData("pods/binding", "UPDATE", true)]
    public async Task Policy_IsAskedAboutBindings_WhereItsRulesSay(string resource, string operation, bool passes)
    {
        var store = await StoreFixture.WithNamespaceAsync();
        await store.PodAsync("p");
        await ForbidAsync(store, resource, operation, "request.userInfo.username != 'system:kube-scheduler'");
        var error = (await store.Store.WriteAsync(ResourceTypes.Pods, [Bind("p")], static _ => ComponentUsers.Scheduler))[0].Error;
        if (passes) Assert.Null(error);
        else Assert.Equal("pods \"p\" is forbidden: ValidatingAdmissionPolicy 'no' with binding 'no' denied request: failed expression: request.userInfo.username != 'system:kube-scheduler'", error!.Message);
        Assert.Equal(passes ? "n" : "", PodView.Of((await store.Store.GetAsync(ResourceTypes.Pods, Pod))!).NodeName);
    }

    [Fact]
    public async Task Policy_SeesTheStatus_AndEachWriteIsDecidedOnItsOwn()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        await store.PodAsync("p");
        await store.PodAsync("q");
        await ForbidAsync(store, "pods/status", "UPDATE", "object.status.phase != 'Failed' || request.userInfo.username == 'system:node:n'");
        var written = await store.Store.UpdateStatusManyAsync(ResourceTypes.Pods,
            [new StatusUpdate(Pod, """{"phase":"Failed"}"""u8.ToArray()), new StatusUpdate(new ObjectKey("default", "q"), """{"phase":"Running"}"""u8.ToArray())],
            new WriteOptions { User = ComponentUsers.Controller("job-controller"), FieldManager = "kube-controller-manager" });
        Assert.Equal(("Invalid", true), (written[0].Error!.Reason, written[1].Error is null));
        var q = written[1].Object!.ToTree();
        Assert.Equal("Running", (string?)q["status"]!["phase"]);
        Assert.Equal(("kube-controller-manager", "status"), Manager(q));
    }

    [Fact]
    public async Task Conditions_HoldOnTheLongWayToo()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        var pod = await store.PodAsync("p");
        await ForbidAsync(store, "*/*", "*", "true");
        var status = """{"phase":"Running"}"""u8.ToArray();
        Assert.Equal("Conflict", await RefusalAsync(new ReplaceStatus(Pod, status, "other")));
        Assert.Equal("Conflict", await RefusalAsync(new ReplaceStatus(Pod, status, pod.Meta.Uid, pod.Revision - 1)));
        Assert.Equal("NotFound", await RefusalAsync(new ReplaceStatus(new ObjectKey("default", "x"), status)));
        Assert.Equal("Conflict", await RefusalAsync(new BindPod(Pod, "n", store.Clock.Now, "other")));
        Assert.Null(await RefusalAsync(new ReplaceStatus(Pod, status, pod.Meta.Uid, pod.Revision)));
        Assert.Null(await RefusalAsync(new BindPod(Pod, "n", store.Clock.Now, pod.Meta.Uid)));
        Assert.Equal("Conflict", await RefusalAsync(new BindPod(Pod, "m", store.Clock.Now, pod.Meta.Uid)));
        Assert.Null(await RefusalAsync(new RemoveObject(Pod, pod.Meta.Uid)));
        Assert.Null(await store.Store.GetAsync(ResourceTypes.Pods, Pod));

        async Task<string?> RefusalAsync(ObjectWrite write) =>
            (await store.Store.WriteAsync(ResourceTypes.Pods, [write], static _ => ComponentUsers.Scheduler))[0].Error?.Reason;
    }

    [Fact]
    public async Task ReplacedObjects_KeepTheirIdentity()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        await ForbidAsync(store, "leases", "*", "true");
        var key = new ObjectKey("default", "l");
        ImmutableArray<ObjectWrite> create = [new CreateObject(key, Lease("uid-1", 1))], replace = [new ReplaceObject(key, Lease("uid-1", 2))];
        Assert.Null((await store.Store.WriteAsync(ResourceTypes.Leases, create, static _ => ComponentUsers.Scheduler))[0].Error);
        Assert.Null((await store.Store.WriteAsync(ResourceTypes.Leases, replace, static _ => ComponentUsers.Scheduler))[0].Error);
        var lease = (await store.Store.GetAsync(ResourceTypes.Leases, key))!.ToTree();
        Assert.Equal(("uid-1", 2L), ((string?)lease["metadata"]!["uid"], (long?)lease["spec"]!["leaseTransitions"]));

        static UncommittedJson Lease(string uid, int transitions) => UncommittedJson.From(JsonNode.Parse(
            $$$"""{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"l","namespace":"default","uid":"{{{uid}}}"},"spec":{"leaseTransitions":{{{transitions}}}}}""")!.AsObject());
    }

    [Theory]
    [InlineData("daemonset-controller", "system:serviceaccount:kube-system:daemon-set-controller")]
    [InlineData("deployment-controller", "system:serviceaccount:kube-system:deployment-controller")]
    [InlineData("garbage-collector", "system:serviceaccount:kube-system:generic-garbage-collector")]
    [InlineData("persistentvolume-controller", "system:serviceaccount:kube-system:persistent-volume-binder")]
    [InlineData("default-scheduler", "system:kube-scheduler")]
    public void Controllers_AreTheAccountsOfTheirRoles(string component, string user) => Assert.Equal(user, ComponentUsers.Controller(component).Name);

    [Fact]
    public void EveryController_HasADefaultRole()
    {
        var bound = DefaultRoles.Read().Select(static o => o.Key.Name).ToHashSet(StringComparer.Ordinal);
        var controllers = typeof(KindController).Assembly.GetTypes().Where(static t => t.IsSubclassOf(typeof(KindController)) && !t.IsAbstract)
            .Select(static t => ((KindController)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(t)).Name);
        foreach (var name in controllers)
        {
            var user = ComponentUsers.Controller($"{name}-controller");
            if (!user.IsMaster) Assert.Contains($"system:controller:{user.Name.Split(':')[^1]}", bound);
        }
    }

    private static BindPod Bind(string pod) => new(new ObjectKey("default", pod), "n", DateTimeOffset.UnixEpoch);

    private static (string?, string?) Manager(JsonObject tree)
    {
        var entry = tree["metadata"]!["managedFields"]!.AsArray()[^1]!;
        return ((string?)entry["manager"], (string?)entry["subresource"]);
    }

    private static async Task ForbidAsync(StoreFixture store, string resource, string operation, string expression)
    {
        var policy = await store.CreateAsync(ResourceTypes.ValidatingAdmissionPolicies, "",
            $$$"""
            {"metadata":{"name":"no"},"spec":{"matchConstraints":{"resourceRules":[{"operations":["{{{operation}}}"],"apiGroups":["*"],"apiVersions":["*"],"resources":["{{{resource}}}"]}]},
             "validations":[{"expression":"{{{expression}}}"}]}}
            """);
        Assert.Null(policy.Error);
        var binding = await store.CreateAsync(ResourceTypes.ValidatingAdmissionPolicyBindings, "",
            """{"metadata":{"name":"no"},"spec":{"policyName":"no","validationActions":["Deny"]}}""");
        Assert.Null(binding.Error);
    }
}
