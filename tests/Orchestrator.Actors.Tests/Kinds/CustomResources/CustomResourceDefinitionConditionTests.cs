using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds.CustomResources;

/// <summary>The conditions of definitions beside that of their names.</summary>
public sealed class CustomResourceDefinitionConditionTests
{

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Theory]
    [InlineData("example.com", "", null, null)]
    [InlineData("example.k8s.io", "https://example.com/pull/1", "True/ApprovedAnnotation", "approved in https://example.com/pull/1")]
    [InlineData("example.k8s.io", "unapproved, a test", "False/UnapprovedAnnotation", "not approved: \"unapproved, a test\"")]
    [InlineData("k8s.io", "", "False/MissingAnnotation",
        "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111")]
    [InlineData("a.kubernetes.io", "yes", "False/InvalidAnnotation",
        "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111")]
    public void Approval_IsACondition(string group, string annotation, string? state, string? message)
    {
        var definition = Definition(group);
        if (annotation.Length > 0) definition["metadata"]!["annotations"] = new JsonObject { [ApiApproval.Annotation] = annotation };
        var condition = Condition(definition, "KubernetesAPIApprovalPolicyConformant");
        Assert.Equal(state, condition is null ? null : $"{condition["status"]}/{condition["reason"]}");
        Assert.Equal(message, (string?)condition?["message"]);
    }

    [Fact]
    public void Structure_OfAnOldDefinition_IsACondition_AndGoesWhenItIsMended()
    {
        var definition = Definition("example.com");
        Assert.Null(Condition(definition, "NonStructuralSchema"));
        var schema = definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();
        schema.Remove("type");
        var condition = Condition(definition, "NonStructuralSchema")!;
        Assert.Equal(("True", "Violations"), ((string?)condition["status"], (string?)condition["reason"]));
        Assert.Equal("spec.versions[0].schema.openAPIV3Schema.type: Required value: must not be empty at the root", (string?)condition["message"]);
        schema["type"] = "object";
        Assert.Null(Condition(definition, "NonStructuralSchema"));
    }

    [Fact]
    public void Bundle_ThatIsUnusable_KeepsADefinitionFromBeingServed()
    {
        var definition = Definition("example.com");
        definition["spec"]!["conversion"] = Conversion("Cg==");
        var condition = Condition(definition, "Established")!;
        Assert.Equal(("False", "InvalidCABundle"), ((string?)condition["status"], (string?)condition["reason"]));
        Assert.Equal("The conversion webhook CABundle is invalid: unable to load root certificates: unable to parse bytes as PEM block", (string?)condition["message"]);
        definition["spec"]!["conversion"] = Conversion("");
        Assert.Equal("True", (string?)Condition(definition, "Established")!["status"]);
    }

    [Fact]
    public void Bundle_ThatIsUsable_IsNotReplacedByOneThatIsNot()
    {
        var before = Definition("example.com");
        before["spec"]!["conversion"] = Conversion("");
        var after = before.DeepClone().AsObject();
        after["spec"]!["conversion"] = Conversion("Cg==");
        var faults = new FaultList();
        new CustomResourceDefinitionValidation().ValidateUpdate(after, before, "", faults);
        var cause = faults.Causes.Single(static c => c.Field.EndsWith("caBundle", StringComparison.Ordinal));
        Assert.Equal("spec.conversion.webhookClientConfig.caBundle", cause.Field);
        Assert.Equal("Invalid value: []byte{0xa}: unable to load root certificates: unable to parse bytes as PEM block", cause.Message);

        faults = new FaultList();
        new CustomResourceDefinitionValidation().ValidateUpdate(after, after.DeepClone().AsObject(), "", faults);
        Assert.DoesNotContain(faults.Causes, static c => c.Field.EndsWith("caBundle", StringComparison.Ordinal));
    }

    private static JsonObject Conversion(string bundle) => new()
    {
        ["strategy"] = "Webhook",
        ["webhook"] = new JsonObject { ["conversionReviewVersions"] = new JsonArray("v1"), ["clientConfig"] = new JsonObject { ["url"] = "https://example.com/", ["caBundle"] = bundle } },
    };

    private static JsonObject? Condition(JsonObject definition, string type)
    {
        definition["status"] = CustomResourceDefinitionStatus.Compute(definition, [], Now);
        return definition["status"]!["conditions"]!.AsArray().OfType<JsonObject>().FirstOrDefault(c => JsonTree.String(c, "type") == type);
    }

    private static JsonObject Definition(string group) => JsonNode.Parse($$$"""
        {"metadata":{"name":"widgets.{{{group}}}"},"spec":{"group":"{{{group}}}","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
         "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"} } } } }]}}
        """)!.AsObject();
}
