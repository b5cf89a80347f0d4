using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Authorization;

/// <summary>What an AuthorizationConfiguration may say, and about which requests a webhook is asked.</summary>
public sealed class AuthorizationConfigurationTests
{
    private const string Webhook =
        """ "timeout":"3s","subjectAccessReviewVersion":"v1","failurePolicy":"Deny","matchConditionSubjectAccessReviewVersion":"v1","connectionInfo":{"type":"InClusterConfig"} """;

    [Theory]
    [InlineData("[]", "authorizers: Required value: at least one authorization mode must be defined")]
    [InlineData("""[{},{"type":"ABAC","name":"abac"},{"type":"RBAC"},{"type":"RBAC","name":"rbac"},{"type":"Node","name":"A_b","webhook":{}}]""",
        "authorizers[0].type: Required value",
        "authorizers[1].type: Unsupported value: \"ABAC\": supported values: \"AlwaysAllow\", \"AlwaysDeny\", \"Node\", \"RBAC\", \"Webhook\"",
        "authorizers[2].name: Required value", "authorizers[3].type: Duplicate value: \"RBAC\"",
        "authorizers[4].name: Invalid value: \"A_b\": authorizer name is invalid: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "authorizers[4].webhook: Invalid value: \"non-null\": may only be specified when type=Webhook")]
    [InlineData("""[{"type":"Webhook","name":"a"},{"type":"Webhook","name":"a","webhook":{}}]""",
        "authorizers[0].webhook: Required value: required when type=Webhook", "authorizers[1].name: Duplicate value: \"a\"", "authorizers[1].timeout: Required value",
        "authorizers[1].subjectAccessReviewVersion: Required value", "authorizers[1].failurePolicy: Required value", "authorizers[1].connectionInfo.type: Required value")]
    [InlineData("""[{"type":"Webhook","name":"a","webhook":{"timeout":"31s","authorizedTTL":"-1s","unauthorizedTTL":"-2m","subjectAccessReviewVersion":"v2","failurePolicy":"Ask","matchConditionSubjectAccessReviewVersion":"v1beta1","connectionInfo":{"type":"Url"} }}]""",
        "authorizers[0].timeout: Invalid value: \"31s\": must be > 0s and <= 30s", "authorizers[0].authorizedTTL: Invalid value: \"-1s\": must be > 0s",
        "authorizers[0].unauthorizedTTL: Invalid value: \"-2m0s\": must be > 0s", "authorizers[0].subjectAccessReviewVersion: Unsupported value: \"v2\": supported values: \"v1\", \"v1beta1\"",
        "authorizers[0].matchConditionSubjectAccessReviewVersion: Unsupported value: \"v1beta1\": supported values: \"v1\"",
        "authorizers[0].failurePolicy: Unsupported value: \"Ask\": supported values: \"NoOpinion\", \"Deny\"",
        "authorizers[0].connectionInfo.type: Unsupported value: \"Url\": supported values: \"InClusterConfig\", \"KubeConfigFile\"")]
    [InlineData("""[{"type":"Webhook","name":"a","webhook":{"timeout":"3s","subjectAccessReviewVersion":"v1","failurePolicy":"Deny","connectionInfo":{"type":"KubeConfigFile","kubeConfigFile":"here"},"matchConditions":[{"expression":"true"}]}}]""",
        "authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified",
        "authorizers[0].connectionInfo.kubeConfigFile: Invalid value: \"here\": must be an absolute path")]
    [InlineData("""[{"type":"Webhook","name":"a","webhook":{"timeout":"3s","subjectAccessReviewVersion":"v1","failurePolicy":"Deny","connectionInfo":{"type":"KubeConfigFile","kubeConfigFile":"/none"} }}]""",
        "authorizers[0].connectionInfo.kubeConfigFile: Invalid value: \"/none\": error loading file: none")]
    [InlineData($$"""[{"type":"Webhook","name":"a","webhook":{ {{Webhook}} ,"matchConditions":[{"expression":" "},{"expression":"request.user"},{"expression":"request.users == ''"},{"expression":"true"},{"expression":"true"}]} }]""",
        "authorizers[0].matchConditions[0].expression: Required value",
        "authorizers[0].matchConditions[1].expression: Invalid value: \"request.user\": must evaluate to bool but got string",
        "authorizers[0].matchConditions[2].expression: Invalid value: \"request.users == ''\": compilation failed: ERROR: <input>:1:8: undefined field 'users'\n | request.users == ''\n | .......^",
        "authorizers[0].matchConditions[4].expression: Duplicate value: \"true\"")]
    public void Read_WrongFile_IsTold(string authorizers, params string[] expected) => Assert.Equal(expected, FaultsOf(authorizers));

    [Fact]
    public void Read_TooManyConditions_AreTold() => Assert.Equal(["authorizers[0].matchConditions: Too many: 65: must have at most 64 items"],
        FaultsOf($$"""[{"type":"Webhook","name":"a","webhook":{ {{Webhook}} ,"matchConditions":[{{string.Join(',', Enumerable.Range(0, 65).Select(static n => $$"""{"expression":"{{n}} == 1"}"""))}}]} }]"""));

    [Fact]
    public void Read_Defaults_AndOrder()
    {
        var read = Read($$"""[{"type":"Webhook","name":"first","webhook":{ {{Webhook}} } },{"type":"Node","name":"node"},{"type":"Webhook","name":"second","webhook":{ {{Webhook}} ,"authorizedTTL":"1s"} }]""", out var faults);
        Assert.True(faults.IsEmpty);
        Assert.Equal(["first", "node", "second"], read.Authorizers.Select(static a => a.Name));
        var webhook = read.Authorizers[0].Webhook!;
        Assert.Equal((300, 30, 3, true), (webhook.AuthorizedTtl.TotalSeconds, webhook.UnauthorizedTtl.TotalSeconds, webhook.Timeout.TotalSeconds, webhook.DeniesOnFailure));
        Assert.Equal(1, read.Authorizers[2].Webhook!.AuthorizedTtl.TotalSeconds);
        Assert.Equal(["Node"], read.OwnTypes.AsEnumerable());
    }

    [Fact]
    public void Unfit_NamesOfTypes_AndTypesThatMustStay()
    {
        var read = Read("""[{"type":"Node","name":"mine"},{"type":"AlwaysDeny","name":"alwaysdeny"}]""", out _);
        Assert.Equal("expected name node for authorizer Node instead of mine", read.Unfit([]));
        Assert.Equal("[expected name node for authorizer Node instead of mine, missing required types: [RBAC]]", read.Unfit(["RBAC", "Node"]));
        Assert.Equal("authorizer type RBAC is not allowed if it was not enabled at initial server startup", AuthorizationConfiguration.Of(["RBAC", "AlwaysAllow"]).Unfit([], []));
        Assert.Null(AuthorizationConfiguration.Default.Unfit(["RBAC", "Node"], ["RBAC", "Node"]));
    }

    [Theory]
    [InlineData(true, "request.resourceAttributes.namespace == 'default'", "request.user == 'jane' && 'dev' in request.groups && request.uid == 'u1'")]
    [InlineData(true, "request.resourceAttributes.subresource == '' && request.resourceAttributes.name == ''", "request.extra['a'].size() == 1")]
    [InlineData(true, "request.resourceAttributes.labelSelector.requirements.exists(r, r.key == 'app' && r.operator == 'In' && r.values == ['web'])")]
    [InlineData(true, "request.resourceAttributes.fieldSelector.requirements[0].key == 'spec.nodeName'", "!has(request.nonResourceAttributes)")]
    [InlineData(false, "request.resourceAttributes.verb == 'get'")]
    // What is false decides, whatever became of the others.
    [InlineData(false, "request.nonResourceAttributes.path == '/x'", "request.user == 'joe'")]
    [InlineData(null, "request.nonResourceAttributes.path == '/x'", "true")]
    public void Conditions_SeeTheWholeRequest(bool? expected, params string[] conditions)
    {
        var read = Read($$"""[{"type":"Webhook","name":"a","webhook":{ {{Webhook}} ,"matchConditions":[{{string.Join(',', conditions.Select(static c => new JsonObject { ["expression"] = c }.ToJsonString()))}}]} }]""", out var faults);
        Assert.Empty(faults.Causes);
        var jane = new UserInfo("jane", "u1", ["dev"]) { Extra = new UserInfo("", "", []).Extra.Add("a", ["b"]) };
        var request = AccessRequest.OfResource(jane, "list", "", "pods", "default") with { LabelSelector = "app=web", FieldSelector = "spec.nodeName=n1" };
        var (matches, fault, _) = read.Authorizers[0].Webhook!.Conditions.Evaluate(request);
        Assert.Equal(expected == true, matches);
        if (expected is null) Assert.Equal("cel evaluation error: expression 'request.nonResourceAttributes.path == '/x'' resulted in error: no such key: nonResourceAttributes", fault);
        else Assert.Null(fault);
    }

    [Fact]
    public void Conditions_ThatCostTooMuch_AreAFault()
    {
        var read = Read($$"""[{"type":"Webhook","name":"a","webhook":{ {{Webhook}} ,"matchConditions":[{"expression":"request.groups.all(a, request.groups.all(b, request.groups.all(c, a + b + c != 'x')))"}]} }]""", out _);
        var many = new UserInfo("jane", "", [.. Enumerable.Range(0, 200).Select(static n => $"group-{n}")]);
        var (matches, fault, _) = read.Authorizers[0].Webhook!.Conditions.Evaluate(AccessRequest.OfResource(many, "get", "", "pods"));
        Assert.False(matches);
        Assert.Contains("operation cancelled: actual cost limit exceeded", fault, StringComparison.Ordinal);
    }

    private static string[] FaultsOf(string authorizers)
    {
        Read(authorizers, out var faults);
        return [.. faults.Causes.Select(static c => $"{c.Field}: {c.Message}")];
    }

    private static AuthorizationConfiguration Read(string authorizers, out FaultList faults)
    {
        var parsed = ObjectJson.Parse(Encoding.UTF8.GetBytes($$"""{"authorizers":{{authorizers}}}"""));
        Assert.Null(parsed.Fault);
        return AuthorizationConfiguration.Read((JsonObject)parsed.Tree!, static path => path == "/none" ? "error loading file: none" : null, faults = new FaultList());
    }
}
