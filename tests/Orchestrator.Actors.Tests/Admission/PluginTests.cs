using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.PodSecurity;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>Admission plugins one by one, through the store, as they are switched on.</summary>
public sealed class PluginTests
{
    private readonly InMemoryRegistries _registries = new();

    [Theory]
    [InlineData("n1", "n1", "{}", null)]
    [InlineData("n1", "n2", "{}", "node \"n1\" is not allowed to modify node \"n2\"")]
    [InlineData("n1", "n1", """{"labels":{"kubernetes.io/hostname":"n1","zone":"a","node.kubernetes.io/x":"y"}}""", null)]
    [InlineData("n1", "n1", """{"labels":{"node-restriction.kubernetes.io/x":"y","foo.k8s.io/a":"b"}}""", "node \"n1\" is not allowed to set the following labels: foo.k8s.io/a, node-restriction.kubernetes.io/x")]
    public async Task NodeRestriction_OfNodes(string user, string node, string meta, string? refusal)
    {
        var tree = JsonNode.Parse(meta)!.AsObject();
        tree["name"] = node;
        await ExpectAsync(refusal, CreateAsync(await StoreAsync("NodeRestriction"), ResourceTypes.Nodes, "", $$"""{"metadata":{{tree.ToJsonString()}} }""", Node(user)));
    }

    [Fact]
    public async Task NodeRestriction_OfNodes_KeepsTaintsAndReservedLabels()
    {
        var store = await StoreAsync("NodeRestriction");
        Assert.Null((await CreateAsync(store, ResourceTypes.Nodes, "", """{"metadata":{"name":"n1"}}""")).Error);
        await ExpectAsync("node \"n1\" is not allowed to modify taints", PatchAsync(store, ResourceTypes.Nodes, new("", "n1"), """{"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}}""", Node("n1")));
        await ExpectAsync("is not allowed to modify labels: node-restriction.kubernetes.io/x",
            PatchAsync(store, ResourceTypes.Nodes, new("", "n1"), """{"metadata":{"labels":{"node-restriction.kubernetes.io/x":"y"}}}""", Node("n1")));
        await ExpectAsync("is not allowed to modify ownerReferences",
            PatchAsync(store, ResourceTypes.Nodes, new("", "n1"), """{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"o","uid":"u"}]}}""", Node("n1")));
        await ExpectAsync(null, PatchAsync(store, ResourceTypes.Nodes, new("", "n1"), """{"metadata":{"labels":{"zone":"b"}}}""", Node("n1")));
    }

    [Theory]
    [InlineData("", "", "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods")]
    [InlineData("mirror", "", "node \"n1\" can only create pods with spec.nodeName set to itself")]
    [InlineData("mirror", ",\"nodeName\":\"n2\"", "node \"n1\" can only create pods with spec.nodeName set to itself")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", "node \"n1\" can only create pods with an owner reference set to itself", "")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", "node \"n1\" can only create pods with an owner reference set to itself", """{"apiVersion":"v1","kind":"Node","name":"n2","uid":"UID","controller":true}""")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", "node \"n1\" can only create pods with a controller owner reference set to itself", """{"apiVersion":"v1","kind":"Node","name":"n1","uid":"UID"}""")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", "node \"n1\" must not set blockOwnerDeletion on an owner reference", """{"apiVersion":"v1","kind":"Node","name":"n1","uid":"UID","controller":true,"blockOwnerDeletion":true}""")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", "node n1 UID mismatch: expected other got UID", """{"apiVersion":"v1","kind":"Node","name":"n1","uid":"other","controller":true}""")]
    [InlineData("mirror", ",\"nodeName\":\"n1\"", null)]
    [InlineData("mirror", ",\"nodeName\":\"n1\",\"imagePullSecrets\":[{\"name\":\"x\"}]", "node \"n1\" can not create pods that reference secrets")]
    [InlineData("mirror", ",\"nodeName\":\"n1\",\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"s\"}}]", "node \"n1\" can not create pods that reference persistentvolumeclaims")]
    [InlineData("mirror", ",\"nodeName\":\"n1\",\"serviceAccountName\":\"x\"", "node \"n1\" can not create pods that reference a service account")]
    [InlineData("mirror", ",\"nodeName\":\"n1\",\"volumes\":[{\"name\":\"v\",\"secret\":{\"secretName\":\"s\"}}]", "node \"n1\" can not create pods that reference secrets")]
    [InlineData("mirror", ",\"nodeName\":\"n1\",\"volumes\":[{\"name\":\"v\",\"configMap\":{\"name\":\"s\"}}]", "node \"n1\" can not create pods that reference configmaps")]
    public async Task NodeRestriction_OfPods(
        string annotation, string spec, string? refusal, string owner = """{"apiVersion":"v1","kind":"Node","name":"n1","uid":"UID","controller":true}""")
    {
        var annotations = annotation.Length > 0 ? ",\"annotations\":{\"kubernetes.io/config.mirror\":\"h\"}" : "";
        var store = await StoreAsync("NodeRestriction");
        var node = await CreateAsync(store, ResourceTypes.Nodes, "", """{"metadata":{"name":"n1"}}""");
        annotations += $",\"ownerReferences\":[{owner.Replace("UID", node.Object!.Meta.Uid, StringComparison.Ordinal)}]";
        await ExpectAsync(refusal?.Replace("got UID", $"got {node.Object.Meta.Uid}", StringComparison.Ordinal), CreateAsync(store, ResourceTypes.Pods, "default",
            "{\"metadata\":{\"name\":\"p\"" + annotations + "},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]" + spec + "}}", Node("n1")));
    }

    [Fact]
    public async Task NodeRestriction_OfPodsThatAreThere()
    {
        var store = await StoreAsync("NodeRestriction");
        Assert.Null((await CreatePodAsync(store, "p", ",\"nodeName\":\"n2\"")).Error);
        var key = new ObjectKey("default", "p");
        var deleted = await store.DeleteAsync(store.SchemaOf(ResourceTypes.Pods), key, new DeleteOptions { User = Node("n1") });
        Assert.Equal("pods \"p\" is forbidden: node \"n1\" can only delete pods with spec.nodeName set to itself", deleted.Error!.Message);
        await ExpectAsync("node \"n1\" can only update pod status for pods with spec.nodeName set to itself", PatchAsync(store, ResourceTypes.Pods, key, """{"status":{"phase":"Running"}}""", Node("n1"), "status"));
        await ExpectAsync("node \"n2\" can only create and delete mirror pods", PatchAsync(store, ResourceTypes.Pods, key, """{"metadata":{"labels":{"a":"b"}}}""", Node("n2")));
        await ExpectAsync(null, PatchAsync(store, ResourceTypes.Pods, key, """{"status":{"phase":"Running"}}""", Node("n2"), "status"));
        await ExpectAsync("node \"n2\" cannot update labels through pod status", AdmitAsync("NodeRestriction",
            new AdmissionRequest(AdmissionOperation.Update, store.SchemaOf(ResourceTypes.Pods), key, JsonNode.Parse("""{"metadata":{"labels":{"x":"y"}}}""")!.AsObject(),
                (await store.GetAsync(ResourceTypes.Pods, key))!, "status", false)
            { User = Node("n2") }));
    }

    [Theory]
    [InlineData("kube-node-lease", "n1", null)]
    [InlineData("default", "n1", "can only access leases in the \"kube-node-lease\" system namespace")]
    [InlineData("kube-node-lease", "n2", "can only access node lease with the same name as the requesting node")]
    public async Task NodeRestriction_OfLeases(string ns, string name, string? refusal) =>
        await ExpectAsync(refusal, CreateAsync(await StoreAsync("NodeRestriction"), ResourceTypes.Leases, ns, $$$"""{"metadata":{"name":"{{{name}}}"}}""", Node("n1")));

    [Fact]
    public async Task NodeRestriction_LeavesOthersAlone() =>
        await ExpectAsync(null, CreateAsync(await StoreAsync("NodeRestriction"), ResourceTypes.Nodes, "", """{"metadata":{"name":"n","labels":{"node-restriction.kubernetes.io/x":"y"}}}""", new UserInfo("system:node:n", "", ["others"])));

    [Theory]
    [InlineData("none", "", "pod rejected: RuntimeClass \"none\" not found", "")]
    [InlineData("rc", "", null, """{"overhead":{"cpu":"250m"},"nodeSelector":{"arch":"x"},"tolerations":[{"key":"k","operator":"Exists"}]}""")]
    [InlineData("rc", ",\"overhead\":{\"cpu\":\"0.25\"}", null, """{"overhead":{"cpu":"250m"},"nodeSelector":{"arch":"x"},"tolerations":[{"key":"k","operator":"Exists"}]}""")]
    [InlineData("rc", ",\"overhead\":{\"cpu\":\"1\"}", "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead", "")]
    [InlineData("rc", ",\"nodeSelector\":{\"arch\":\"y\"}", "conflict: runtimeClass.scheduling.nodeSelector[arch] = x; pod.spec.nodeSelector[arch] = y", "")]
    [InlineData("", ",\"overhead\":{\"cpu\":\"1\"}", "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead", "")]
    public async Task RuntimeClass(string name, string spec, string? refusal, string expected)
    {
        var store = await StoreAsync("RuntimeClass");
        Assert.Null((await CreateAsync(store, new ResourceType("node.k8s.io", "runtimeclasses"), "",
            """{"metadata":{"name":"rc"},"handler":"h","overhead":{"podFixed":{"cpu":"250m"}},"scheduling":{"nodeSelector":{"arch":"x"},"tolerations":[{"key":"k","operator":"Exists"}]}}""")).Error);
        var made = await ExpectAsync(refusal, CreatePodAsync(store, "p", (name.Length > 0 ? ",\"runtimeClassName\":\"" + name + "\"" : "") + spec));
        if (refusal is not null) return;
        var tree = made.Object!.ToTree()["spec"]!;
        Assert.Equal(expected, new JsonObject { ["overhead"] = tree["overhead"]!.DeepClone(), ["nodeSelector"] = tree["nodeSelector"]!.DeepClone(), ["tolerations"] = tree["tolerations"]!.DeepClone() }.ToJsonString());
    }

    [Theory]
    [InlineData(true, true, null)]
    [InlineData(true, false, "cannot set an ownerRef on a resource you can't delete: ")]
    [InlineData(false, false, null)]
    public async Task OwnerReferences_NeedTheRightToDelete(bool changes, bool may, string? refusal)
    {
        var store = await StoreAsync("OwnerReferencesPermissionEnforcement", (_, verb, type, _, _, _) => new ValueTask<bool>(verb != "delete" || may || type != ResourceTypes.ConfigMaps));
        Assert.Null((await CreateAsync(store, ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"c"}}""")).Error);
        var patch = changes ? """{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"o","uid":"u"}]}}""" : """{"data":{"a":"b"}}""";
        await ExpectAsync(refusal, PatchAsync(store, ResourceTypes.ConfigMaps, new("default", "c"), patch, new UserInfo("jane", "", [])));
    }

    [Fact]
    public async Task OwnerReferences_ThatBlock_NeedTheRightToFinalizeTheOwner()
    {
        var store = await StoreAsync("OwnerReferencesPermissionEnforcement", (_, verb, _, subresource, _, _) => new ValueTask<bool>(subresource != "finalizers"));
        const string body = """{"metadata":{"name":"c","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"o","uid":"u","blockOwnerDeletion":true}]}}""";
        await ExpectAsync("cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ", CreateAsync(store, ResourceTypes.ConfigMaps, "default", body, new UserInfo("jane", "", [])));
        await ExpectAsync(null, CreateAsync(store, ResourceTypes.ConfigMaps, "default", body.Replace("true", "false", StringComparison.Ordinal), new UserInfo("jane", "", [])));
    }

    [Fact]
    public async Task AlwaysPullImages_OverridesThePolicy()
    {
        var made = await CreatePodAsync(await StoreAsync("AlwaysPullImages"), "p", ",\"initContainers\":[{\"name\":\"i\",\"image\":\"i\",\"imagePullPolicy\":\"Never\"}]");
        Assert.Equal(["Always", "Always"], new[] { "containers", "initContainers" }.Select(l => (string?)made.Object!.ToTree()["spec"]![l]![0]!["imagePullPolicy"]));
    }

    [Theory]
    [InlineData("kubernetes.io/hostname", null)]
    [InlineData("zone", "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed")]
    public async Task LimitPodHardAntiAffinityTopology(string topology, string? refusal) => await ExpectAsync(refusal, CreatePodAsync(await StoreAsync("LimitPodHardAntiAffinityTopology"), "p",
        ",\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{\"topologyKey\":\"" + topology + "\",\"labelSelector\":{}}]}}"));

    [Theory]
    [InlineData("", null, """{"env":"test"}""")]
    [InlineData(",\"nodeSelector\":{\"a\":\"b\"}", null, """{"a":"b","env":"test"}""")]
    [InlineData(",\"nodeSelector\":{\"env\":\"other\"}", "pod node label selector conflicts with its namespace node label selector", "")]
    public async Task PodNodeSelector(string spec, string? refusal, string expected)
    {
        var store = await StoreAsync("PodNodeSelector", annotations: """{"scheduler.alpha.kubernetes.io/node-selector":"env=test"}""");
        var made = await ExpectAsync(refusal, CreatePodAsync(store, "p", spec));
        if (refusal is null) Assert.Equal(expected, made.Object!.ToTree()["spec"]!["nodeSelector"]!.ToJsonString());
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(",\"tolerations\":[{\"key\":\"good\",\"operator\":\"Exists\"}]", null)]
    [InlineData(",\"tolerations\":[{\"key\":\"bad\",\"operator\":\"Exists\"}]", "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist")]
    public async Task PodTolerationRestriction(string spec, string? refusal)
    {
        var store = await StoreAsync("PodTolerationRestriction", annotations: """
            {"scheduler.alpha.kubernetes.io/defaultTolerations":"[{\"key\":\"usual\",\"operator\":\"Exists\"}]",
             "scheduler.alpha.kubernetes.io/tolerationsWhitelist":"[{\"key\":\"good\",\"operator\":\"Exists\"},{\"key\":\"usual\",\"operator\":\"Exists\"}]"}
            """);
        var made = await ExpectAsync(refusal, CreatePodAsync(store, "p", spec));
        if (refusal is null) Assert.Contains(made.Object!.ToTree()["spec"]!["tolerations"]!.AsArray(), static t => (string?)t!["key"] == "usual");
    }

    [Fact]
    public async Task ExtendedResourceToleration_IsAdded()
    {
        var made = await CreateAsync(await StoreAsync("ExtendedResourceToleration"), ResourceTypes.Pods, "default",
            """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"example.com/gpu":"1","cpu":"1"},"requests":{"example.com/gpu":"1"}}}]}}""");
        Assert.Equal("""[{"key":"example.com/gpu","operator":"Exists"}]""", made.Object!.ToTree()["spec"]!["tolerations"]!.ToJsonString());
    }

    [Fact]
    public async Task NamespaceExists_RefusesWhatHasNone() => Assert.Equal(404, (await CreateAsync(await StoreAsync("NamespaceExists"), ResourceTypes.ConfigMaps, "nowhere", """{"metadata":{"name":"c"}}""")).Error!.Code);

    [Fact]
    public async Task DenyServiceExternalIPs_AllowsToKeepAndToRemove()
    {
        const string service = """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}],"externalIPs":["192.0.2.1","192.0.2.2"]}}""";
        Assert.Null((await CreateAsync(await StoreAsync(""), ResourceTypes.Services, "default", service)).Error);
        var store = await StoreAsync("DenyServiceExternalIPs");
        var key = new ObjectKey("default", "s");
        await ExpectAsync(null, PatchAsync(store, ResourceTypes.Services, key, """{"spec":{"externalIPs":["192.0.2.2"]}}"""));
        Assert.Equal(403, (await PatchAsync(store, ResourceTypes.Services, key, """{"spec":{"externalIPs":["192.0.2.2","192.0.2.3"]}}""")).Error!.Code);
        Assert.Equal(403, (await CreateAsync(store, ResourceTypes.Services, "default", service.Replace("\"s\"", "\"t\"", StringComparison.Ordinal))).Error!.Code);
    }

    [Theory]
    [InlineData("default", "jane", "", "violates PodSecurity \"baseline:latest\": privileged (container \"c\" must not set securityContext.privileged=true)")]
    [InlineData("exempt", "jane", "", null)]
    [InlineData("default", "ops", "", null)]
    [InlineData("default", "jane", ",\"runtimeClassName\":\"sandboxed\"", null)]
    [InlineData("open", "jane", "", null)]
    public async Task PodSecurity_DefaultsAndExemptions(string ns, string user, string spec, string? refusal)
    {
        var settings = new PodSecuritySettings(
            PodSecurityPolicy.None with { Enforce = new LevelVersion(PodSecurityLevel.Baseline, LevelVersion.Latest) }, ["exempt"], ["ops"], ["sandboxed"]);
        var store = await StoreAsync("PodSecurity", security: settings);
        Assert.Null((await CreateAsync(store, ResourceTypes.Namespaces, "", """{"metadata":{"name":"exempt"}}""")).Error);
        Assert.Null((await CreateAsync(store, ResourceTypes.Namespaces, "", """{"metadata":{"name":"open","labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}""")).Error);
        await ExpectAsync(refusal, CreateAsync(store, ResourceTypes.Pods, ns,
            "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"securityContext\":{\"privileged\":true}}]" + spec + "}}", new UserInfo(user, "", [])));
    }

    [Fact]
    public async Task Policy_WaitsForASlowAuthorizer_AndAsksEachQuestionOnce()
    {
        var authorizer = new SlowAuthorizer();
        var store = new ResourceStore(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System, new RandomIdentitySource(),
            AdmissionPlugins.Build(["ValidatingAdmissionPolicy"], new AdmissionServices { Access = authorizer }));
        Assert.Null((await CreateAsync(store, ResourceTypes.Namespaces, "", """{"metadata":{"name":"default"}}""")).Error);
        Assert.Null((await CreateAsync(store, ResourceTypes.ValidatingAdmissionPolicies, "", """
            {"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}]},
             "validations":[{"expression":"authorizer.group('').resource('pods').check('get').allowed() && !authorizer.group('').resource('pods').check('delete').allowed()"}]}}
            """)).Error);
        Assert.Null((await CreateAsync(store, ResourceTypes.ValidatingAdmissionPolicyBindings, "", """{"metadata":{"name":"p"},"spec":{"policyName":"p","validationActions":["Deny"]}}""")).Error);
        await ExpectAsync(null, CreateAsync(store, ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"c"}}""", new UserInfo("jane", "", [])));
        Assert.Equal(["get", "delete"], authorizer.Asked);
    }

    /// <summary>Answers later, as one that asks a webhook does.</summary>
    private sealed class SlowAuthorizer : IAuthorizer
    {
        public List<string> Asked { get; } = [];

        public async ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
        {
            Asked.Add(request.Verb);
            await Task.Yield();
            return new AccessDecision(request.Verb == "get" ? AccessVerdict.Allow : AccessVerdict.Deny);
        }
    }

    private static UserInfo Node(string name) => new($"system:node:{name}", "", ["system:nodes", UserInfo.Authenticated]);

    private static async Task<StoreResult> ExpectAsync(string? refusal, Task<StoreResult> pending)
    {
        var result = await pending;
        if (refusal is null) Assert.True(result.Error is null, result.Error?.Message);
        else
        {
            Assert.Equal(403, result.Error!.Code);
            Assert.Contains(refusal, result.Error.Message, StringComparison.Ordinal);
        }
        return result;
    }

    private async Task<ResourceStore> StoreAsync(string plugin, AuthorizationCheck? authorizer = null, string annotations = "{}", PodSecuritySettings? security = null)
    {
        var store = new ResourceStore(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System, new RandomIdentitySource(),
            AdmissionPlugins.Build([plugin], new AdmissionServices { Authorizer = authorizer, PodSecurity = security ?? PodSecuritySettings.None }));
        foreach (var ns in (string[])["default", "kube-node-lease"])
            await CreateAsync(store, ResourceTypes.Namespaces, "", $$"""{"metadata":{"annotations":{{annotations}},"name":"{{ns}}"} }""");
        return store;
    }

    private async Task<StoreResult> AdmitAsync(string plugin, AdmissionRequest request) =>
        await (await StoreAsync(plugin)).AdmitAsync(request) is { } error ? StoreResult.Refused(error) : StoreResult.Of(request.Stored!);

    private static Task<StoreResult> CreatePodAsync(ResourceStore store, string name, string spec) => CreateAsync(store, ResourceTypes.Pods, "default",
        "{\"metadata\":{\"name\":\"" + name + "\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]" + spec + "}}");

    private static Task<StoreResult> CreateAsync(ResourceStore store, ResourceType type, string ns, string json, UserInfo? user = null)
    {
        var schema = store.SchemaOf(type);
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(json), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        Defaulting.Apply(schema, decoded.Tree!);
        return store.CreateAsync(schema, ns, decoded.Tree!, user is null ? null : new WriteOptions { User = user });
    }

    private static Task<StoreResult> PatchAsync(ResourceStore store, ResourceType type, ObjectKey key, string patch, UserInfo? user = null, string subresource = "") =>
        store.PatchAsync(store.SchemaOf(type), key, tree => (JsonMergePatch.Apply(tree, JsonNode.Parse(patch)!.AsObject()), null), subresource,
            user is null ? null : new WriteOptions { User = user });
}
