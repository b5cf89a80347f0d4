using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.FieldManagement;

public sealed class FieldSetTests
{
    [Theory]
    [InlineData("{}", "")]
    [InlineData("""{"f:a":{}}""", ".a")]
    [InlineData("""{"f:a":{".":{},"f:b":{}}}""", ".a .a.b")]
    [InlineData("""{"f:a":{"f:b":{}}}""", ".a.b")]
    [InlineData("""{"f:c":{"k:{\"name\":\"x\"}":{".":{},"f:image":{}}}}""", """.c[name="x"] .c[name="x"].image""")]
    [InlineData("""{"f:p":{"k:{\"protocol\": \"TCP\", \"containerPort\":80}":{}}}""", """.p[containerPort=80,protocol="TCP"]""")]
    [InlineData("""{"f:s":{"v:\"x\"":{},"v:3":{},"i:2":{}}}""", """.s[="x"] .s[=3] .s[2]""")]
    [InlineData("""{"f:new":{"z:unknown":{}},"f:a":{}}""", ".a")]
    public void FieldsV1_Parsed_HoldsThePaths(string json, string paths) =>
        Assert.Equal(paths.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), Set(json).Paths().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("""{"f:b":{},"f:a":{"f:y":{},".":{},"f:x":{}}}""", """{"f:a":{".":{},"f:x":{},"f:y":{}},"f:b":{}}""")]
    [InlineData("""{"f:p":{"k:{\"protocol\":\"TCP\",\"containerPort\":80}":{".":{}}}}""", """{"f:p":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{}}}""")]
    [InlineData("""{"v:1":{},"k:{\"a\":1}":{},"f:z":{}}""", """{"f:z":{},"k:{\"a\":1}":{},"v:1":{}}""")]
    public void FieldsV1_Written_IsCanonical(string json, string canonical) => Assert.Equal(canonical, FieldsV1.ToText(Set(json)));

    [Theory]
    [InlineData("""{"x":{}}""")]
    [InlineData("""{"fx":{}}""")]
    [InlineData("""{"k:nonsense":{}}""")]
    [InlineData("""{"k:[1]":{}}""")]
    [InlineData("""{"i:x":{}}""")]
    [InlineData("""{"f:a":3}""")]
    [InlineData("3")]
    public void FieldsV1_OfNonsense_IsRefused(string json) => Assert.Throws<FormatException>(() => FieldsV1.Parse(JsonNode.Parse(json)));

    private const string Left = """{"f:a":{".":{},"f:x":{},"f:y":{}},"f:b":{},"f:c":{"f:d":{}}}""";
    private const string Right = """{"f:a":{"f:y":{},"f:z":{}},"f:c":{".":{}},"f:e":{}}""";

    [Theory]
    [InlineData("union", """{"f:a":{".":{},"f:x":{},"f:y":{},"f:z":{}},"f:b":{},"f:c":{".":{},"f:d":{}},"f:e":{}}""")]
    [InlineData("intersection", """{"f:a":{"f:y":{}}}""")]
    [InlineData("difference", """{"f:a":{".":{},"f:x":{}},"f:b":{},"f:c":{"f:d":{}}}""")]
    [InlineData("recursive", """{"f:a":{".":{},"f:x":{}},"f:b":{}}""")]
    [InlineData("leaves", """{"f:a":{"f:x":{},"f:y":{}},"f:b":{},"f:c":{"f:d":{}}}""")]
    public void Operation_OnTwoSets_IsThatOfUpstream(string operation, string expected)
    {
        var (left, right) = (Set(Left), Set(Right));
        var result = operation switch
        {
            "union" => left.Union(right),
            "intersection" => left.Intersection(right),
            "difference" => left.Difference(right),
            "recursive" => left.RecursiveDifference(right),
            _ => left.Leaves(),
        };
        Assert.Equal(expected, FieldsV1.ToText(result));
    }

    [Fact]
    public void Operations_OnRandomSets_KeepTheLawsOfSets()
    {
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var (a, b) = (RandomSet(random, 3), RandomSet(random, 3));
            Assert.Equal(a.Union(b), b.Union(a));
            Assert.Equal(a.Intersection(b), b.Intersection(a));
            Assert.Equal(a, a.Difference(b).Union(a.Intersection(b)));
            Assert.True(a.Difference(b).Intersection(b).IsEmpty);
            Assert.Equal(a.Union(b).Difference(b), a.Difference(b));
            Assert.Equal(a, Set(FieldsV1.ToText(a)));
            Assert.Equal(a.Paths().ToHashSet(StringComparer.Ordinal).Union(b.Paths()).Order(StringComparer.Ordinal), a.Union(b).Paths().Order(StringComparer.Ordinal));
        }
    }

    private static FieldSet RandomSet(Random random, int depth)
    {
        var nodes = new List<FieldNode>();
        foreach (var name in (ReadOnlySpan<string>)["a", "b", "c", "d"])
        {
            var children = depth > 0 && random.Next(2) == 0 ? RandomSet(random, depth - 1) : FieldSet.Empty;
            var member = random.Next(3) == 0;
            if (member || !children.IsEmpty) nodes.Add(new FieldNode(FieldElement.Field(name), member, children.IsEmpty ? null : children));
        }
        return FieldSet.Of(nodes);
    }

    private static FieldSet Set(string json) => FieldsV1.Parse(JsonNode.Parse(json));
}
