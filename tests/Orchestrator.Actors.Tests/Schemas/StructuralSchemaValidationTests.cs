using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>Which schemas definitions may have, as kube-apiserver judges them; and what is said of the others.</summary>
public sealed class StructuralSchemaValidationTests
{
    [Theory]
    [InlineData("""{"type":"string","properties":{"a":{"type":"string"}}}""")]
    [InlineData("""{"type":"string","items":{"type":"string"}}""")]
    [InlineData("""{"type":"integer","x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("""{"type":"array","items":{"type":"string"},"x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("""{"type":"string","x-kubernetes-int-or-string":true}""")]
    [InlineData("""{"type":"object","anyOf":[{"type":"integer"},{"type":"string"}]}""")]
    [InlineData("""{"x-kubernetes-int-or-string":true,"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"minimum":1}]}""")]
    [InlineData("""{"type":"object","additionalProperties":false}""")]
    [InlineData("""{"type":"object","oneOf":[{"properties":{"a":{"minimum":1}}},{"required":["b"]}]}""")]
    [InlineData("""{"type":"string","pattern":"^\\pL\\x{41}[[:digit:]]$"}""")]
    public void Schema_IsStructural(string spec) => Assert.Empty(Check(spec));

    [Theory]
    [InlineData("""{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"string"},{"type":"integer"}]}""",
        "S.anyOf[0].type: Forbidden: must be empty to be structural", "S.anyOf[1].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","not":{"nullable":true,"description":"x","default":1}}""",
        "S.not.default: Forbidden: must be undefined to be structural", "S.not.description: Forbidden: must be empty to be structural", "S.not.nullable: Forbidden: must be false to be structural")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}""", "S.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true,"additionalProperties":{"type":"string"}}""",
        "S.additionalProperties: Forbidden: must not be used if x-kubernetes-embedded-resource is set",
        "S.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields")]
    [InlineData("""{"$ref":"#/x","properties":{"a":{}}}""", "S.$ref: Forbidden: $ref is not supported")]
    [InlineData("""{"items":[{"type":"string"}]}""", "S.items: Forbidden: items must be a schema object and not an array")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","default":1}}}""", "S.properties[a].default: Invalid value: \"integer\":  in body must be of type string: \"integer\"")]
    [InlineData("""{"type":"object","default":{"a":1},"properties":{"a":{"type":"string"}}}""", "S.default.a: Invalid value: \"integer\": a in body must be of type string: \"integer\"")]
    [InlineData("""{"type":"string","pattern":"("}""", "S.pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`")]
    [InlineData("""{"type":"string","pattern":"x[a-z"}""", "S.pattern: Invalid value: \"x[a-z\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: `[a-z`")]
    public void Schema_IsNotStructural(string spec, params string[] faults) => Assert.Equal(faults, Check(spec).Select(static f => f.Replace("root.properties[spec]", "S", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("""{"type":"object","anyOf":[{"properties":{"a":{"minimum":1}}}]}""", false, "root.properties[a]: Required value: because it is defined in root.anyOf[0].properties[a]")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""", false, "root.additionalProperties: Forbidden: must not be used at the root")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","pattern":"^a"},"generateName":{"type":"string"}}}}}""", false, null)]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","description":"x"}}}""", false,
        "root.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    [InlineData("""{"type":"object","minProperties":1}""", false, null)]
    [InlineData("""{"type":"object","minProperties":1}""", true, "only [Description Type Format")]
    [InlineData("""{"type":"object","required":["spec"],"x-kubernetes-preserve-unknown-fields":true,"description":"x"}""", true, null)]
    public void Root_IsJudgedByItsPlace(string root, bool hasStatus, string? fault)
    {
        var found = new FaultList();
        new StructuralSchemaValidation(found).ValidateRoot(JsonNode.Parse(root)!.AsObject(), FieldPath.Of("root"), hasStatus);
        if (fault is null) Assert.Empty(found.Causes);
        else Assert.Contains(fault, string.Join('\n', found.Causes.Select(static c => $"{c.Field}: {c.Message}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("^\\d+$", "12", true)]
    [InlineData("^\\d+$", "\u0661", false)]
    [InlineData("^[\\w.]+$", "a_.9", true)]
    [InlineData("^\\W$", "\u00e9", true)]
    [InlineData("^\\pL$", "\u00e9", true)]
    [InlineData("^\\x{e9}$", "\u00e9", true)]
    public void Pattern_IsGos(string pattern, string text, bool matches)
    {
        Assert.True(GoRegex.TryCompile(pattern, out var regex, out var fault), fault);
        Assert.Equal(matches, regex.IsMatch(text));
    }

    private static IEnumerable<string> Check(string spec)
    {
        var faults = new FaultList();
        var root = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = JsonNode.Parse(spec) } };
        new StructuralSchemaValidation(faults).ValidateRoot(root, FieldPath.Of("root"));
        return faults.Causes.Select(static c => $"{c.Field}: {c.Message}");
    }
}
