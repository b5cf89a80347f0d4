using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>
/// Chooses who monitors whom: members lie on a ring by a hash of their address, and each monitors the few that follow it.
/// So every member has the same number of monitors, they are spread over the cluster, and one joining or leaving member
/// changes the choice of its neighbours only. Immutable.
/// </summary>
internal sealed class HeartbeatNodeRing
{
    private readonly UniqueAddress[] _ring;
    private readonly Lazy<ImmutableHashSet<UniqueAddress>> _myReceivers;

    public HeartbeatNodeRing(UniqueAddress self, IEnumerable<UniqueAddress> nodes, IReadOnlySet<UniqueAddress> unreachable,
        int monitoredByNumberOfNodes)
    {
        Self = self;
        Unreachable = unreachable.ToImmutableHashSet();
        MonitoredByNumberOfNodes = monitoredByNumberOfNodes;
        _ring = nodes.Append(self).Distinct()
            .Select(node => (Position: GossipDigest.RingPosition(node), Node: node))
            .OrderBy(n => n.Position).ThenBy(n => n.Node).Select(n => n.Node).ToArray();
        Nodes = [.. _ring];
        _myReceivers = new(() => Receivers(Self));
    }

    public UniqueAddress Self { get; }

    public ImmutableHashSet<UniqueAddress> Nodes { get; }

    public ImmutableHashSet<UniqueAddress> Unreachable { get; }

    public int MonitoredByNumberOfNodes { get; }

    /// <summary>The members that this one sends heartbeats to.</summary>
    public ImmutableHashSet<UniqueAddress> MyReceivers => _myReceivers.Value;

    /// <summary>
    /// The members that follow the sender on the ring: as many reachable ones as configured, and the unreachable ones among
    /// them on top, so that they are seen again when they come back.
    /// </summary>
    public ImmutableHashSet<UniqueAddress> Receivers(UniqueAddress sender)
    {
        var start = Array.IndexOf(_ring, sender);
        var receivers = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        var wanted = MonitoredByNumberOfNodes;
        for (var i = 1; i < _ring.Length && wanted > 0; i++)
        {
            var node = _ring[(start + i) % _ring.Length];
            // The number of unreachable ones taken along is bounded as well: a big partition must not make everybody ping everybody.
            if (!Unreachable.Contains(node))
                wanted--;
            else if (receivers.Count >= MonitoredByNumberOfNodes * 2)
                continue;
            receivers.Add(node);
        }

        return receivers.ToImmutable();
    }

    public HeartbeatNodeRing Add(UniqueAddress node) => Nodes.Contains(node)
        ? this
        : new HeartbeatNodeRing(Self, Nodes.Add(node), Unreachable, MonitoredByNumberOfNodes);

    public HeartbeatNodeRing Remove(UniqueAddress node) => Nodes.Contains(node) || Unreachable.Contains(node)
        ? new HeartbeatNodeRing(Self, Nodes.Remove(node), Unreachable.Remove(node), MonitoredByNumberOfNodes)
        : this;

    public HeartbeatNodeRing WithUnreachable(UniqueAddress node) =>
        new(Self, Nodes, Unreachable.Add(node), MonitoredByNumberOfNodes);

    public HeartbeatNodeRing WithReachable(UniqueAddress node) =>
        new(Self, Nodes, Unreachable.Remove(node), MonitoredByNumberOfNodes);
}
