using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>Marks what members send each other; all of it is serialized by the cluster's own serializer.</summary>
public interface IClusterMessage
{
}

/// <summary>Asks the members at the seed addresses whether they take newcomers.</summary>
internal sealed record InitJoin : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>The asked member is in a cluster and takes newcomers.</summary>
internal sealed record InitJoinAck(Address Address) : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>The asked member is in no cluster itself.</summary>
internal sealed record InitJoinNack(Address Address) : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>A newcomer introduces itself to a member.</summary>
internal sealed record Join(UniqueAddress Node, ImmutableHashSet<string> Roles, AppVersion AppVersion) : IClusterMessage;

/// <summary>The newcomer is in; this is the state.</summary>
internal sealed record Welcome(UniqueAddress From, Gossip Gossip) : IClusterMessage;

/// <summary>Somebody asks that the member at the address leaves.</summary>
internal sealed record LeaveMessage(Address Address) : IClusterMessage;

/// <summary>Somebody asks that the member at the address is taken out.</summary>
internal sealed record DownMessage(Address Address) : IClusterMessage;

/// <summary>The leader may remove this member without waiting for it any longer.</summary>
internal sealed record ExitingConfirmed(UniqueAddress Node) : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>The state, sent by a member to one it thinks needs it.</summary>
internal sealed record GossipEnvelope(UniqueAddress From, UniqueAddress To, Gossip Gossip) : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>
/// A digest of the sender's state. While both agree, that is all they exchange. The vector clock is only there when the
/// digests have been found to differ, so that the receiver can tell which state is newer.
/// </summary>
internal sealed record GossipStatus(UniqueAddress From, ulong VersionDigest, ulong SeenDigest, VectorClock? Version)
    : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>A member asks a monitored one for a sign of life.</summary>
internal sealed record Heartbeat(UniqueAddress From, long SequenceNumber) : IClusterMessage, Event.IDeadLetterSuppression;

/// <summary>The sign of life.</summary>
internal sealed record HeartbeatRsp(UniqueAddress From, long SequenceNumber) : IClusterMessage, Event.IDeadLetterSuppression;
