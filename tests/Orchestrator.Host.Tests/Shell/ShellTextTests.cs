using Orchestrator.Actors.Resources;
using Orchestrator.Host.Shell;

namespace Orchestrator.Host.Tests.Shell;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("get pods -n  kube-system", new[] { "get", "pods", "-n", "kube-system" })]
    [InlineData("a 'b c' \"d \\\" e\" f\\ g ''", new[] { "a", "b c", "d \" e", "f g", "" })]
    [InlineData("   ", new string[0])]
    public void Words_Split_AsAUnixShell(string line, string[] expected) => Assert.Equal(expected, Words.Split(line));

    [Fact]
    public void Words_OpenQuote_SaysSo() => Assert.Contains("'", Assert.Throws<FormatException>(() => Words.Split("get 'pods")).Message, StringComparison.Ordinal);

    [Fact]
    public void Difference_NamesPathsWithOldAndNewValues()
    {
        var before = JsonNode.Parse("""{"metadata":{"resourceVersion":"1"},"spec":{"replicas":1,"list":[{"a":1}],"gone":true}}""");
        var after = JsonNode.Parse("""{"metadata":{"resourceVersion":"2"},"spec":{"replicas":3,"list":[{"a":2}],"new":"x"}}""");

        Assert.Equal(["~ spec.replicas: 1 -> 3", "~ spec.list[0].a: 1 -> 2", "- spec.gone: true", "+ spec.new: x"], Difference.Between(before, after));
    }

    [Fact]
    public void TextTable_AlignsColumns() =>
        Assert.Equal("NAME     AGE\na        5m\nlonger   1d\n".ReplaceLineEndings(), TextTable.Render(["Name", "Age"], [["a", "5m"], ["longer", "1d"]]));

    [Fact]
    public void ApplyPatch_RemovesWhatTheLastManifestHad()
    {
        var live = new JsonObject();
        var first = JsonNode.Parse("""{"metadata":{"name":"c"},"data":{"a":"1","b":"2"}}""")!.AsObject();
        live = JsonNode.Parse(ApplyPatch.Annotated(first))!.AsObject();
        var second = JsonNode.Parse("""{"metadata":{"name":"c"},"data":{"a":"1"}}""")!.AsObject();

        var patch = JsonNode.Parse(ApplyPatch.Between(live, second))!;

        Assert.True(patch["data"]!.AsObject().ContainsKey("b"));
        Assert.Null(patch["data"]!["b"]);
        Assert.Equal("1", (string?)patch["data"]!["a"]);
    }

    [Fact]
    public void Arguments_ShortFlagsMeanWhatTheyMeanInTheVerb()
    {
        Assert.True(new ShellArguments(["logs", "p", "-f"]).Has("--follow"));
        Assert.Equal("x.yaml", new ShellArguments(["apply", "-f", "x.yaml"])["--filename"]);
        Assert.Throws<ShellException>(() => new ShellArguments(["get", "--bogus"]));
        Assert.Throws<ShellException>(() => new ShellArguments(["get", "-n"]));
    }
}
