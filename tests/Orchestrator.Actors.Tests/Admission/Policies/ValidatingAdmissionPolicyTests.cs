using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.ValidatingAdmissionPolicies;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Admission.Policies;

public sealed class ValidatingAdmissionPolicyTests
{
    private const string ConfigMaps = """ "matchConstraints":{"resourceRules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]} """;

    private static Task<StoreResult> PolicyAsync(StoreFixture fixture, string spec, string match = ConfigMaps) =>
        fixture.CreateAsync(ResourceTypes.ValidatingAdmissionPolicies, "", "{\"metadata\":{\"name\":\"demo.example.com\"},\"spec\":{" + match + "," + spec + "}}");

    private static Task<StoreResult> BindAsync(StoreFixture fixture, string more = "\"validationActions\":[\"Deny\"]", string name = "demo") =>
        fixture.CreateAsync(ResourceTypes.ValidatingAdmissionPolicyBindings, "", "{\"metadata\":{\"name\":\"" + name + "\"},\"spec\":{\"policyName\":\"demo.example.com\"," + more + "}}");

    private static Task<StoreResult> ConfigMapAsync(StoreFixture fixture, string name, string more = "", AdmissionNotes? notes = null) =>
        fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", "{\"metadata\":{\"name\":\"" + name + "\"}" + more + "}", new WriteOptions { Notes = notes ?? new AdmissionNotes() });

    private static async Task<StoreFixture> BoundAsync(string spec, string binding = "\"validationActions\":[\"Deny\"]", string match = ConfigMaps)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await PolicyAsync(fixture, spec, match)).Error);
        Assert.Null((await BindAsync(fixture, binding)).Error);
        return fixture;
    }

    [Fact]
    public async Task Create_BrokenRule_IsRefusedWithTheMessage()
    {
        var fixture = await BoundAsync("""
            "variables":[{"name":"size","expression":"has(object.data) ? size(object.data) : 0"},{"name":"twice","expression":"variables.size * 2"}],
            "validations":[{"expression":"variables.twice <= 2","messageExpression":"'has ' + string(variables.size) + ' keys'","reason":"Forbidden"}]
            """);
        Assert.Null((await ConfigMapAsync(fixture, "good", ",\"data\":{\"a\":\"1\"}")).Error);
        var error = (await ConfigMapAsync(fixture, "bad", ",\"data\":{\"a\":\"1\",\"b\":\"2\"}")).Error!;
        Assert.Equal((403, "Forbidden"), (error.Code, error.Reason));
        Assert.Equal("configmaps \"bad\" is forbidden: ValidatingAdmissionPolicy 'demo.example.com' with binding 'demo' denied request: has 2 keys", error.Message);
    }

    [Fact]
    public async Task Create_RuleWithoutMessage_NamesTheExpression()
    {
        var fixture = await BoundAsync(""" "validations":[{"expression":"object.metadata.name != 'bad'"}] """);
        var error = (await ConfigMapAsync(fixture, "bad")).Error!;
        Assert.Equal((422, "Invalid"), (error.Code, error.Reason));
        Assert.EndsWith("denied request: failed expression: object.metadata.name != 'bad'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithoutBinding_PolicyDoesNothing()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Assert.Null((await PolicyAsync(fixture, """ "validations":[{"expression":"false"}] """)).Error);
        Assert.Null((await ConfigMapAsync(fixture, "any")).Error);
    }

    [Theory]
    [InlineData("Fail", false)]
    [InlineData("Ignore", true)]
    public async Task Create_ExpressionFails_FailurePolicyDecides(string failurePolicy, bool admitted)
    {
        var fixture = await BoundAsync($$""" "failurePolicy":"{{failurePolicy}}","validations":[{"expression":"object.data.missing == 'x'"}] """);
        var error = (await ConfigMapAsync(fixture, "c", ",\"data\":{\"a\":\"1\"}")).Error;
        Assert.Equal(admitted, error is null);
        if (!admitted) Assert.EndsWith("denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: missing", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WarnAndAudit_AreNoted()
    {
        var fixture = await BoundAsync("""
            "validations":[{"expression":"false","message":"never"}],"auditAnnotations":[{"key":"who","valueExpression":"'by ' + request.userInfo.username"},{"key":"none","valueExpression":"null"}]
            """, "\"validationActions\":[\"Warn\",\"Audit\"]");
        var notes = new AdmissionNotes();
        Assert.Null((await ConfigMapAsync(fixture, "c", notes: notes)).Error);
        Assert.Equal(["Validation failed for ValidatingAdmissionPolicy 'demo.example.com' with binding 'demo': never"], notes.Warnings);
        Assert.Equal("by system:apiserver", notes.AuditAnnotations["demo.example.com/who"]);
        Assert.False(notes.AuditAnnotations.ContainsKey("demo.example.com/none"));
        Assert.Contains("\"message\":\"never\"", notes.AuditAnnotations["validation.policy.admission.k8s.io/validation_failure"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_MatchConditionIsFalse_RulesAreNotLookedAt()
    {
        var fixture = await BoundAsync(""" "matchConditions":[{"name":"named","expression":"object.metadata.name.startsWith('x')"}],"validations":[{"expression":"false"}] """);
        Assert.Null((await ConfigMapAsync(fixture, "y")).Error);
        Assert.NotNull((await ConfigMapAsync(fixture, "x")).Error);
    }

    [Fact]
    public async Task Create_Parameters_AreFoundByNameAndSelector()
    {
        const string spec = """ "paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"validations":[{"expression":"object.metadata.name == params.metadata.name || object.metadata.name.startsWith(params.data.prefix)"}] """;
        var fixture = await BoundAsync(spec, "\"validationActions\":[\"Deny\"],\"paramRef\":{\"name\":\"limits\",\"parameterNotFoundAction\":\"Deny\"}");
        var missing = (await ConfigMapAsync(fixture, "limits", ",\"data\":{\"prefix\":\"ok-\"}")).Error!;
        Assert.EndsWith("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction", missing.Message, StringComparison.Ordinal);

        fixture = await BoundAsync(spec, "\"validationActions\":[\"Deny\"],\"paramRef\":{\"selector\":{\"matchLabels\":{\"role\":\"limits\"}},\"parameterNotFoundAction\":\"Allow\"}");
        Assert.Null((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"limits","labels":{"role":"limits"}},"data":{"prefix":"ok-"}}""")).Error);
        Assert.Null((await ConfigMapAsync(fixture, "ok-1")).Error);
        Assert.NotNull((await ConfigMapAsync(fixture, "other")).Error);
    }

    [Fact]
    public async Task Match_Selectors_NarrowThePolicy()
    {
        var fixture = await BoundAsync(""" "validations":[{"expression":"false"}] """,
            """ "validationActions":["Deny"],"matchResources":{"namespaceSelector":{"matchLabels":{"env":"prod"}},"objectSelector":{"matchExpressions":[{"key":"skip","operator":"DoesNotExist"}]},"excludeResourceRules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"resourceNames":["spared"]}]} """);
        Assert.Null((await ConfigMapAsync(fixture, "in-default")).Error);
        Assert.Null((await fixture.CreateAsync(ResourceTypes.Namespaces, "", """{"metadata":{"name":"prod","labels":{"env":"prod"}}}""")).Error);
        Assert.NotNull((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "prod", """{"metadata":{"name":"c"}}""")).Error);
        Assert.Null((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "prod", """{"metadata":{"name":"c","labels":{"skip":"1"}}}""")).Error);
        Assert.Null((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "prod", """{"metadata":{"name":"spared"}}""")).Error);
        Assert.Null((await fixture.CreateAsync(ResourceTypes.Secrets, "prod", """{"metadata":{"name":"s"}}""")).Error);
    }

    [Fact]
    public async Task Variables_OfTheRequest_AreThere()
    {
        var fixture = await BoundAsync("""
            "validations":[{"expression":"request.operation == 'CREATE' && request.name == 'c' && request.namespace == 'default' && request.resource.resource == 'configmaps' && request.kind.kind == 'ConfigMap' && request.kind.group == '' && !request.dryRun"},
             {"expression":"oldObject == null && namespaceObject.metadata.name == 'default' && 'system:masters' in request.userInfo.groups"},
             {"expression":"authorizer.group('').resource('pods').namespace('default').check('create').allowed() && authorizer.requestResource.check('delete').allowed()"}]
            """);
        var error = (await ConfigMapAsync(fixture, "c")).Error;
        Assert.True(error is null, error?.Message);
    }

    [Fact]
    public async Task Delete_ShowsTheOldObject()
    {
        var fixture = await BoundAsync(""" "validations":[{"expression":"request.operation != 'DELETE' || !('keep' in oldObject.metadata.labels)","message":"is kept"}] """);
        Assert.Null((await fixture.CreateAsync(ResourceTypes.ConfigMaps, "default", """{"metadata":{"name":"kept","labels":{"keep":"1"}}}""")).Error);
        var error = (await fixture.Store.DeleteAsync(fixture.Store.SchemaOf(ResourceTypes.ConfigMaps), new ObjectKey("default", "kept"))).Error!;
        Assert.EndsWith("denied request: is kept", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_FaultyExpressions_AreRefused()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var error = (await PolicyAsync(fixture, """ "validations":[{"expression":"object.x","messageExpression":"1"},{"expression":"authoriser.x"}],"variables":[{"name":"a","expression":"variables.b"}] """)).Error!;
        Assert.Equal(
            [
                "spec.variables[0].expression: Invalid value: \"variables.b\": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^",
                "spec.validations[0].expression: Invalid value: \"object.x\": must evaluate to bool",
                "spec.validations[0].messageExpression: Invalid value: \"1\": must evaluate to string",
                "spec.validations[1].expression: Invalid value: \"authoriser.x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authoriser' (in container '')\n | authoriser.x\n | ^",
            ],
            error.Causes.Select(static c => $"{c.Field}: {c.Message}"));
    }

    [Fact]
    public void TypeCheck_UnknownField_IsTold()
    {
        var policy = JsonNode.Parse("""
            {"spec":{"matchConstraints":{"resourceRules":[{"operations":["*"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]}]},
             "validations":[{"expression":"object.spec.replicas > 1"},{"expression":"object.spce.replicas > 1"}]}}
            """)!.AsObject();
        var warning = Assert.Single(PolicyTypeCheck.Check(policy, SchemaCatalog.BuiltIn))!;
        Assert.Equal("spec.validations[1].expression", JsonTree.AsString(warning["fieldRef"]));
        Assert.Equal("apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'spce'\n | object.spce.replicas > 1\n | ......^\n", JsonTree.AsString(warning["warning"]));
    }
}
