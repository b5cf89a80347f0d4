using System.Text;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class CustomResourceTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ResourceSchema Definitions = SchemaCatalog.BuiltIn.Find(ResourceTypes.CustomResourceDefinitions)!;

    private const string Widgets = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},
         "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget","shortNames":["wd"],"categories":["all"]},
          "versions":[{"name":"v1","served":true,"storage":true,
            "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
            "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"}],
            "selectableFields":[{"jsonPath":".spec.color"}],
            "schema":{"openAPIV3Schema":{"type":"object","properties":{
              "spec":{"type":"object","required":["size"],"properties":{
                "size":{"type":"integer","minimum":1,"maximum":10},
                "color":{"type":"string","enum":["red","blue"],"default":"red"},
                "replicas":{"type":"integer","format":"int32"},
                "name":{"type":"string","pattern":"^[a-z]+$","maxLength":5},
                "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
                "note":{"type":"string","nullable":true},
                "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
                "labels":{"type":"object","additionalProperties":{"type":"string"}},
                "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
                  "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"count":{"type":"integer","default":1}}}},
                "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}},
                "oneOf":[{"required":["name"]},{"required":["port"]}]},
              "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"}}}}}}},
            {"name":"v1beta1","served":true,"storage":false,"deprecated":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
        """;

    private static JsonObject Define(string text, out ApiError? error)
    {
        var decoded = ObjectDecoder.Decode(Definitions, Encoding.UTF8.GetBytes(text), FieldValidation.Strict);
        Assert.True(decoded.Error is null, decoded.Error?.Message);
        Defaulting.Apply(Definitions, decoded.Tree!);
        ObjectStrategy.PrepareForCreate(Definitions, decoded.Tree!, "", "uid", Now, new Random(1));
        error = Validation.ValidateCreate(Definitions, decoded.Tree!);
        return decoded.Tree!;
    }

    private static ResourceSchema Widget
    {
        get
        {
            var definition = Define(Widgets, out var error);
            Assert.True(error is null, error?.Message);
            return SchemaCatalog.BuiltIn.With(CustomResourceSchemas.Build(definition)).Find("example.com", "v1", "widgets")!;
        }
    }

    private static JsonObject Make(string spec, out ApiError? error, FieldValidation validation = FieldValidation.Warn)
    {
        var schema = Widget;
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes($$"""{"metadata":{"name":"w"},"spec":{{spec}}}"""), validation);
        Assert.True(decoded.Error is null, decoded.Error?.Message);
        Defaulting.Apply(schema, decoded.Tree!);
        ObjectStrategy.PrepareForCreate(schema, decoded.Tree!, "default", "uid", Now, new Random(1));
        error = Validation.ValidateCreate(schema, decoded.Tree!);
        return decoded.Tree!;
    }

    [Theory]
    [InlineData("""{"free":3}""", true)]
    [InlineData("""{"free":4}""", false)]
    [InlineData("""{"free":"4"}""", true)]
    [InlineData("""{"ranged":4}""", false)]
    [InlineData("""{"ranged":"b"}""", false)]
    [InlineData("""{"ranged":5}""", true)]
    [InlineData("""{"ranged":"a"}""", true)]
    public void IntOrString_JunctorsThatSayMoreThanThat_AreKept(string spec, bool valid)
    {
        var text = Widgets.Replace("\"free\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}",
            "\"free\":{\"x-kubernetes-int-or-string\":true,\"allOf\":[{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]},{\"maximum\":3}]}," +
            "\"ranged\":{\"x-kubernetes-int-or-string\":true,\"anyOf\":[{\"enum\":[5]},{\"enum\":[\"a\"]}]}", StringComparison.Ordinal);
        var schema = CustomResourceSchemas.Build(JsonNode.Parse(text)!.AsObject())[0];
        var tree = JsonNode.Parse($$"""{"metadata":{"name":"w","namespace":"d"},"spec":{"size":1,"name":"x",{{spec[1..]}}}""")!.AsObject();
        var faults = new FaultList();
        CustomValidation.Validate(schema, tree, null, faults);
        Assert.Equal(valid, faults.IsEmpty);
    }

    [Fact]
    public void Definition_Valid_MakesItsResources()
    {
        var definition = Define(Widgets, out var error);
        Assert.True(error is null, error?.Message);
        Assert.Equal("widget", JsonTree.AsString(definition["spec"]!["names"]!["singular"]));
        var catalog = SchemaCatalog.BuiltIn.With(CustomResourceSchemas.Build(definition));
        Assert.Equal(["v1", "v1beta1"], catalog.Groups.Single(g => g.Name == "example.com").Versions.ToArray());
        var widget = catalog.Find("example.com", "v1", "widgets")!;
        Assert.True(widget is { IsCustom: true, Storage: true, Namespaced: true, HasStatus: true, ListKind: "WidgetList" });
        Assert.Equal("spec.replicas", widget.Subresource("scale")!.SpecReplicasPath);
        Assert.Equal("spec.color", widget.SelectableFields[0].Name);
        Assert.Same(widget, catalog.Find(new ResourceType("example.com", "widgets")));
        Assert.Equal("example.com/v1beta1 Widget is deprecated", catalog.Find("example.com", "v1beta1", "widgets")!.DeprecationWarning);
        Assert.Null(catalog.With([]).Find("example.com", "v1", "widgets"));
    }

    [Fact]
    public void Object_Valid_IsPrunedAndDefaulted()
    {
        var tree = Make("""{"size":3,"name":"abc","junk":1,"free":{"any":{"x":1}},"parts":[{"name":"a","y":1}],"note":null}""", out var error);
        Assert.True(error is null, error?.Message);
        Assert.Equal("""{"size":3,"name":"abc","free":{"any":{"x":1}},"parts":[{"name":"a","count":1}],"note":null,"color":"red"}""", JsonTree.ToText(tree["spec"]));
    }

    [Theory]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"properties":{"b":{"minimum":3}},"required":["b"]}]}""", """{"b":1}""",
        "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid", "spec.b: Invalid value: 1: spec.b in body should be greater than or equal to 3")]
    [InlineData("""{"type":"object","minProperties":1,"required":["a"]}""", "{}", "spec: Invalid value: 1: spec in body should have at least 1 properties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","enum":["x"]}}}""", """{"a":1}""",
        "spec.a: Invalid value: \"integer\": spec.a in body must be of type string: \"integer\"", "spec.a: Unsupported value: 1: supported values: \"x\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","minimum":1.5,"format":"int32"}}}""", """{"a":1}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","format":"int32"}}}""", """{"a":2147483648}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"boolean"}}}""", """{"a":3.0}""", "spec.a: Invalid value: \"number\": spec.a in body must be of type boolean: \"number\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}}}}""",
        """{"a":["x"]}""", "spec.a[0]: Invalid value: \"string\": spec.a[0] in body must be of type object: \"string\"", "spec.a[0]: Invalid value: \"x\": must be an object for an array of list-type map")]
    public void Object_IsHeldAgainstItsSchema_AsUpstreamDoes(string spec, string value, params string[] faults)
    {
        var root = StructuralSchema.BuildRoot(JsonNode.Parse($$$"""{"type":"object","properties":{"spec":{{{spec}}}}}""")!.AsObject());
        var found = new FaultList();
        CustomValidation.Visit(ObjectJson.Parse(Encoding.UTF8.GetBytes(value)).Tree, root.Field("spec")!.Type, FieldPath.Of("spec"), found);
        Assert.Equal(faults.Order(StringComparer.Ordinal), found.Causes.Select(static c => $"{c.Field}: {c.Message}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Object_NullThatMayNotBe_IsLeftOut()
    {
        var tree = Make("""{"size":3,"name":"abc","color":null,"replicas":null,"note":null,"labels":{"a":null,"b":"c"},"parts":[{"name":"a","count":null}]}""", out var error);
        Assert.True(error is null, error?.Message);
        Assert.Equal("""{"size":3,"name":"abc","note":null,"labels":{"b":"c"},"parts":[{"name":"a","count":1}],"color":"red"}""", JsonTree.ToText(tree["spec"]));
    }

    [Fact]
    public void Elements_ThatAreNull_GetTheDefaultOfElements()
    {
        var root = StructuralSchema.BuildRoot(JsonNode.Parse("""
            {"type":"object","properties":{"l":{"type":"array","items":{"type":"string","default":"d"}},"n":{"type":"array","items":{"type":"string","nullable":true,"default":"d"}},
             "m":{"type":"object","additionalProperties":{"type":"string","default":"e"}}}}
            """)!.AsObject());
        var tree = JsonNode.Parse("""{"l":["a",null],"n":[null],"m":{"x":null,"y":"z"}}""")!.AsObject();
        new Pruner().PruneObject(tree, root, null, typed: false);
        Defaulting.Apply(root, tree, typed: false);
        Assert.Equal("""{"l":["a","d"],"n":[null],"m":{"x":"e","y":"z"}}""", JsonTree.ToText(tree));
    }

    [Fact]
    public void Object_NameThatIsOnlyRequired_IsNoField()
    {
        var definition = Widgets.Replace("""{"type":"object","required":["size"],""", """{"type":"object","required":["size","ghost"],""", StringComparison.Ordinal);
        var schema = CustomResourceSchemas.Build(Define(definition, out _))[0];
        var decoded = ObjectDecoder.Decode(schema, """{"metadata":{"name":"w"},"spec":{"size":1,"ghost":1}}"""u8, FieldValidation.Warn);
        Assert.Equal("unknown field \"spec.ghost\"", Assert.Single(decoded.Warnings));
    }

    [Fact]
    public void Object_Embedded_IsHeldAgainstTheRulesOfObjects()
    {
        var definition = Widgets.Replace("\"free\":{\"type\":\"object\",", "\"free\":{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,", StringComparison.Ordinal);
        var schema = CustomResourceSchemas.Build(Define(definition, out var unfit))[0];
        Assert.True(unfit is null, unfit?.Message);
        string[] Faults(string free)
        {
            var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"w"},"spec":{"size":1,"name":"a","free":{{{free}}}}}"""), FieldValidation.Warn);
            var faults = new FaultList();
            CustomValidation.Validate(schema, decoded.Tree!, null, faults);
            return [.. faults.Causes.Select(static c => $"{c.Field}: {c.Message.Split(':')[0]}")];
        }
        Assert.Empty(Faults("""{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"b"}},"spec":{}}"""));
        Assert.Equal(["spec.free.apiVersion: Required value", "spec.free.kind: Required value"], Faults("{}"));
        Assert.Equal(["spec.free.apiVersion: Invalid value", "spec.free.kind: Invalid value", "spec.free.metadata.name: Invalid value", "spec.free.metadata.labels: Invalid value"],
            Faults("""{"apiVersion":"a/b/c","kind":"x y","metadata":{"name":"a/b","labels":{"a b":"c"}}}"""));
    }

    [Fact]
    public void Object_UnknownField_IsAStrictDecodingError()
    {
        var decoded = ObjectDecoder.Decode(Widget, """{"metadata":{"name":"w"},"spec":{"size":1,"junk":1}}"""u8, FieldValidation.Strict);
        Assert.Equal("Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \"spec.junk\"", decoded.Error!.Message);
    }

    [Theory]
    [InlineData("""{"name":"a"}""", "spec.size", "Required value")]
    [InlineData("""{"size":0,"name":"a"}""", "spec.size", "Invalid value: 0: spec.size in body should be greater than or equal to 1")]
    [InlineData("""{"size":"x","name":"a"}""", "spec.size", "Invalid value: \"string\": spec.size in body must be of type integer: \"string\"")]
    [InlineData("""{"size":1,"name":"A"}""", "spec.name", "Invalid value: \"A\": spec.name in body should match '^[a-z]+$'")]
    [InlineData("""{"size":1,"name":"abcdef"}""", "spec.name", "Too long: may not be more than 5 bytes")]
    [InlineData("""{"size":1,"name":"a","color":"green"}""", "spec.color", "Unsupported value: \"green\": supported values: \"red\", \"blue\"")]
    [InlineData("""{"size":1,"name":"a","labels":{"k":1}}""", "spec.labels.k", "Invalid value: \"integer\": spec.labels.k in body must be of type string: \"integer\"")]
    [InlineData("""{"size":1,"name":"a","parts":[{"name":"x"},{"name":"x"}]}""", "spec.parts[1]", "Duplicate value: map[string]interface {}{\"name\":\"x\"}")]
    [InlineData("""{"size":1,"name":"a","tags":["x","x"]}""", "spec.tags[1]", "Duplicate value: \"x\"")]
    [InlineData("""{"size":1}""", "<nil>", "Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid")]
    public void Object_Invalid_SaysWhatKubernetesSays(string spec, string field, string message)
    {
        Make(spec, out var error);
        Assert.Contains(error!.Causes, c => c.Field == field && c.Message == message);
    }

    [Fact]
    public void Object_IntOrString_TakesBoth()
    {
        Make("""{"size":1,"port":80}""", out var number);
        Make("""{"size":1,"port":"http"}""", out var text);
        Make("""{"size":1,"port":true}""", out var flag);
        Assert.Null(number);
        Assert.Null(text);
        Assert.NotNull(flag);
    }

    [Theory]
    [InlineData("\"name\":\"widgets.example.com\"", "\"name\":\"x.example.com\"", "metadata.name")]
    [InlineData("\"storage\":true", "\"storage\":false", "spec.versions")]
    [InlineData("\"scope\":\"Namespaced\"", "\"scope\":\"Everywhere\"", "spec.scope")]
    [InlineData("\"type\":\"integer\",\"minimum\":1", "\"minimum\":1", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[size].type")]
    [InlineData("\"pattern\":\"^[a-z]+$\"", "\"pattern\":\"(\"", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[name].pattern")]
    [InlineData("\"default\":\"red\"", "\"default\":\"green\"", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[color].default")]
    [InlineData("\"scope\":\"Namespaced\"", "\"scope\":\"Namespaced\",\"conversion\":{\"strategy\":\"Webhook\"}", "spec.conversion.webhookClientConfig")]
    [InlineData("\"specReplicasPath\":\".spec.replicas\"", "\"specReplicasPath\":\".x\"", "spec.versions[0].subresources.scale.specReplicasPath")]
    [InlineData("\"x-kubernetes-list-map-keys\":[\"name\"],", "", "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[parts].x-kubernetes-list-map-keys")]
    public void Definition_Invalid_NamesTheField(string from, string to, string field)
    {
        Assert.Contains(from, Widgets, StringComparison.Ordinal);
        Define(Widgets.Replace(from, to, StringComparison.Ordinal), out var error);
        Assert.Contains(error!.Causes, c => c.Field == field);
    }

    [Fact]
    public void Status_NamesAreFree_IsEstablishedAndConverges()
    {
        var definition = Define(Widgets, out _);
        definition["status"] = CustomResourceDefinitionStatus.Compute(definition, [], Now);
        Assert.True(CustomResourceSchemas.IsEstablished(definition));
        Assert.Equal("widgets", JsonTree.AsString(definition["status"]!["acceptedNames"]!["plural"]));
        Assert.True(JsonTree.DeepEquals(definition["status"], CustomResourceDefinitionStatus.Compute(definition, [], Now.AddHours(1))));
    }

    [Fact]
    public void Status_KindIsTaken_IsNotEstablished()
    {
        var first = Define(Widgets, out _);
        first["status"] = CustomResourceDefinitionStatus.Compute(first, [], Now);
        var second = Define(Widgets.Replace("widgets", "gadgets", StringComparison.Ordinal), out _);
        second["status"] = CustomResourceDefinitionStatus.Compute(second, [first], Now);
        Assert.False(CustomResourceSchemas.IsEstablished(second));
        // Of several names that are taken the last is told, and those that are free are accepted.
        Assert.Contains("\"reason\":\"ListKindConflict\",\"message\":\"\\u0022WidgetList\\u0022 is already in use\"", second["status"]!["conditions"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("gadgets", JsonTree.AsString(second["status"]!["acceptedNames"]!["plural"]));
    }

    [Fact]
    public void Status_ShortNameIsTakenLater_TheOldOnesStay()
    {
        var first = Define(Widgets, out _);
        first["status"] = CustomResourceDefinitionStatus.Compute(first, [], Now);
        var second = Define(Widgets.Replace("widgets", "gadgets", StringComparison.Ordinal).Replace("Widget", "Gadget", StringComparison.Ordinal).Replace("\"wd\"", "\"gd\"", StringComparison.Ordinal), out _);
        second["status"] = CustomResourceDefinitionStatus.Compute(second, [first], Now);
        Assert.True(CustomResourceSchemas.IsEstablished(second));
        second["spec"]!["names"]!["shortNames"] = new JsonArray("gd", "wd");
        second["status"] = CustomResourceDefinitionStatus.Compute(second, [first], Now);
        Assert.Equal("""["gd"]""", second["status"]!["acceptedNames"]!["shortNames"]!.ToJsonString());
        Assert.Contains("ShortNamesConflict", second["status"]!["conditions"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.True(CustomResourceSchemas.IsEstablished(second));
    }

    [Theory]
    [InlineData("3.0", "3")]
    [InlineData("1e2", "100")]
    [InlineData("-1.50", "-1.5")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("12345678901234567890", "12345678901234567000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1.25e17", "125000000000000000")]
    [InlineData("1E21", "1e+21")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.00000012", "1.2e-7")]
    [InlineData("1.5e-10", "1.5e-10")]
    [InlineData("0.1e1", "1")]
    [InlineData("-0.0", "-0")]
    public void Decode_Number_HasTheFormInWhichItIsStored(string given, string stored)
    {
        var body = """{"metadata":{"name":"a"},"spec":{"size":1,"free":{"n":@,"list":[@]} } }""".Replace("@", given, StringComparison.Ordinal);
        var decoded = ObjectDecoder.Decode(Widget, Encoding.UTF8.GetBytes(body), FieldValidation.Strict);
        Assert.Null(decoded.Error);
        Assert.Equal($$"""{"n":{{stored}},"list":[{{stored}}]}""", decoded.Tree!["spec"]!["free"]!.ToJsonString());
    }
}
