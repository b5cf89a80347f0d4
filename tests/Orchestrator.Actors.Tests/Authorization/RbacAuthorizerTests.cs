using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Kinds.Roles;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Authorization;

/// <summary>What rules allow, whom bindings reach, and what the default roles grant.</summary>
public sealed class RbacAuthorizerTests
{
    private static readonly UserInfo Jane = new("jane", "", ["dev", UserInfo.Authenticated]);

    [Theory]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}""", "get", "", "pods", "", "", true)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}""", "list", "", "pods", "", "", false)]
    [InlineData("""{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}""", "delete", "apps", "deployments", "scale", "x", true)]
    [InlineData("""{"verbs":["get"],"apiGroups":["apps"],"resources":["pods"]}""", "get", "", "pods", "", "", false)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}""", "get", "", "pods", "log", "a", false)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["pods/log"]}""", "get", "", "pods", "log", "a", true)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["pods/log"]}""", "get", "", "pods", "", "a", false)]
    [InlineData("""{"verbs":["update"],"apiGroups":["*"],"resources":["*/scale"]}""", "update", "apps", "deployments", "scale", "a", true)]
    [InlineData("""{"verbs":["update"],"apiGroups":["*"],"resources":["*/scale"]}""", "update", "apps", "deployments", "status", "a", false)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["a"]}""", "get", "", "secrets", "", "a", true)]
    [InlineData("""{"verbs":["get"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["a"]}""", "get", "", "secrets", "", "b", false)]
    [InlineData("""{"verbs":["list"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["a"]}""", "list", "", "secrets", "", "", false)]
    [InlineData("""{"verbs":["*"],"nonResourceURLs":["*"]}""", "get", "", "pods", "", "", false)]
    public void Rule_OfResources_AllowsWhatItNames(string rule, string verb, string group, string resource, string subresource, string name, bool allowed) =>
        Assert.Equal(allowed, Rule(rule).Allows(AccessRequest.OfResource(Jane, verb, group, resource, "default", name, subresource)));

    [Theory]
    [InlineData("/healthz", "/healthz", true)]
    [InlineData("/healthz", "/healthz/etcd", false)]
    [InlineData("/healthz/*", "/healthz/etcd", true)]
    [InlineData("/apis/*", "/api", false)]
    [InlineData("*", "/anything", true)]
    public void Rule_OfPaths_AllowsWhatItNames(string url, string path, bool allowed) =>
        Assert.Equal(allowed, Rule($$"""{"verbs":["get"],"nonResourceURLs":["{{url}}"]}""").Allows(new AccessRequest(Jane, "get") { Path = path }));

    [Theory]
    [InlineData("""[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]""", """[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]""", "")]
    [InlineData("""[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]},{"verbs":["list"],"apiGroups":[""],"resources":["pods"]}]""",
        """[{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}]""", "")]
    [InlineData("""[{"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}]""", """[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]""",
        """{APIGroups:[""], Resources:["pods"], Verbs:["get"]}""")]
    [InlineData("""[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]""", """[{"verbs":["get","list","watch"],"apiGroups":[""],"resources":["pods"]}]""",
        """{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}""")]
    [InlineData("""[{"verbs":["get"],"nonResourceURLs":["/a/*"]}]""", """[{"verbs":["get"],"nonResourceURLs":["/a/b","/c"]}]""", """{NonResourceURLs:["/c"], Verbs:["get"]}""")]
    public void Cover_IsWhatIsHeld_AndTheRestIsNamed(string held, string wanted, string missing) =>
        Assert.Equal(missing, string.Join('\n', RuleCover.Compact(RuleCover.Uncovered(Rules(held), Rules(wanted)))));

    [Fact]
    public async Task Bindings_ReachUsersGroupsAndAccounts_InTheirNamespaceOnly()
    {
        var (store, rbac) = await StartAsync();
        await store.CreateAsync(ResourceTypes.ClusterRoles, "", """{"metadata":{"name":"reader"},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}""");
        await BindAsync(store, "users", """{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}""");
        await BindAsync(store, "groups", """{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"ops"}""");
        await BindAsync(store, "accounts", """{"kind":"ServiceAccount","name":"bot","namespace":"default"}""");
        var bot = new UserInfo("system:serviceaccount:default:bot", "", []);
        var omar = new UserInfo("omar", "", ["ops"]);

        Assert.Equal("""RBAC: allowed by RoleBinding "users/default" of ClusterRole "reader" to User "jane" """.TrimEnd(), (await AskAsync(rbac, Jane, "default")).Reason);
        Assert.True((await AskAsync(rbac, omar, "default")).Allowed);
        Assert.True((await AskAsync(rbac, bot, "default")).Allowed);
        Assert.False((await AskAsync(rbac, Jane, "other")).Allowed);
        Assert.False((await AskAsync(rbac, Jane, "")).Allowed);

        var schema = store.Store.SchemaOf(ResourceTypes.RoleBindings);
        Assert.Null((await store.Store.DeleteAsync(schema, new ObjectKey("default", "users"), new Orchestrator.Actors.Admission.DeleteOptions())).Error);
        Assert.False((await AskAsync(rbac, Jane, "default")).Allowed);
        Assert.True((await AskAsync(rbac, omar, "default")).Allowed);
    }

    [Fact]
    public async Task Binding_OfNoRole_IsNamedInTheRefusal()
    {
        var (store, rbac) = await StartAsync();
        await BindAsync(store, "users", """{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}""");

        Assert.Equal("RBAC: clusterrole.rbac.authorization.k8s.io \"reader\" not found", (await AskAsync(rbac, Jane, "default")).Reason);
    }

    [Fact]
    public async Task DefaultRoles_AreMadeOnce_AndGetBackWhatTheyLack()
    {
        var store = await StoreFixture.WithNamespaceAsync("kube-system");
        await store.CreateAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"kube-public"}}""");
        await DefaultRolesReconciler.RunAsync(store.Store);
        var made = store.Registries.Batches;
        await DefaultRolesReconciler.RunAsync(store.Store);
        Assert.Equal(made, store.Registries.Batches);

        var informer = await store.Registries.InformerAsync(ResourceTypes.ClusterRoles);
        var tree = informer.Get(new ObjectKey("", "system:basic-user"))!.ToTree();
        tree["rules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("get"), ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray("pods") });
        Assert.Null((await store.Store.UpdateAsync(store.Store.SchemaOf(ResourceTypes.ClusterRoles), new ObjectKey("", "system:basic-user"), tree)).Error);
        await DefaultRolesReconciler.RunAsync(store.Store);
        Assert.Equal(3, RoleView.Of(informer.Get(new ObjectKey("", "system:basic-user"))!).Rules.Length);
    }

    [Fact]
    public void DefaultRoles_AreThoseOfKubernetes()
    {
        var all = DefaultRoles.Read();

        Assert.Equal(all.Length, all.Select(static o => (o.Type, o.Key)).Distinct().Count());
        foreach (var name in (string[])["cluster-admin", "admin", "edit", "view", "system:node", "system:kube-scheduler", "system:controller:job-controller", "system:public-info-viewer"])
            Assert.Contains(all, o => o.Type == ResourceTypes.ClusterRoles && o.Key.Name == name);
        // Every binding grants a role that is there.
        foreach (var binding in all.Where(static o => o.Tree["roleRef"] is not null))
        {
            var role = (string)binding.Tree["roleRef"]!["name"]!;
            Assert.Contains(all, o => o.Tree["roleRef"] is null && o.Key.Name == role && (o.Key.Namespace.Length == 0 || o.Key.Namespace == binding.Key.Namespace));
        }
    }

    [Fact]
    public void Aggregation_GathersRulesByLabel_AndIsStillWhenThereIsNothingToDo()
    {
        var edit = Stored("edit", """{"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to-edit":"true"}}]}}""", "");
        var part = Stored("part", """{"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}""", "\"to-edit\":\"true\"");
        var other = Stored("other", """{"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["nodes"]}]}""", "");

        var action = Assert.Single(ClusterRoleAggregationController.Reconcile(edit, [edit, part, other]).Actions);
        var patched = edit.ToTree();
        patched["rules"] = ((Orchestrator.Actors.Controllers.PatchAction)action).Patch["rules"]!.DeepClone();
        var gathered = new StoredObject(edit.Key, 2, Encoding.UTF8.GetBytes(patched.ToJsonString()));

        Assert.Equal("""{APIGroups:[""], Resources:["pods"], Verbs:["get"]}""", RoleView.Of(gathered).Rules.Single().ToString());
        Assert.Empty(ClusterRoleAggregationController.Reconcile(gathered, [gathered, part, other]).Actions);
    }

    private static StoredObject Stored(string name, string json, string labels)
    {
        var tree = JsonNode.Parse(json)!.AsObject();
        tree["metadata"] = JsonNode.Parse($$"""{"name":"{{name}}","uid":"u","labels":{ {{labels}} } }""");
        return new StoredObject(new ObjectKey("", name), 1, Encoding.UTF8.GetBytes(tree.ToJsonString()));
    }

    private static async Task<(StoreFixture Store, RbacAuthorizer Rbac)> StartAsync()
    {
        var store = await StoreFixture.WithNamespaceAsync();
        var rbac = new RbacAuthorizer(store.Registries);
        await rbac.StartAsync();
        return (store, rbac);
    }

    private static async Task BindAsync(StoreFixture store, string name, string subject)
    {
        var made = await store.CreateAsync(ResourceTypes.RoleBindings, "default",
            $$"""{"metadata":{"name":"{{name}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"reader"},"subjects":[{{subject}}]}""");
        Assert.Null(made.Error);
    }

    private static ValueTask<AccessDecision> AskAsync(RbacAuthorizer rbac, UserInfo user, string ns) =>
        rbac.DecideAsync(AccessRequest.OfResource(user, "get", "", "pods", ns, "p"), CancellationToken.None);

    private static PolicyRule Rule(string json)
    {
        using var document = JsonDocument.Parse(json);
        return PolicyRule.Read(document.RootElement);
    }

    private static System.Collections.Immutable.ImmutableArray<PolicyRule> Rules(string json)
    {
        using var document = JsonDocument.Parse(json);
        return PolicyRule.ReadAll(document.RootElement);
    }
}
