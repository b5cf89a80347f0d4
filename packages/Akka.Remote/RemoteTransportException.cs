using Akka.Actor;

namespace Akka.Remote;

/// <summary>The transport could not be started, or a peer not be reached.</summary>
public class RemoteTransportException : AkkaException
{
    public RemoteTransportException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
