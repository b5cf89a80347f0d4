using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas.Rules;

public sealed class ValidationRuleTests
{
    private const string Spec = "spec.validation.openAPIV3Schema.properties[spec]";

    /// <summary>The faults of a definition whose spec has this schema, as <c>path: message</c>.</summary>
    private static IEnumerable<string> Define(string spec)
    {
        var faults = new FaultList();
        new CustomResourceDefinitionValidation().ValidateCreate(Definition(spec), faults);
        return faults.Causes.Select(static c => $"{c.Field}: {c.Message}");
    }

    private static JsonObject Definition(string spec) => JsonNode.Parse("""
        {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget","listKind":"WidgetList","singular":"widget"},
         "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":SPEC}}}}]}}
        """.Replace("SPEC", spec, StringComparison.Ordinal))!.AsObject();

    private static JsonObject Widget(string spec) => JsonNode.Parse($$"""
        {"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"default","uid":"u","resourceVersion":"1","creationTimestamp":"2024-01-01T00:00:00Z","generation":1},"spec":{{spec}}}
        """)!.AsObject();

    private static string[] Validate(string schema, string spec, string? old = null, AdmissionNotes? notes = null)
    {
        Assert.Empty(Define(schema));
        var resource = Assert.Single(CustomResourceSchemas.Build(Definition(schema)));
        var error = old is null ? Validation.ValidateCreate(resource, Widget(spec)) : Validation.ValidateUpdate(resource, Widget(spec), Widget(old), "", notes);
        return error is null ? [] : [.. error.Causes.Select(static c => $"{c.Reason} {c.Field}: {c.Message}")];
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.b > 0"}]}""",
        "[0].rule: Invalid value: apiextensions.ValidationRule{Rule:\"self.b > 0\", Message:\"\", MessageExpression:\"\", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:\"\", OptionalOldSelf:(*bool)(nil)}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 0\n | ....^")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":"self + 1"}]}""", "[0].rule: Invalid value: apiextensions.ValidationRule{Rule:\"self + 1\", Message:\"\", MessageExpression:\"\", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:\"\", OptionalOldSelf:(*bool)(nil)}: cel expression must evaluate to a bool")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":" "}]}""", "[0].rule: Required value: rule is not specified")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","message":"a\nb"}]}""", "[0].message: Invalid value: \"a\\nb\": message must not contain line breaks")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","messageExpression":"1"}]}""",
        "[0].messageExpression: Invalid value: apiextensions.ValidationRule{Rule:\"self > 0\", Message:\"\", MessageExpression:\"1\", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:\"\", OptionalOldSelf:(*bool)(nil)}: messageExpression must evaluate to a string")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","reason":"Bad"}]}""",
        "[0].reason: Unsupported value: \"Bad\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"true","fieldPath":".b"}]}""",
        "[0].fieldPath: Invalid value: \".b\": fieldPath must be a valid path")]
    [InlineData("""{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","optionalOldSelf":true}]}""",
        "[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule")]
    public void Define_FaultyRule_IsToldWithItsPlace(string spec, string fault) => Assert.Equal($"{Spec}.x-kubernetes-validations{fault}", Assert.Single(Define(spec)));

    [Fact]
    public void Define_RuleOverUnboundedLists_ExceedsTheBudget()
    {
        var faults = Define("""{"type":"array","items":{"type":"array","items":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.all(a, a.all(b, self.exists(c, b in c)))"}]}""").ToArray();
        Assert.Contains($"{Spec}.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)", faults);
        Assert.Contains(faults, static f => f.Contains("contributed to estimated rule cost total", StringComparison.Ordinal));
        Assert.Contains(faults, static f => f.StartsWith("spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total", StringComparison.Ordinal));
    }

    [Fact]
    public void Define_RuleOverBoundedLists_FitsTheBudget() => Assert.Empty(Define("""
        {"type":"array","maxItems":10,"items":{"type":"array","maxItems":10,"items":{"type":"string","maxLength":20}},"x-kubernetes-validations":[{"rule":"self.all(a, a.all(b, self.exists(c, b in c)))"}]}
        """));

    [Fact]
    public void Define_SimpleRuleInUnboundedList_FitsTheBudget() => Assert.Empty(Define("""
        {"type":"array","items":{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a > 0"}]}}
        """));

    [Fact]
    public void Define_TransitionRuleInAtomicList_IsRefused() => Assert.Equal(
        $"{Spec}.items.x-kubernetes-validations[0].rule: Invalid value: \"self == oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within {Spec}",
        Assert.Single(Define("""{"type":"array","maxItems":5,"items":{"type":"integer","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}""")));

    [Fact]
    public void Create_RuleIsFalse_IsInvalidWithTheMessage()
    {
        const string schema = """
            {"type":"object","properties":{"min":{"type":"integer"},"max":{"type":"integer"}},"x-kubernetes-validations":[
              {"rule":"self.min <= self.max","messageExpression":"'min ' + string(self.min) + ' is above max ' + string(self.max)","fieldPath":".min","reason":"FieldValueForbidden"},
              {"rule":"self.max < 100"}, {"rule":"self.max < 99","message":"max too large"}]}
            """;
        Assert.Empty(Validate(schema, """{"min":1,"max":2}"""));
        Assert.Equal(["FieldValueForbidden spec.min: Forbidden: min 3 is above max 2"], Validate(schema, """{"min":3,"max":2}"""));
        Assert.Equal(["FieldValueInvalid spec: Invalid value: \"object\": failed rule: self.max < 100", "FieldValueInvalid spec: Invalid value: \"object\": max too large"],
            Validate(schema, """{"min":3,"max":200}"""));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "spec.validation.openAPIV3Schema.properties[a].type")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{"type":"string"}}}""", "spec.versions[1].schema.openAPIV3Schema.properties[a].type")]
    public void Define_PartsOfAllVersions_AreTheDefinitionsOwn(string second, string field)
    {
        var definition = Definition("""{"type":"object"}""");
        var versions = (JsonArray)definition["spec"]!["versions"]!;
        versions[0]!["schema"]!["openAPIV3Schema"] = JsonNode.Parse(field.Contains("validation", StringComparison.Ordinal) ? second : """{"type":"object"}""");
        versions.Add((JsonNode)new JsonObject { ["name"] = "v0", ["served"] = true, ["storage"] = false, ["schema"] = new JsonObject { ["openAPIV3Schema"] = JsonNode.Parse(second) } });
        var faults = new FaultList();
        new CustomResourceDefinitionValidation().ValidateCreate(definition, faults);
        Assert.Equal(field, Assert.Single(faults.Causes).Field);
    }

    [Fact]
    public void Define_DefaultThatBreaksItsRule_IsRefusedWhereItStands()
    {
        Assert.Equal($"{Spec}.properties[a].default: Invalid value: \"string\": failed rule: self == 'a'", Assert.Single(Define(
            """{"type":"object","properties":{"a":{"type":"string","maxLength":5,"default":"b","x-kubernetes-validations":[{"rule":"self == 'a'"}]}}}""")));
        Assert.Empty(Define("""{"type":"object","properties":{"a":{"type":"string","maxLength":5,"default":"b","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}}"""));
    }

    [Fact]
    public void Create_RuleOfTheWholeObject_HasNoPath()
    {
        var definition = Definition("""{"type":"object"}""");
        ((JsonObject)definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!)["x-kubernetes-validations"] =
            new JsonArray(new JsonObject { ["rule"] = "self.metadata.name == 'x'" });
        var faults = new FaultList();
        CustomValidation.Validate(CustomResourceSchemas.Build(definition)[0], Widget("{}"), null, faults);
        Assert.Equal("<nil>", Assert.Single(faults.Causes).Field);
    }

    [Fact]
    public void Create_RuleFails_SaysWhy() => Assert.Equal(
        ["FieldValueInvalid spec: Invalid value: \"object\": no such key: a evaluating rule: self.a > 0"],
        Validate("""{"type":"object","properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a > 0"}]}""", "{}"));

    [Fact]
    public void Create_IntOrStringAgainstInt_SaysThatTheSignatureDoesNotFit() => Assert.Equal(
        ["FieldValueInvalid spec: Invalid value: \"object\": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self.a + 1 > 0"],
        Validate("""{"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true}},"x-kubernetes-validations":[{"rule":"self.a + 1 > 0"}]}""", """{"a":"x"}"""));

    [Fact]
    public void Create_OtherFaultsFirst_RulesAreNotChecked()
    {
        var causes = Validate("""{"type":"object","required":["b"],"properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a > 0"}]}""", "{\"a\":0}");
        Assert.Equal(2, causes.Length);
        Assert.Equal("FieldValueInvalid <nil>: Invalid value: \"null\": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", causes[1]);
    }

    [Fact]
    public void Update_TransitionRule_ComparesWithTheStoredState()
    {
        const string schema = """{"type":"object","properties":{"a":{"type":"integer","x-kubernetes-validations":[{"rule":"self >= oldSelf","message":"a never shrinks"}]}}}""";
        Assert.Empty(Validate(schema, """{"a":1}"""));
        Assert.Empty(Validate(schema, """{"a":1}""", "{}"));
        Assert.Empty(Validate(schema, """{"a":2}""", """{"a":1}"""));
        Assert.Equal(["FieldValueInvalid spec.a: Invalid value: \"integer\": a never shrinks"], Validate(schema, """{"a":1}""", """{"a":2}"""));
    }

    [Fact]
    public void Create_OptionalOldSelf_RunsWithoutAnOldState()
    {
        const string schema = """
            {"type":"string","x-kubernetes-validations":[{"rule":"oldSelf.hasValue() || self == 'new'","optionalOldSelf":true,"message":"starts as new"},
             {"rule":"oldSelf.orValue(self) == self","optionalOldSelf":true,"message":"stays"}]}
            """;
        Assert.Empty(Validate(schema, "\"new\""));
        Assert.Equal(["FieldValueInvalid spec: Invalid value: \"string\": starts as new"], Validate(schema, "\"old\""));
        Assert.Equal(["FieldValueInvalid spec: Invalid value: \"string\": stays"], Validate(schema, "\"b\"", "\"a\""));
    }

    [Fact]
    public void Update_ListWithKeys_CorrelatesItsEntries()
    {
        const string schema = """
            {"type":"array","maxItems":10,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],
             "properties":{"name":{"type":"string"},"size":{"type":"integer","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"size is fixed"}]}}}}
            """;
        Assert.Empty(Validate(schema, """[{"name":"b","size":2},{"name":"a","size":1}]""", """[{"name":"a","size":1}]"""));
        Assert.Equal(["FieldValueInvalid spec[1].size: Invalid value: \"integer\": size is fixed"],
            Validate(schema, """[{"name":"b","size":2},{"name":"a","size":3}]""", """[{"name":"a","size":1}]"""));
    }

    [Fact]
    public void Update_FaultyPartIsUntouched_IsLetPassWithAWarning()
    {
        const string schema = """
            {"type":"object","properties":{"a":{"type":"string","maxLength":3},"b":{"type":"integer","x-kubernetes-validations":[{"rule":"self > 0","message":"b is positive"}]},"c":{"type":"integer"}}}
            """;
        var notes = new AdmissionNotes();
        Assert.Empty(Validate(schema, """{"a":"too long","b":0,"c":2}""", """{"a":"too long","b":0,"c":1}""", notes));
        Assert.Equal(["spec.b: Invalid value: \"integer\": b is positive"], notes.Warnings);
        Assert.Single(Validate(schema, """{"a":"too long","b":-1}""", """{"a":"too long","b":0}"""));
        Assert.StartsWith("FieldValueTooLong spec.a:", Validate(schema, """{"a":"too long2"}""", """{"a":"too long"}""")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"namespace":{"type":"string"},"a.b":{"type":"string"},"x-y":{"type":"string"},"u__v":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.__namespace__ == 'n' && self.a__dot__b == 'd' && self.x__dash__y == 'h' && self.u__underscores__v == 'u'"}]}""",
        """{"namespace":"n","a.b":"d","x-y":"h","u__v":"u"}""")]
    [InlineData("""{"type":"object","properties":{"t":{"type":"string","format":"date-time"},"d":{"type":"string","format":"duration"},"b":{"type":"string","format":"byte"}},"x-kubernetes-validations":[{"rule":"self.t > timestamp('2020-01-01T00:00:00Z') && self.d < duration('2h') && self.b == b'abc'"}]}""",
        """{"t":"2024-01-01T00:00:00Z","d":"1h","b":"YWJj"}""")]
    [InlineData("""{"type":"object","properties":{"s":{"type":"array","maxItems":9,"x-kubernetes-list-type":"set","items":{"type":"string"}},"n":{"type":"number"}},"x-kubernetes-validations":[{"rule":"self.s == ['b','a'] && self.s + ['a'] == ['a','b'] && self.n == 2.0 && type(self.n) == double"}]}""",
        """{"s":["a","b"],"n":2}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"maxProperties":9,"x-kubernetes-validations":[{"rule":"self.all(k, self[k] > 0) && 'a' in self && self.a == 1 && has(self.a) && !has(self.z)"}]}""", """{"a":1,"b":2}""")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"apiVersion":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.kind == 'Pod' && self.metadata.name.startsWith('p')"}]}""",
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p1"}}""")]
    public void Create_ValuesOfEveryKind_LookAsTheirSchemaSays(string schema, string spec) => Assert.Empty(Validate(schema, spec));

    [Fact]
    public void Create_DearRule_IsStopped()
    {
        const string schema = """
            {"type":"object","properties":{"l":{"type":"array","maxItems":50,"items":{"type":"string","maxLength":100}}},
             "x-kubernetes-validations":[{"rule":"self.l.all(a, self.l.all(b, self.l.all(c, true)))"}]}
            """;
        var list = $"{{\"l\":[{string.Join(',', Enumerable.Repeat("\"x\"", 400))}]}}";
        var resource = Assert.Single(CustomResourceSchemas.Build(Definition(schema.Replace("\"maxItems\":50,", "", StringComparison.Ordinal))));
        var cause = Assert.Single(Validation.ValidateCreate(resource, Widget(list))!.Causes);
        Assert.Equal("Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.l.all(a, self.l.all(b, self.l.all(c, true)))", cause.Message);
    }
}
