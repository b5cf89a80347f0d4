using Akka.Remote.TestKit.Internal;

namespace Orchestrator.MultiNode.Tests.TestKit;

public sealed class BarriersTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly Barriers _barriers = new(["a", "b", "c"]);

    [Fact]
    public async Task Enter_WhenAllAreThere_ReleasesAll_AndTheNextBarrierStartsAnew()
    {
        foreach (var name in (string[])["one", "two", "one"])
        {
            var (a, b) = (Enter("a", name), Enter("b", name));
            Assert.False(a.IsCompleted || b.IsCompleted);
            Assert.All(await Task.WhenAll(a, b, Enter("c", name)), Assert.Null);
        }
    }

    [Fact]
    public async Task Enter_AtAnotherBarrier_FailsAll()
    {
        var a = Enter("a", "one");
        Assert.Equal("b is at barrier 'two' while [a] are at 'one'.", await Enter("b", "two"));
        Assert.Equal(await a, await Enter("c", "one"));
        Assert.Contains("'two'", await a, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enter_WhenNotAllComeInTime_TellsWhoIsMissing()
    {
        var a = Enter("a", "one");
        var error = await _barriers.EnterAsync("b", "one", TimeSpan.Zero);
        Assert.Contains("missing: [c]", error, StringComparison.Ordinal);
        Assert.Equal(error, await a);
    }

    [Fact]
    public async Task Remove_OfTheLastOneMissing_ReleasesTheOthers()
    {
        var (a, b) = (Enter("a", "one"), Enter("b", "one"));
        _barriers.Remove("c");
        Assert.All(await Task.WhenAll(a, b), Assert.Null);
        Assert.Contains("removed", await Enter("c", "two"), StringComparison.Ordinal);
        _barriers.Lost("c");
        b = Enter("b", "two");
        Assert.Null(await Enter("a", "two"));
        Assert.Null(await b);
    }

    [Fact]
    public async Task Lost_FailsThoseWhoWait_AndAllWhoComeLater()
    {
        var a = Enter("a", "one");
        _barriers.Lost("c");
        Assert.Equal("c is gone.", await a);
        Assert.Equal("c is gone.", await Enter("b", "one"));
    }

    private Task<string?> Enter(string role, string name) => _barriers.EnterAsync(role, name, Long);
}
