using Orchestrator.Actors.Scheduling;

namespace Orchestrator.Actors.Tests.Scheduling;

public sealed class FitFailureTests
{
    private static readonly FitFailure Known = Failure();

    [Fact]
    public void Or_OfTheSameWords_IsTheOther() => Assert.Same(Known, Failure().Or(Known));

    [Fact]
    public void Or_OfOtherWords_IsItself()
    {
        Assert.All(
            new[]
            {
                Failure(cpu: 2), Failure() with { NodeCount = 4 }, Failure() with { Resolvable = 1 }, Failure() with { HelpedBy = ClusterEvents.PodRemoved },
                Failure() with { WhicheverNode = "why" }, Failure() with { NominatedNode = "n1" }, Failure() with { Ineligible = "never" },
                Failure() with { Displacing = null }, Failure() with { Displacing = Reasons(("a", 2)) }, Failure() with { Displacing = Reasons(("b", 1)) },
                Failure() with { Displacing = Reasons(("a", 1), ("b", 1)) }, Failure() with { Reasons = Reasons() },
            },
            failure => Assert.Same(failure, failure.Or(Known)));
        Assert.Same(Known, Known.Or(null));
    }

    private static FitFailure Failure(int cpu = 1) =>
        new(3, Reasons(("Insufficient cpu", cpu), ("taint", 2)), 0, ClusterEvents.NodeAdded) { Displacing = Reasons(("a", 1)) };

    private static Dictionary<string, int> Reasons(params (string Reason, int Nodes)[] reasons) => reasons.ToDictionary(r => r.Reason, r => r.Nodes);
}
