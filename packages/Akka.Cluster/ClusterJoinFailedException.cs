using Akka.Actor;

namespace Akka.Cluster;

/// <summary>The member has been removed, or has stopped trying, before it was up.</summary>
public class ClusterJoinFailedException : AkkaException
{
    public ClusterJoinFailedException(string message)
        : base(message)
    {
    }
}
