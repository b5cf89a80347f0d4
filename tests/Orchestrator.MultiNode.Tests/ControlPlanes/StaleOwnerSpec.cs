using Akka.MultiNode.TestAdapter;
using Akka.Remote.TestKit;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>The member that is cut off takes itself for the owner of the registry long after the majority has a new one.</summary>
public class StaleOwnerSpec : PartitionSpec
{
    public StaleOwnerSpec() : this(new SlowMinority()) { }

    protected StaleOwnerSpec(SlowMinority config) : base(config, typeof(StaleOwnerSpec)) { }

    [MultiNodeFact]
    public Task HostIsCutOffAndGoesOnWriting_TheLogIsNotForked() => CutOffTheHostAsync();

    protected override IEnumerable<RoleName> Readers => Roles;

    protected override void AwaitFateOfMinority() => Assert.False(Cluster.IsTerminated);
}
