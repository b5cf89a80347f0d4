using Akka.Remote.Transport;

namespace Akka.Remote.TestKit.Internal;

/// <summary>What a frame is about.</summary>
internal enum ConductorOp
{
    /// <summary>Node to conductor: the role is up at an address. Answered when every role is, with all addresses.</summary>
    Hello,
    Enter,
    Throttle,
    Blackhole,
    PassThrough,
    Disconnect,
    Abort,
    Exit,
    Shutdown,
    Nodes,
    Remove,

    /// <summary>The answer to the frame of the same id.</summary>
    Reply,
}

/// <summary>One line of JSON between a node and the conductor. Members that an operation does not need are absent.</summary>
/// <param name="Id">Chosen by the asking side; the reply carries it.</param>
internal sealed record ConductorFrame(ConductorOp Op, long Id)
{
    /// <summary>Who must obey.</summary>
    public string? Node { get; init; }

    /// <summary>The other end of the traffic in question.</summary>
    public string? Target { get; init; }

    /// <summary>Name of a barrier.</summary>
    public string? Barrier { get; init; }

    /// <summary>How long the barrier may take, in milliseconds.</summary>
    public long TimeoutMs { get; init; }

    public ThrottleTransportAdapter.Direction Direction { get; init; }

    /// <summary>Megabits per second.</summary>
    public float RateMBit { get; init; }

    public int ExitValue { get; init; }

    /// <summary>Shutdown without a farewell to the peers.</summary>
    public bool Abruptly { get; init; }

    /// <summary>Address of the actor system of <see cref="Node"/> (Hello) or of <see cref="Target"/> (orders).</summary>
    public string? Address { get; init; }

    /// <summary>Addresses by role.</summary>
    public Dictionary<string, string>? Addresses { get; init; }

    /// <summary>Why the request failed; absent when it did not.</summary>
    public string? Error { get; init; }
}
