using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Resources;

public sealed class RecentTextsTests
{
    private readonly RecentTexts<string> _texts = new();

    [Fact]
    public void Text_IsFoundWhereAnObjectBeginsWithIt()
    {
        Assert.Null(Find("""{"a":1},"b":2}"""));
        Add("""{"a":1}""", "one");
        Add("""{"a":{}}""", "empty");
        Assert.Equal(("one", 7), Find("""{"a":1},"b":2}"""));
        Assert.Equal(("empty", 8), Find("""{"a":{}}}"""));
        Assert.Null(Find("""{"a":12}"""));
        Assert.Null(Find("""{"a":1"""));
        Assert.Null(Find(""));
    }

    [Fact]
    public void Text_IsKeptWhenItComesAgain_UnlessItIsLong()
    {
        Assert.False(IsAgain("{}"));
        Assert.False(IsAgain("{ }"));
        Assert.True(IsAgain("{}"));
        var large = $$"""{"a":"{{new string('x', RecentTexts<string>.LengthMax)}}"}""";
        Assert.False(IsAgain(large));
        Assert.False(IsAgain(large));
    }

    [Fact]
    public void NewerTexts_DriveOutOlderOnes()
    {
        for (var i = 0; i < 100; i++) Add($$"""{"a":"{{i}}"}""", $"{i}");
        Assert.Null(Find("""{"a":"0"}"""));
        Assert.Equal("99", Find("""{"a":"99"}""")?.Known);
        Assert.InRange(Enumerable.Range(0, 100).Count(i => Find($$"""{"a":"{{i}}"}""") is not null), 1, 32);
    }

    [Fact]
    public async Task Texts_OfManyThreads_AreNotMixedUp() =>
        await Parallel.ForAsync(0, 4, async (thread, token) =>
        {
            await Task.Yield();
            for (var i = 0; i < 5_000; i++)
            {
                var text = $$"""{"a":"{{(i + thread) % 40}}"}""";
                if (Find(text) is { } found) Assert.Equal((text, text.Length), found);
                else Add(text, text);
            }
        });

    private void Add(string text, string known) => _texts.Add(Encoding.UTF8.GetBytes(text), known);

    private bool IsAgain(string text) => _texts.IsAgain(Encoding.UTF8.GetBytes(text));

    private (string Known, int Length)? Find(string text) =>
        _texts.TryFind(Encoding.UTF8.GetBytes(text), out var known, out var length) ? (known, length) : null;
}
