using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>What a test has ordered for one direction of the traffic with one peer.</summary>
/// <param name="Blackhole">Everything is dropped silently, as when a cable is cut.</param>
/// <param name="BytesPerSecond">Rate above which traffic is delayed; 0 = no limit.</param>
internal sealed record TrafficFault(bool Blackhole, double BytesPerSecond)
{
    private double _readyAt;

    /// <summary>How long a frame of the size must wait to keep the rate.</summary>
    public TimeSpan DelayFor(int bytes, double nowSeconds)
    {
        if (BytesPerSecond <= 0)
            return TimeSpan.Zero;
        lock (this)
        {
            _readyAt = Math.Max(_readyAt, nowSeconds) + bytes / BytesPerSecond;
            return TimeSpan.FromSeconds(_readyAt - nowSeconds);
        }
    }
}

/// <summary>
/// Test failure injection: cuts or slows the traffic with a peer. Costs one field read per frame while nothing is ordered.
/// </summary>
internal sealed class FaultInjector
{
    private readonly ConcurrentDictionary<Address, TrafficFault> _send = new();
    private readonly ConcurrentDictionary<Address, TrafficFault> _receive = new();
    private volatile bool _active;

    /// <summary>Raised when a peer's traffic may flow again, so that gates can be opened at once.</summary>
    public event Action<Address>? Healed;

    public TrafficFault? Send(Address peer) => _active ? _send.GetValueOrDefault(peer) : null;

    public TrafficFault? Receive(Address peer) => _active ? _receive.GetValueOrDefault(peer) : null;

    /// <summary>Whether any direction is cut, so that no connection could be opened.</summary>
    public bool IsCut(Address peer) => Send(peer) is { Blackhole: true } || Receive(peer) is { Blackhole: true };

    public void Blackhole(Address peer, ThrottleTransportAdapter.Direction direction) =>
        Set(peer, direction, new TrafficFault(true, 0));

    public void Throttle(Address peer, ThrottleTransportAdapter.Direction direction, double bytesPerSecond) =>
        Set(peer, direction, new TrafficFault(false, bytesPerSecond));

    public void PassThrough(Address peer, ThrottleTransportAdapter.Direction direction)
    {
        if (direction != ThrottleTransportAdapter.Direction.Receive)
            _send.TryRemove(peer, out _);
        if (direction != ThrottleTransportAdapter.Direction.Send)
            _receive.TryRemove(peer, out _);
        _active = !_send.IsEmpty || !_receive.IsEmpty;
        Healed?.Invoke(peer);
    }

    private void Set(Address peer, ThrottleTransportAdapter.Direction direction, TrafficFault fault)
    {
        if (direction != ThrottleTransportAdapter.Direction.Receive)
            _send[peer] = fault;
        if (direction != ThrottleTransportAdapter.Direction.Send)
            _receive[peer] = fault with { };
        _active = true;
    }
}
