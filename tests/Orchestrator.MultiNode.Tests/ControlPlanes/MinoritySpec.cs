using Akka.MultiNode.TestAdapter;
using Akka.Remote.TestKit;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>The member that is cut off finds itself in the minority and leaves.</summary>
public class MinoritySpec : PartitionSpec
{
    public MinoritySpec() : this(new ThreeControlPlanes()) { }

    protected MinoritySpec(ThreeControlPlanes config) : base(config, typeof(MinoritySpec)) { }

    [MultiNodeFact]
    public Task HostIsCutOff_MinorityIsDowned_AndMajorityGoesOnWithOneLog() => CutOffTheHostAsync();

    protected override IEnumerable<RoleName> Readers => [First, Second];

    protected override void AwaitFateOfMinority() => AwaitCondition(() => Cluster.IsTerminated, Patience);
}
