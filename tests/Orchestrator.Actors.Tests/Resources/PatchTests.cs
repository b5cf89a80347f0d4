using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class PatchTests
{
    private static readonly TypeSchema Pod = SchemaCatalog.BuiltIn.Type("core.v1.Pod");

    private static PatchedObject Patch(PatchType form, string current, string patch) =>
        ObjectPatch.Apply(Pod, form, (JsonObject)JsonNode.Parse(current)!, Encoding.UTF8.GetBytes(patch));

    private static void AssertPatched(PatchType form, string current, string patch, string expected)
    {
        var patched = Patch(form, current, patch);
        Assert.Null(patched.Error);
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), patched.Tree!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"c":2}}""", """{"a":null,"b":{"d":3}}""", """{"b":{"c":2,"d":3}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[3]}""", """{"a":[3]}""")]
    [InlineData("""{}""", """{"a":{"b":null,"c":1}}""", """{"a":{"c":1}}""")]
    [InlineData("""{"a":"b"}""", """{"a":{"c":1}}""", """{"a":{"c":1}}""")]
    public void MergePatch_Applies(string current, string patch, string expected) => AssertPatched(PatchType.Merge, current, patch, expected);

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}]""", """{"a":[1,2,3,4]}""")]
    [InlineData("""{"a":1,"b":2}""", """[{"op":"remove","path":"/a"}]""", """{"b":2}""")]
    [InlineData("""{"a":{"b/c":1}}""", """[{"op":"replace","path":"/a/b~1c","value":2}]""", """{"a":{"b/c":2}}""")]
    [InlineData("""{"a":{"x":1}}""", """[{"op":"move","from":"/a/x","path":"/y"},{"op":"copy","from":"/y","path":"/z"}]""", """{"a":{},"y":1,"z":1}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":1},{"op":"test","path":"/none","value":null}]""", """{"a":1}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/-1","value":3},{"op":"remove","path":"/a/-3"},{"op":"replace","path":"/a/-1","value":4}]""", """{"a":[2,4]}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":null}]""", """{"a":1,"b":null}""")]
    public void JsonPatch_Applies(string current, string patch, string expected) => AssertPatched(PatchType.Json, current, patch, expected);

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", "testing value /a failed: test failed")]
    [InlineData("""[{"op":"remove","path":"/x"}]""", "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value")]
    [InlineData("""[{"op":"replace","path":"/x","value":1}]""", "replace operation does not apply: doc is missing key: /x: missing value")]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", "add operation does not apply: doc is missing path: \"/x/y\": missing value")]
    [InlineData("""[{"op":"add","path":"","value":{}}]""", "add operation does not apply: doc is missing path: \"\": missing value")]
    [InlineData("""[{"op":"add","path":"/l/7","value":1}]""", "error in add for path: '/l/7': Unable to access invalid index: 7: invalid index referenced")]
    [InlineData("""[{"op":"add","path":"/l/-3","value":1}]""", "error in add for path: '/l/-3': Unable to access invalid index: -3: invalid index referenced")]
    public void JsonPatch_ThatDoesNotApply_IsUnprocessable(string patch, string fault)
    {
        var patched = Patch(PatchType.Json, """{"a":1,"l":[]}""", patch);
        Assert.Equal((422, "the server rejected our request due to an error in our request"), (patched.Error!.Code, patched.Error.Message));
        Assert.Empty(patched.Error.Causes);
        Assert.Equal(fault, patched.Fault);
    }

    [Theory]
    [InlineData(PatchType.Json, "{}")]
    [InlineData(PatchType.Json, "[1]")]
    [InlineData(PatchType.Merge, "[]")]
    [InlineData(PatchType.Merge, "{")]
    [InlineData(PatchType.StrategicMerge, """{"spec":{"$retainKeys":"x"}}""")]
    [InlineData(PatchType.StrategicMerge, """{"spec":{"$deleteFromPrimitiveList/finalizers":"x"}}""")]
    [InlineData(PatchType.StrategicMerge, """{"spec":{"$setElementOrder/containers":"x"}}""")]
    public void Patch_ThatMakesNoSense_IsABadRequest(PatchType form, string patch) =>
        Assert.Equal(400, Patch(form, """{"spec":{"containers":[]}}""", patch).Error!.Code);

    [Theory]
    [InlineData("""{"spec":{"$patch":"frob","a":1}}""", 400, "unknown patch type: frob in map: map[$patch:frob a:1]")]
    [InlineData("""{"spec":{"containers":[{"image":"x"}]}}""", 400, "map: map[image:x] does not contain declared merge key: name")]
    [InlineData("""{"spec":{"containers":[{"$patch":"delete"}]}}""", 400, "map: map[$patch:delete] does not contain declared merge key: name")]
    [InlineData("""{"spec":{"containers":[{"$patch":"merge","name":"a"}]}}""", 400, "merging lists cannot yet be specified in the patch")]
    [InlineData("""{"spec":{"$setElementOrder/containers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"b"},{"name":"a"}]}}""", 400,
        "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n")]
    [InlineData("""{"spec":{"$retainKeys":["a"],"b":1}}""", 422, "the server rejected our request due to an error in our request")]
    public void StrategicMerge_ThatMakesNoSense_IsToldAsUpstreamDoes(string patch, int code, string message)
    {
        var error = Patch(PatchType.StrategicMerge, """{"spec":{"containers":[{"name":"a"}]}}""", patch).Error!;
        Assert.Equal((code, message), (error.Code, error.Causes.IsEmpty ? error.Message : error.Causes[0].Message));
    }

    [Fact]
    public void JsonPatch_OfTooManyOperations_IsTooLarge()
    {
        var patch = $"[{string.Join(',', Enumerable.Repeat("""{"op":"test","path":"/a","value":1}""", JsonPatch.OperationsMax + 1))}]";
        var error = Patch(PatchType.Json, """{"a":1}""", patch).Error!;
        Assert.Equal((413, "The allowed maximum operations in a JSON patch is 10000, got 10001"), (error.Code, error.Message));
    }

    [Fact]
    public void JsonPatch_WhoseCopiesDouble_IsRefused()
    {
        var operations = Enumerable.Range(0, 40).Select(static i => $$"""{"op":"copy","from":"/a","path":"/a/k{{i}}"}""");
        var patched = Patch(PatchType.Json, """{"a":{"b":"c"}}""", $"[{string.Join(',', operations)}]");
        Assert.Equal(422, patched.Error!.Code);
        Assert.StartsWith("Unable to complete the copy, the accumulated size increase of copy is ", patched.Fault, StringComparison.Ordinal);
        Assert.EndsWith(", exceeding the limit 3145728", patched.Fault, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Strategic => new()
    {
        // A list with a key merges; the patched element keeps its place, a new one comes first.
        { """{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}""", """{"spec":{"containers":[{"name":"b","image":"2"}]}}""", """{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}}""" },
        { """{"spec":{"containers":[{"name":"a"}]}}""", """{"spec":{"containers":[{"name":"c"}]}}""", """{"spec":{"containers":[{"name":"c"},{"name":"a"}]}}""" },
        { """{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}""", """{"spec":{"containers":[{"name":"b"}]}}""" },
        { """{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"$patch":"replace"},{"name":"z"}]}}""", """{"spec":{"containers":[{"name":"z"}]}}""" },
        { """{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"2"}]}}""", """{"spec":{"containers":[{"name":"b"},{"name":"a","image":"2"}]}}""" },
        // Atomic lists are replaced, maps merge, null deletes.
        { """{"spec":{"tolerations":[{"key":"a"}],"nodeSelector":{"a":"1","b":"2"}}}""", """{"spec":{"tolerations":[{"key":"b"}],"nodeSelector":{"a":null,"c":"3"}}}""", """{"spec":{"tolerations":[{"key":"b"}],"nodeSelector":{"b":"2","c":"3"}}}""" },
        { """{"spec":{"nodeSelector":{"a":"1"}}}""", """{"spec":{"nodeSelector":{"$patch":"replace","b":"2"}}}""", """{"spec":{"nodeSelector":{"b":"2"}}}""" },
        // A volume's source is a union: the keys to retain drop the old source.
        { """{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}""", """{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}""", """{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}""" },
        { """{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}""", """{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"emptyDir":null,"hostPath":{"path":"/x"}}]}}""", """{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}""" },
        // Lists of scalars that merge.
        { """{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}}""", """{"metadata":{"finalizers":["c","b"]}}""" },
        { """{"metadata":{"labels":{"x":"1"}}}""", """{"metadata":{"labels":{"y":"2"},"annotations":{"k":null,"l":"m"}}}""", """{"metadata":{"labels":{"x":"1","y":"2"},"annotations":{"l":"m"}}}""" },
        // What only the server has stays where it was among the others.
        { """{"spec":{"containers":[{"name":"a"},{"name":"own"},{"name":"b"}]}}""", """{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}""", """{"spec":{"containers":[{"name":"own"},{"name":"b"},{"name":"a"}]}}""" },
        { """{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"1"}]}]}}""", """{"spec":{"containers":[{"name":"a","env":[{"name":"X","$patch":"delete"},{"name":"Z","value":"3"}]}]}}""", """{"spec":{"containers":[{"name":"a","env":[{"name":"Z","value":"3"},{"name":"Y","value":"1"}]}]}}""" },
        { """{"spec":{"securityContext":{"runAsUser":1}}}""", """{"spec":{"securityContext":{"$patch":"delete"}}}""", """{"spec":{"securityContext":{}}}""" },
        { """{"spec":{}}""", """{"spec":{"securityContext":{"$patch":"replace","runAsUser":2},"nodeSelector":{"$patch":"merge","a":"1"}}}""", """{"spec":{"securityContext":{"runAsUser":2},"nodeSelector":{"a":"1"}}}""" },
        { """{"metadata":{"finalizers":["a","b","c"]}}""", """{"metadata":{"$setElementOrder/finalizers":["c","a"],"$deleteFromPrimitiveList/finalizers":["b"]}}""", """{"metadata":{"finalizers":["c","a"]}}""" },
        // Ports merge by number although two keys tell them apart.
        { """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}}""", """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"http"}]}]}}""", """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"http"}]}]}}""" },
    };

    [Theory]
    [MemberData(nameof(Strategic))]
    public void StrategicMerge_Applies(string current, string patch, string expected) => AssertPatched(PatchType.StrategicMerge, current, patch, expected);
}
