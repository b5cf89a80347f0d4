using System.Text;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.FieldManagement;

/// <summary>Sets, comparisons, merges and removals as the schema of a custom resource and those of built-in kinds have it.</summary>
public sealed class FieldTypeTests
{
    private static readonly TypeSchema Custom = StructuralSchema.BuildRoot(JsonNode.Parse("""
        {"type":"object","properties":{"spec":{"type":"object","properties":{
          "text":{"type":"string"},
          "number":{"type":"integer"},
          "either":{"x-kubernetes-int-or-string":true},
          "map":{"type":"object","additionalProperties":{"type":"string"}},
          "whole":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
          "inner":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
          "list":{"type":"array","items":{"type":"string"}},
          "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
          "keyed":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name","port"],
            "items":{"type":"object","properties":{"name":{"type":"string"},"port":{"type":"integer","default":80},"value":{"type":"string"}}}},
          "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}
        """)!.AsObject());

    [Theory]
    [InlineData("""{"text":"a","number":1}""", """{"f:number":{},"f:text":{}}""")]
    [InlineData("""{"map":{"x":"1","y":"2"}}""", """{"f:map":{"f:x":{},"f:y":{}}}""")]
    [InlineData("""{"map":{}}""", """{"f:map":{}}""")]
    [InlineData("""{"text":null}""", """{"f:text":{}}""")]
    [InlineData("""{"whole":{"a":"1"}}""", """{"f:whole":{}}""")]
    [InlineData("""{"inner":{"a":"1"}}""", """{"f:inner":{"f:a":{}}}""")]
    [InlineData("""{"list":["a","b"]}""", """{"f:list":{}}""")]
    [InlineData("""{"set":["a","b"]}""", """{"f:set":{"v:\"a\"":{},"v:\"b\"":{}}}""")]
    [InlineData("""{"keyed":[{"name":"n","value":"v"}]}""", """{"f:keyed":{"k:{\"name\":\"n\",\"port\":80}":{".":{},"f:name":{},"f:value":{}}}}""")]
    [InlineData("""{"free":{"any":{"thing":1},"l":[1]}}""", """{"f:free":{"f:any":{".":{},"f:thing":{}},"f:l":{}}}""")]
    public void AppliedFields_OfConfiguration_AreThoseOfUpstream(string spec, string expected)
    {
        var (set, fault) = AppliedFields.Check(Custom, Spec(spec));
        Assert.Null(fault);
        Assert.Equal($$"""{"f:spec":{{expected}}}""", FieldsV1.ToText(set));
    }

    [Theory]
    [InlineData("""{"nope":1}""", ".spec.nope: field not declared in schema")]
    [InlineData("""{"inner":{"c":1}}""", ".spec.inner.c: field not declared in schema")]
    [InlineData("""{"whole":{"c":"x"}}""", ".spec.whole.c: field not declared in schema")]
    [InlineData("""{"text":1}""", ".spec.text: expected string, got &value.valueUnstructured{Value:1}")]
    [InlineData("""{"number":"1"}""", ".spec.number: expected numeric (int or float), got string")]
    [InlineData("""{"map":3}""", ".spec.map: expected map, got &{3}")]
    [InlineData("""{"set":["a","a"]}""", ".spec.set: duplicate entries for key [=\"a\"]")]
    [InlineData("""{"keyed":[{"name":"n"},{"name":"n","port":80}]}""", ".spec.keyed: duplicate entries for key [name=\"n\",port=80]")]
    [InlineData("""{"keyed":[{"port":1}]}""", ".spec.keyed: element 0: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)")]
    [InlineData("""{"x":1,"y":1}""", "errors:\n  .spec.x: field not declared in schema\n  .spec.y: field not declared in schema")]
    public void AppliedFields_OfWhatDoesNotFit_AreRefused(string spec, string fault) => Assert.Equal(fault, AppliedFields.Check(Custom, Spec(spec)).Fault);

    [Theory]
    [InlineData("""{"text":"a"}""", """{"text":"b"}""", "~ .spec.text")]
    [InlineData("""{}""", """{"map":{"a":"1"}}""", "+ .spec.map", "+ .spec.map.a")]
    [InlineData("""{"map":{"a":"1"}}""", """{"map":{"a":"1","b":"2"}}""", "+ .spec.map.b")]
    [InlineData("""{"map":{"a":"1"}}""", """{"map":{}}""", "- .spec.map.a")]
    [InlineData("""{"map":{"a":"1"}}""", """{}""", "- .spec.map", "- .spec.map.a")]
    [InlineData("""{"whole":{"a":"1"}}""", """{"whole":{"a":"1","b":"2"}}""", "~ .spec.whole")]
    [InlineData("""{"set":["a","b"]}""", """{"set":["b","c"]}""", "+ .spec.set[=\"c\"]", "- .spec.set[=\"a\"]")]
    [InlineData("""{"keyed":[{"name":"n","value":"v"}]}""", """{"keyed":[{"name":"n","port":80,"value":"w"}]}""", "+ .spec.keyed[name=\"n\",port=80].port", "~ .spec.keyed[name=\"n\",port=80].value")]
    [InlineData("""{"keyed":[{"name":"a"},{"name":"b"}]}""", """{"keyed":[{"name":"b"},{"name":"a"}]}""")]
    [InlineData("""{"either":"80"}""", """{"either":80}""", "~ .spec.either")]
    [InlineData("""{"map":null}""", """{"map":{"a":"1"}}""", "+ .spec.map.a")]
    [InlineData("""{"free":{"a":{"b":1}}}""", """{"free":{"a":[1]}}""", "~ .spec.free.a")]
    public void Comparison_OfTwoStates_NamesWhatDiffers(string before, string after, params string[] expected)
    {
        var changes = FieldComparison.Of(Custom, Spec(before), Spec(after));
        var told = changes.Added.Paths().Select(p => "+ " + p).Concat(changes.Modified.Paths().Select(p => "~ " + p)).Concat(changes.Removed.Paths().Select(p => "- " + p));
        Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"text":"a","number":1}""", """{"text":"b"}""", """{"text":"b","number":1}""")]
    [InlineData("""{"map":{"a":"1","b":"1"}}""", """{"map":{"b":"2","c":"2"}}""", """{"map":{"a":"1","b":"2","c":"2"}}""")]
    [InlineData("""{"whole":{"a":"1"}}""", """{"whole":{"b":"2"}}""", """{"whole":{"b":"2"}}""")]
    [InlineData("""{"list":["a"]}""", """{"list":["b"]}""", """{"list":["b"]}""")]
    [InlineData("""{"set":["a","b"]}""", """{"set":["c","b"]}""", """{"set":["a","c","b"]}""")]
    [InlineData("""{"set":["a","b","c","d"]}""", """{"set":["d","b"]}""", """{"set":["a","c","d","b"]}""")]
    [InlineData("""{"keyed":[{"name":"a","value":"1"},{"name":"b","value":"1"}]}""", """{"keyed":[{"name":"b","port":80,"value":"2"}]}""",
        """{"keyed":[{"name":"a","value":"1"},{"name":"b","value":"2","port":80}]}""")]
    [InlineData("""{"map":{"a":"1"}}""", """{"map":null}""", """{"map":{"a":"1"}}""")]
    [InlineData("""{"map":{"a":"1"}}""", """{"map":{}}""", """{"map":{"a":"1"}}""")]
    public void Merge_OfConfiguration_KeepsWhatItDoesNotMention(string live, string configuration, string expected)
    {
        var merged = FieldMerge.Merge(Custom, Spec(live), Spec(configuration));
        Assert.Equal(JsonTree.ToText(Spec(expected)), JsonTree.ToText(merged));
    }

    [Theory]
    [InlineData("""{"text":"a","number":1}""", """{"f:text":{}}""", """{"number":1}""")]
    [InlineData("""{"map":{"a":"1","b":"1"}}""", """{"f:map":{"f:a":{}}}""", """{"map":{"b":"1"}}""")]
    [InlineData("""{"set":["a","b"],"number":1}""", """{"f:set":{"v:\"a\"":{},"v:\"b\"":{}}}""", """{"number":1}""")]
    [InlineData("""{"keyed":[{"name":"a","value":"1"},{"name":"b"}]}""", """{"f:keyed":{"k:{\"name\":\"a\",\"port\":80}":{"f:value":{}},"k:{\"name\":\"b\",\"port\":80}":{".":{}}}}""",
        """{"keyed":[{"name":"a"}]}""")]
    [InlineData("""{"keyed":[{"name":"a"},{"name":"b"}]}""", """{"f:keyed":{"k:{\"name\":\"a\",\"port\":80}":{"f:name":{}}}}""", """{"keyed":[{"name":"b"}]}""")]
    public void Removal_OfFields_LeavesTheOthers(string spec, string fields, string expected)
    {
        var left = FieldRemoval.Remove(Custom, Spec(spec), FieldsV1.Parse(JsonNode.Parse($$"""{"f:spec":{{fields}}}""")));
        Assert.Equal(JsonTree.ToText(Spec(expected)), JsonTree.ToText(left));
    }

    [Fact]
    public void WithNamedParents_OfSet_AddsNamesAndNotKeys()
    {
        var set = FieldsV1.Parse(JsonNode.Parse("""{"f:spec":{"f:inner":{"f:a":{}},"f:map":{"f:x":{}},"f:keyed":{"k:{\"name\":\"n\",\"port\":80}":{"f:value":{}}}}}"""));
        Assert.Equal("""{"f:spec":{".":{},"f:inner":{".":{},"f:a":{}},"f:keyed":{".":{},"k:{\"name\":\"n\",\"port\":80}":{"f:value":{}}},"f:map":{".":{},"f:x":{}}}}""",
            FieldsV1.ToText(FieldRemoval.WithNamedParents(Custom, set)));
    }

    public static TheoryData<string, string> Creations => new()
    {
        { "apps/v1/deployments", """{"metadata":{"name":"a","labels":{"x":"y"}},"spec":{"replicas":1,"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}},"selector":{"matchLabels":{"x":"y"}},"template":{"metadata":{"labels":{"x":"y"}},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{}}]}}}}""" },
        { "apps/v1/deployments", """{"metadata":{"name":"a"},"spec":{"strategy":{},"template":{"metadata":{},"spec":{}}},"status":{"replicas":1}}""" },
        { "v1/configmaps", """{"metadata":{"name":"a","annotations":{"quote\"d":"x"}},"data":{"ü.txt":"y","b":"z"}}""" },
        { "v1/configmaps", """{"metadata":{"name":"a"}}""" },
        { "v1/services", """{"metadata":{"name":"a"},"spec":{"ports":[{"port":80,"protocol":"TCP"},{"port":80,"protocol":"UDP"}],"selector":{"a":"b"},"type":"ClusterIP"}}""" },
        { "v1/pods", """{"metadata":{"name":"a","finalizers":["x/y","x/z"],"ownerReferences":[{"uid":"u","name":"n","kind":"k","apiVersion":"v1"}]},"spec":{"containers":[{"name":"c","env":[{"name":"E","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}],"volumes":[{"name":"v","emptyDir":{}}],"securityContext":{}}}""" },
        { "v1/persistentvolumeclaims", """{"metadata":{"name":"a"},"spec":{"resources":{"requests":{"storage":"1Gi"}},"accessModes":["ReadWriteOnce"]}}""" },
    };

    [Theory]
    [MemberData(nameof(Creations))]
    public void CreatedFields_WrittenInOneWalk_AreThoseOfTheComparison(string path, string json)
    {
        var words = path.Split('/');
        var schema = SchemaCatalog.BuiltIn.Find(words.Length == 3 ? words[0] : "", words[^2], words[^1])!;
        var tree = ObjectJson.Parse(Encoding.UTF8.GetBytes(json)).Tree!.AsObject();
        var expected = IgnoredFields.Strip(FieldComparison.Of(schema.Root, ZeroObject.Tree(schema), tree).Without(IgnoredFields.ResetBy(schema, "")).Set);

        var written = CreatedFields.Write(schema, tree, "me", "2026-01-02T03:04:05Z");

        if (expected.IsEmpty) Assert.Null(written);
        else Assert.Equal(FieldsV1.ToText(expected), FieldsV1.ToText(FieldsV1.Parse(written!.Value.Parse()![0]!["fieldsV1"])));
    }

    private static JsonObject Spec(string spec) => ObjectJson.Parse(Encoding.UTF8.GetBytes($$"""{"spec":{{spec}}}""")).Tree!.AsObject();
}
