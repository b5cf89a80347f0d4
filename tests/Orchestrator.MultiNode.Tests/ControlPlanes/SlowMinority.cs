using Akka.Configuration;

namespace Orchestrator.MultiNode.Tests.ControlPlanes;

/// <summary>As <see cref="ThreeControlPlanes"/>, but the third member is slow to notice that it is in the minority.</summary>
public sealed class SlowMinority : ThreeControlPlanes
{
    public SlowMinority() => NodeConfig([Third], [ConfigurationFactory.ParseString("""
        akka.cluster.split-brain-resolver { stable-after = 120 s, down-all-when-unstable = off }
        """)]);
}
