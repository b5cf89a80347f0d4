using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class ObjectJsonTests
{
    [Theory]
    [InlineData("""{"a":1.0,"b":-0,"c":1e3,"d":12345678901234567890,"e":0.1,"f":-5}""")]
    [InlineData("""{"a":["x",null,true,{"b":[]}]}""")]
    public void Parse_ThenSerialize_KeepsTheText(string text)
    {
        var parsed = ObjectJson.Parse(Encoding.UTF8.GetBytes(text));
        Assert.Null(parsed.Fault);
        Assert.Equal(text, JsonTree.ToText(parsed.Tree));
    }

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("{\"a\":}", "invalid character '}' looking for beginning of value")]
    [InlineData("{a:1}", "invalid character 'a' looking for beginning of object key string")]
    [InlineData("{} x", "invalid character 'x' after top-level value")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair")]
    [InlineData("[1,]", "invalid character ']' looking for beginning of value")]
    [InlineData("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')")]
    [InlineData("{\"a\":\"\n\"}", "invalid character '\\n' in string literal")]
    [InlineData("apiVersion: v1", "invalid character 'a' looking for beginning of value")]
    public void Parse_Malformed_SaysWhatGoSays(string text, string fault) =>
        Assert.Equal(fault, ObjectJson.Parse(Encoding.UTF8.GetBytes(text)).Fault);

    [Fact]
    public void Parse_TooDeep_IsRefused()
    {
        var text = new string('[', 5000) + new string(']', 5000);
        Assert.Equal("exceeded max depth", ObjectJson.Parse(Encoding.UTF8.GetBytes(text)).Fault);
    }

    [Fact]
    public void Parse_InvalidUtf8AndLoneSurrogates_AreRefused()
    {
        Assert.NotNull(ObjectJson.Parse([(byte)'"', 0xff, (byte)'"']).Fault);
        Assert.NotNull(ObjectJson.Parse("\"\\ud800\""u8).Fault);
    }

    [Fact]
    public void Parse_Duplicates_LastWinsAndIsTold()
    {
        var parsed = ObjectJson.Parse("""{"a":{"b":1,"b":2},"l":[{"c":1,"c":3}]}"""u8);
        Assert.Equal(["a.b", "l[0].c"], parsed.Duplicates!);
        Assert.Equal("""{"a":{"b":2},"l":[{"c":3}]}""", JsonTree.ToText(parsed.Tree));
    }

    // Far more texts than are remembered, many of them alike at both ends, and each read twice.
    [Fact]
    public void Parse_ManyNamesAndTexts_AreThoseOfTheText()
    {
        var text = new StringBuilder("{");
        for (var i = 0; i < 20_000; i++) text.Append(i == 0 ? "" : ",").Append($"\"name{i % 7}-{i}-tail\":\"ä{i}{new string('x', i % 60)}end\",\"\\u006e{i}\":\"{i}\"");
        var body = Encoding.UTF8.GetBytes(text.Append('}').ToString());
        for (var time = 0; time < 2; time++)
        {
            var tree = ObjectJson.Parse(body).Tree!.AsObject();
            Assert.Equal(40_000, tree.Count);
            for (var i = 0; i < 20_000; i++)
            {
                Assert.Equal($"ä{i}{new string('x', i % 60)}end", (string?)tree[$"name{i % 7}-{i}-tail"]);
                Assert.Equal($"{i}", (string?)tree[$"n{i}"]);
            }
        }
    }
}
