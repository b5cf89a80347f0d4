using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class SelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["tier"] = "front", ["n"] = "5" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web,tier=front", true)]
    [InlineData("app = web , tier != back", true)]
    [InlineData("app!=web", false)]
    [InlineData("missing!=x", true)]
    [InlineData("app in (db, web)", true)]
    [InlineData("app notin (db,web)", false)]
    [InlineData("missing notin (a)", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("! missing", true)]
    [InlineData("n>4", true)]
    [InlineData("n<5", false)]
    [InlineData("app=", false)]
    [InlineData("missing in ()", false)]
    public void LabelSelector_Text_Matches(string text, bool matches)
    {
        var selector = LabelSelector.Parse(text, out var fault);
        Assert.Null(fault);
        Assert.Equal(matches, selector!.Matches(Labels));
    }

    [Theory]
    [InlineData("app in (a")]
    [InlineData("app=a=b")]
    [InlineData("a/b/c=d")]
    [InlineData("app,")]
    [InlineData("=x")]
    [InlineData("n>x")]
    [InlineData("app=-bad")]
    public void LabelSelector_BadText_IsRefused(string text)
    {
        Assert.Null(LabelSelector.Parse(text, out var fault));
        Assert.NotEmpty(fault!);
    }

    [Fact]
    public void LabelSelector_ObjectForm_DistinguishesAbsentFromEmpty()
    {
        Assert.False(LabelSelectorJson.Read(null).Matches(Labels));
        Assert.True(LabelSelectorJson.Read(new JsonObject()).Matches(Labels));
        var selector = LabelSelectorJson.Read(JsonNode.Parse("""
            {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["front","x"]},{"key":"gone","operator":"DoesNotExist"}]}
            """));
        Assert.True(selector.Matches(Labels));
        Assert.Equal("app=web,!gone,tier in (front,x)", selector.ToString());
    }

    [Fact]
    public void FieldSelector_KnownFields_MatchTheStoredText()
    {
        var pods = SchemaCatalog.BuiltIn.Find("", "v1", "pods")!;
        var selector = FieldSelector.Parse(pods, "spec.nodeName=n1,status.phase!=Failed,metadata.name==a", out var fault);
        Assert.Null(fault);
        Assert.Equal("n1", selector!.Only("spec.nodeName"));
        Assert.Equal("a", selector.Name);
        Assert.True(selector.Matches((JsonObject)JsonNode.Parse("""{"metadata":{"name":"a"},"spec":{"nodeName":"n1"}}""")!));
        Assert.False(selector.Matches((JsonObject)JsonNode.Parse("""{"metadata":{"name":"a"},"spec":{}}""")!));

        var nodes = SchemaCatalog.BuiltIn.Find("", "v1", "nodes")!;
        Assert.True(FieldSelector.Parse(nodes, "spec.unschedulable=false", out _)!.Matches([]));
    }

    [Theory]
    [InlineData("spec.foo=1", "field label not supported: spec.foo")]
    [InlineData("spec.nodeName", "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'")]
    public void FieldSelector_BadText_SaysWhy(string text, string fault)
    {
        Assert.Null(FieldSelector.Parse(SchemaCatalog.BuiltIn.Find("", "v1", "pods")!, text, out var told));
        Assert.Equal(fault, told);
    }

    [Fact]
    public void FieldSelector_EscapedComma_IsPartOfTheValue()
    {
        var events = SchemaCatalog.BuiltIn.Find("", "v1", "events")!;
        var selector = FieldSelector.Parse(events, @"reason=a\,b", out _);
        Assert.Equal("a,b", selector!.Requirements[0].Value);
    }
}
