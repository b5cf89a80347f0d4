namespace Akka.Remote.Transport;

/// <summary>Names the directions of traffic for the multi-node test kit; the traffic itself is controlled by the test conductor.</summary>
public static class ThrottleTransportAdapter
{
    /// <summary>Direction seen from the node that obeys.</summary>
    public enum Direction
    {
        Send = 0,
        Receive = 1,
        Both = 2,
    }
}
