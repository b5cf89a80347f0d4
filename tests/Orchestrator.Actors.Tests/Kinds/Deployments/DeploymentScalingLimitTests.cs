using Orchestrator.Actors.Kinds.Deployments;

namespace Orchestrator.Actors.Tests.Kinds.Deployments;

public sealed class DeploymentScalingLimitTests
{
    [Fact]
    public void CountsAtTheirLimit_AreNoFault()
    {
        SizedSet a = new("a", int.MaxValue, 1, DateTimeOffset.UnixEpoch, null), b = new("b", int.MaxValue, 1, DateTimeOffset.UnixEpoch, null);
        Assert.Equal(["a", "b"], DeploymentScaling.Proportional([a, b], int.MaxValue, int.MaxValue, 1).Keys.Order());
        Assert.All(DeploymentScaling.ShrinkOld([b], a, 0).Values, static size => Assert.True(size >= 0));
        Assert.Equal(int.MaxValue, DeploymentScaling.Total(int.MaxValue, int.MaxValue));
        Assert.Equal(7, DeploymentScaling.NewSize(int.MaxValue, int.MaxValue, 7, int.MaxValue));
    }
}
