using System.Net;
using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A server that decides by roles.</summary>
public sealed class RbacServer : ApiServerFixture
{
    private AccessControl? _control;

    private AccessControl Control => _control ??= new AccessControl(AuthorizationConfiguration.Default, Registries);

    protected override ApiServerOptions Configure(ApiServerOptions options) => options with { Authorizer = Control };

    protected override ResourceStore MakeStore() => new(Registries, () => Catalog, TimeProvider.System,
        admission: AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices { Authorizer = Control.AllowsAsync, More = [new RoleEscalation(Control)] }));
}

/// <summary>401 and 403, and what turns them into answers.</summary>
public sealed class AccessTests(RbacServer server) : IClassFixture<RbacServer>
{
    private const string Roles = "/apis/rbac.authorization.k8s.io/v1";

    [Theory]
    [InlineData("GET", "/api/v1/pods", "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" at the cluster scope")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/a", "pods \"a\" is forbidden: User \"jane\" cannot get resource \"pods\" in API group \"\" in the namespace \"other\"")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/a/log", "pods \"a\" is forbidden: User \"jane\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"other\"")]
    [InlineData("DELETE", "/apis/apps/v1/namespaces/other/deployments", "deployments.apps is forbidden: User \"jane\" cannot deletecollection resource \"deployments\" in API group \"apps\" in the namespace \"other\"")]
    [InlineData("GET", "/metrics", "forbidden: User \"jane\" cannot get path \"/metrics\"")]
    public async Task User_WithoutRole_IsForbidden(string method, string path, string message)
    {
        var (code, json) = await SendAsync(method, path, ApiServerFixture.Token);

        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Equal("Forbidden", (string?)json!["reason"]);
        Assert.Equal(message, (string?)json["message"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    [InlineData("a.b.c")]
    public async Task Stranger_IsUnauthorized(string? token) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync("GET", "/api/v1/pods", token)).Code);

    [Fact]
    public async Task Role_LetsIn_AtOnce_AndNoFurther()
    {
        await GrantAsync("reader", """[{"verbs":["get","list"],"apiGroups":[""],"resources":["configmaps"]}]""", "dev", "default");

        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "/api/v1/namespaces/default/configmaps", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", "/api/v1/namespaces/default/configmaps/none", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", "/api/v1/namespaces/other/configmaps", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", "/api/v1/namespaces/default/configmaps?watch=true", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", "/api/v1/namespaces/default/configmaps", ApiServerFixture.Token, """{"metadata":{"name":"x"}}""")).Code);
    }

    [Fact]
    public async Task Grant_OfWhatOneDoesNotHold_IsForbidden()
    {
        await GrantAsync("granter", """[{"verbs":["create"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"]},{"verbs":["get"],"apiGroups":[""],"resources":["services"]}]""", "ops", "default");

        var held = await SendAsync("POST", $"{Roles}/namespaces/default/roles", ApiServerFixture.Token,
            """{"metadata":{"name":"mine"},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["services"]}]}""");
        var more = await SendAsync("POST", $"{Roles}/namespaces/default/roles", ApiServerFixture.Token,
            """{"metadata":{"name":"more"},"rules":[{"verbs":["get","delete"],"apiGroups":[""],"resources":["services"]}]}""");
        var none = await SendAsync("POST", $"{Roles}/namespaces/default/rolebindings", ApiServerFixture.Token,
            """{"metadata":{"name":"none"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"absent"}}""");

        Assert.Equal(HttpStatusCode.Created, held.Code);
        Assert.Equal(HttpStatusCode.Forbidden, more.Code);
        Assert.Contains("is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"services\"], Verbs:[\"delete\"]}", (string?)more.Json!["message"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, none.Code);
    }

    [Fact]
    public async Task Impersonation_NeedsItsRight_AndTakesAllHeaders()
    {
        var refused = await SendAsync("GET", "/api/v1/pods", ApiServerFixture.Token, headers: ("Impersonate-User", "bob"));
        Assert.Equal("users \"bob\" is forbidden: User \"jane\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope", (string?)refused.Json!["message"]);

        // Every cluster starts with this right for everyone; here there are no roles but those that tests make.
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterroles",
            """{"metadata":{"name":"basic"},"rules":[{"verbs":["create"],"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"]}]}""")).Code);
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterrolebindings",
            """{"metadata":{"name":"basic"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"basic"},"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:serviceaccounts"}]}""")).Code);
        var (_, json, _) = await AsAdminAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}",
            ("Impersonate-User", "system:serviceaccount:default:bot"), ("Impersonate-Uid", "u"), ("Impersonate-Extra-Scopes", "view"));
        var user = json!["status"]!["userInfo"]!;
        Assert.Equal("u", (string?)user["uid"]);
        Assert.Equal("view", (string?)user["extra"]!["scopes"]![0]);
        Assert.Equal(["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"], user["groups"]!.AsArray().Select(static g => (string)g!));
    }

    [Fact]
    public async Task Reviews_AnswerAsRequestsAreDecided()
    {
        await GrantAsync("reviewed", """[{"verbs":["list"],"apiGroups":["apps"],"resources":["deployments"]}]""", "reviewers", "default");
        const string Attributes = "\"resourceAttributes\":{\"namespace\":\"default\",\"verb\":\"list\",\"group\":\"apps\",\"resource\":\"deployments\"}";

        var yes = await server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", $$"""{"spec":{"user":"x","groups":["reviewers"], {{Attributes}} } }""");
        var no = await server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", $$"""{"spec":{"user":"x", {{Attributes}} } }""");
        var wrong = await server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", $$"""{"spec":{ {{Attributes}} } }""");
        var token = await server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/tokenreviews", $$"""{"spec":{"token":"{{ApiServerFixture.Token}}" } }""");

        Assert.True((bool)yes.Json!["status"]!["allowed"]!);
        Assert.Equal("RBAC: allowed by RoleBinding \"reviewed/default\" of Role \"reviewed\" to Group \"reviewers\"", (string?)yes.Json["status"]!["reason"]);
        Assert.False((bool)no.Json!["status"]!["allowed"]!);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Code);
        Assert.Equal("jane", (string?)token.Json!["status"]!["user"]!["username"]);
        Assert.Equal(["https://kubernetes.default.svc.cluster.local"], token.Json["status"]!["audiences"]!.AsArray().Select(static a => (string?)a));
        // A token that says nothing of audiences is meant for the API server, and for nobody else.
        var vault = await server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/tokenreviews", $$"""{"spec":{"token":"{{ApiServerFixture.Token}}","audiences":["vault"] } }""");
        Assert.Null(vault.Json!["status"]!["authenticated"]);
    }

    [Fact]
    public async Task Role_ByName_ReachesAListOfThatName_AndNoDeletionOfSeveral()
    {
        await GrantAsync("named", """[{"verbs":["list","watch","deletecollection"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["mine"]}]""", "dev", "default");
        const string Secrets = "/api/v1/namespaces/default/secrets";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", Secrets + "?fieldSelector=metadata.name%3Dmine", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", Secrets + "?fieldSelector=type!%3Dx,metadata.name%3D%3Dmine", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", Secrets + "?fieldSelector=metadata.name!%3Dmine", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", Secrets + "?fieldSelector=type!%3D%5C,metadata.name%3Dmine", ApiServerFixture.Token)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("DELETE", Secrets + "?fieldSelector=metadata.name%3Dmine", ApiServerFixture.Token)).Code);
    }

    [Fact]
    public async Task AggregationRule_IsTakenAwayByNobodyWhoMayNotSetIt()
    {
        await GrantClusterAsync("updater", """[{"verbs":["get","update","create"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"]}]""", "ops");
        const string Path = $"{Roles}/clusterroles/gathered";
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterroles",
            """{"metadata":{"name":"gathered"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]},"rules":[]}""")).Code);
        var refused = await SendAsync("PUT", Path, ApiServerFixture.Token, """{"metadata":{"name":"gathered"},"rules":[]}""");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Code);
        Assert.EndsWith("must have cluster-admin privileges to use aggregationRule", (string?)refused.Json!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Escalate_OnANamedRole_IsNoRightToMakeIt()
    {
        await GrantClusterAsync("escalator", """[{"verbs":["create","update"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"]},{"verbs":["escalate"],"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"resourceNames":["high"]}]""", "dev");
        const string Role = """{"metadata":{"name":"high"},"rules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]}""";
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", $"{Roles}/clusterroles", ApiServerFixture.Token, Role)).Code);
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterroles", """{"metadata":{"name":"high"},"rules":[]}""")).Code);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", $"{Roles}/clusterroles/high", ApiServerFixture.Token, Role)).Code);
    }

    [Theory]
    [InlineData("\"fieldSelector\":{}", "spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required")]
    [InlineData("\"fieldSelector\":{\"rawSelector\":\"a=b\",\"requirements\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"b\"]}]}", "spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as requirements")]
    [InlineData("\"fieldSelector\":{\"requirements\":[{\"key\":\"\",\"operator\":\"In\"}]}", "spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified")]
    [InlineData("\"labelSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"In\"}]}", "spec.resourceAttributes.labelSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'")]
    [InlineData("\"labelSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"Exists\",\"values\":[\"b\"]}]}", "spec.resourceAttributes.labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    [InlineData("\"labelSelector\":{\"requirements\":[{\"key\":\"-a\",\"operator\":\"Exists\"}]}", "spec.resourceAttributes.labelSelector.requirements[0].key: Invalid value: \"-a\": ")]
    public async Task Review_WrongSelector_IsRefused(string selector, string fault)
    {
        var (code, json, _, _) = await ReviewAsync(selector);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
        Assert.Contains(fault, (string?)json!["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"fieldSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"b\",\"c\"]}]}", "spec.resourceAttributes.fieldSelector ignored due to parse error")]
    [InlineData("\"fieldSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"b=,c\"]},{\"key\":\"a\",\"operator\":\"Near\"}]}", "spec.resourceAttributes.fieldSelector partially ignored due to parse error")]
    [InlineData("\"fieldSelector\":{\"rawSelector\":\"a\"},\"labelSelector\":{\"rawSelector\":\"a in\"}",
        "spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error")]
    [InlineData("\"labelSelector\":{\"requirements\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"b\",\"c\"]},{\"key\":\"d\",\"operator\":\"Exists\"}]}", null)]
    public async Task Review_SelectorThatCannotBeRead_NarrowsNothing_AndIsTold(string selector, string? remark)
    {
        var (code, json, _, _) = await ReviewAsync(selector);
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal(remark, (string?)json!["status"]!["evaluationError"]);
    }

    private Task<(HttpStatusCode Code, JsonNode? Json, System.Net.Http.Headers.HttpResponseHeaders Headers, string Text)> ReviewAsync(string selector) =>
        server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", $$$"""{"spec":{"user":"x","resourceAttributes":{"verb":"list","resource":"pods",{{{selector}}} } } }""");

    private async Task GrantClusterAsync(string name, string rules, string group)
    {
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterroles", $$"""{"metadata":{"name":"{{name}}"},"rules":{{rules}} }""")).Code);
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/clusterrolebindings",
            $$"""{"metadata":{"name":"{{name}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{{name}}"},"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"{{group}}"}]}""")).Code);
    }

    private async Task GrantAsync(string name, string rules, string group, string ns)
    {
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/namespaces/{ns}/roles", $$"""{"metadata":{"name":"{{name}}"},"rules":{{rules}} }""")).Code);
        Assert.Equal(HttpStatusCode.Created, (await server.SendAsync(HttpMethod.Post, $"{Roles}/namespaces/{ns}/rolebindings",
            $$"""{"metadata":{"name":"{{name}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"{{name}}"},"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"{{group}}"}]}""")).Code);
    }

    private Task<(HttpStatusCode Code, JsonNode? Json, string Text)> AsAdminAsync(string path, string body, params (string, string)[] headers) =>
        SendAsync(server.Admin, "POST", path, null, body, headers);

    private async Task<(HttpStatusCode Code, JsonNode? Json)> SendAsync(string method, string path, string? token, string? body = null, params (string, string)[] headers)
    {
        var (code, json, _) = await SendAsync(server.Stranger, method, path, token, body, headers);
        return (code, json);
    }

    private static async Task<(HttpStatusCode Code, JsonNode? Json, string Text)> SendAsync(
        HttpClient client, string method, string path, string? token, string? body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) request.Headers.Add("Authorization", $"Bearer {token}");
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null, text);
    }
}
