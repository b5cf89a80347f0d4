using Akka.MultiNode.TestAdapter.Internal;
using Akka.Remote.TestKit;

namespace Orchestrator.MultiNode.Tests.TestKit;

/// <summary>How a run fails: the specs here are run by the tests below only.</summary>
public sealed class NodesRunTests
{
    [Fact]
    public async Task Run_WhenOneNodeFails_TellsWhatAllHaveWritten()
    {
        var error = await FailureAsync(nameof(BrokenSpec.SecondFails), TimeSpan.FromMinutes(1));
        Assert.Contains("second ended with exit code 1", error, StringComparison.Ordinal);
        Assert.Contains("deliberately", error, StringComparison.Ordinal);
        Assert.Contains("the first one was here", error, StringComparison.Ordinal);
        Assert.Contains("second is gone.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenANodeHangs_IsEndedAtTheDeadline()
    {
        var error = await FailureAsync(nameof(BrokenSpec.SecondHangs), TimeSpan.FromSeconds(8));
        Assert.Contains("second] did not end within 00:00:08", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfAClassThatIsNoSpec_SaysSo()
    {
        var error = await Assert.ThrowsAsync<MultiNodeRunException>(
            () => NodesRun.RunAsync(typeof(NodesRunTests), typeof(NodesRunTests).GetMethods()[0], TimeSpan.FromMinutes(1), CancellationToken.None));
        Assert.Contains("does not derive from MultiNodeSpec", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> FailureAsync(string method, TimeSpan deadline)
    {
        var error = await Assert.ThrowsAsync<MultiNodeRunException>(
            () => NodesRun.RunAsync(typeof(BrokenSpec), typeof(BrokenSpec).GetMethod(method)!, deadline, CancellationToken.None));
        return error.Message;
    }
}

/// <summary>Two roles without a cluster.</summary>
public sealed class TwoRoles : MultiNodeConfig
{
    public TwoRoles()
    {
        First = Role("first");
        Second = Role("second");
    }

    public RoleName First { get; }
    public RoleName Second { get; }
}

/// <summary>Fails in the ways that a run must notice.</summary>
public class BrokenSpec : MultiNodeSpec
{
    private readonly TwoRoles _config;

    public BrokenSpec() : this(new TwoRoles()) { }

    protected BrokenSpec(TwoRoles config) : base(config, typeof(BrokenSpec)) => _config = config;

    protected override int InitialParticipantsValueFactory => Roles.Count;

    public void SecondFails()
    {
        RunOn(() => Console.WriteLine("the first one was here"), _config.First);
        EnterBarrier("both-are-here");
        RunOn(() => throw new InvalidOperationException("deliberately"), _config.Second);
        EnterBarrier("never-reached");
    }

    public Task SecondHangs() => RunOnAsync(() => Task.Delay(Timeout.Infinite), _config.Second);
}
