using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Remote.Serialization;
using Akka.Serialization;
using Akka.Util;

namespace Akka.Cluster.Serialization;

/// <summary>The compact binary form of the messages of <see cref="IClusterMessage"/>; one or two letters name each.</summary>
public sealed class ClusterMessageSerializer : SerializerWithStringManifest
{
    private const string InitJoinManifest = "IJ";
    private const string InitJoinAckManifest = "IJA";
    private const string InitJoinNackManifest = "IJN";
    private const string JoinManifest = "J";
    private const string WelcomeManifest = "W";
    private const string LeaveManifest = "L";
    private const string DownManifest = "D";
    private const string ExitingConfirmedManifest = "EC";
    private const string GossipEnvelopeManifest = "GE";
    private const string GossipStatusManifest = "GS";
    private const string HeartbeatManifest = "HB";
    private const string HeartbeatRspManifest = "HBR";

    public ClusterMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 5;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        InitJoin => InitJoinManifest,
        InitJoinAck => InitJoinAckManifest,
        InitJoinNack => InitJoinNackManifest,
        Join => JoinManifest,
        Welcome => WelcomeManifest,
        LeaveMessage => LeaveManifest,
        DownMessage => DownManifest,
        ExitingConfirmed => ExitingConfirmedManifest,
        GossipEnvelope => GossipEnvelopeManifest,
        GossipStatus => GossipStatusManifest,
        Heartbeat => HeartbeatManifest,
        HeartbeatRsp => HeartbeatRspManifest,
        _ => throw new SerializationException($"{o.GetType()} is no message of the cluster."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var writer = new PayloadWriter();
        switch (obj)
        {
            case InitJoin:
                break;
            case InitJoinAck ack:
                WriteAddress(writer, ack.Address);
                break;
            case InitJoinNack nack:
                WriteAddress(writer, nack.Address);
                break;
            case Join join:
                WriteNode(writer, join.Node);
                WriteRoles(writer, join.Roles);
                writer.WriteString(join.AppVersion.Version);
                break;
            case Welcome welcome:
                WriteNode(writer, welcome.From);
                GossipCodec.Write(writer, welcome.Gossip);
                break;
            case LeaveMessage leave:
                WriteAddress(writer, leave.Address);
                break;
            case DownMessage down:
                WriteAddress(writer, down.Address);
                break;
            case ExitingConfirmed confirmed:
                WriteNode(writer, confirmed.Node);
                break;
            case GossipEnvelope envelope:
                WriteNode(writer, envelope.From);
                WriteNode(writer, envelope.To);
                GossipCodec.Write(writer, envelope.Gossip);
                break;
            case GossipStatus status:
                WriteStatus(writer, status);
                break;
            case Heartbeat heartbeat:
                WriteNode(writer, heartbeat.From);
                writer.WriteVarInt64(heartbeat.SequenceNumber);
                break;
            case HeartbeatRsp response:
                WriteNode(writer, response.From);
                writer.WriteVarInt64(response.SequenceNumber);
                break;
            default:
                throw new SerializationException($"{obj.GetType()} is no message of the cluster.");
        }

        return writer.ToArray();
    }

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new PayloadReader(bytes);
        return manifest switch
        {
            InitJoinManifest => new InitJoin(),
            InitJoinAckManifest => new InitJoinAck(ReadAddress(ref reader)),
            InitJoinNackManifest => new InitJoinNack(ReadAddress(ref reader)),
            JoinManifest => new Join(ReadNode(ref reader), ReadRoles(ref reader), AppVersion.Create(reader.ReadString())),
            WelcomeManifest => new Welcome(ReadNode(ref reader), GossipCodec.Read(ref reader)),
            LeaveManifest => new LeaveMessage(ReadAddress(ref reader)),
            DownManifest => new DownMessage(ReadAddress(ref reader)),
            ExitingConfirmedManifest => new ExitingConfirmed(ReadNode(ref reader)),
            GossipEnvelopeManifest => new GossipEnvelope(ReadNode(ref reader), ReadNode(ref reader), GossipCodec.Read(ref reader)),
            GossipStatusManifest => ReadStatus(ref reader),
            HeartbeatManifest => new Heartbeat(ReadNode(ref reader), reader.ReadVarInt64()),
            HeartbeatRspManifest => new HeartbeatRsp(ReadNode(ref reader), reader.ReadVarInt64()),
            _ => throw new SerializationException($"The cluster has no message '{manifest}'."),
        };
    }

    internal static void WriteAddress(PayloadWriter writer, Address address)
    {
        writer.WriteString(address.Protocol);
        writer.WriteString(address.System);
        writer.WriteString(address.Host ?? "");
        writer.WriteVarInt32(address.Port ?? 0);
    }

    internal static Address ReadAddress(ref PayloadReader reader)
    {
        var protocol = reader.ReadString();
        var system = reader.ReadString();
        var host = reader.ReadString();
        var port = reader.ReadVarInt32();
        if (port is < 0 or > 65535)
            throw new SerializationException($"{port} is no port.");
        return host.Length == 0 ? new Address(protocol, system) : new Address(protocol, system, host, port);
    }

    internal static void WriteNode(PayloadWriter writer, UniqueAddress node)
    {
        WriteAddress(writer, node.Address);
        writer.WriteFixedInt32(node.Uid);
    }

    internal static UniqueAddress ReadNode(ref PayloadReader reader) => new(ReadAddress(ref reader), reader.ReadFixedInt32());

    private static void WriteRoles(PayloadWriter writer, ImmutableHashSet<string> roles)
    {
        writer.WriteVarInt32(roles.Count);
        foreach (var role in roles)
            writer.WriteString(role);
    }

    private static ImmutableHashSet<string> ReadRoles(ref PayloadReader reader)
    {
        var roles = ImmutableHashSet.CreateBuilder<string>();
        for (var left = reader.ReadCount(); left > 0; left--)
            roles.Add(reader.ReadString());
        return roles.ToImmutable();
    }

    private static void WriteStatus(PayloadWriter writer, GossipStatus status)
    {
        WriteNode(writer, status.From);
        writer.WriteFixedUInt64(status.VersionDigest);
        writer.WriteFixedUInt64(status.SeenDigest);
        writer.WriteBool(status.Version is not null);
        if (status.Version is not { } version)
            return;
        var nodes = new NodeTable();
        foreach (var node in version.Versions.Keys)
            nodes.Add(node);
        nodes.Write(writer);
        GossipCodec.WriteClock(writer, version, nodes);
    }

    private static GossipStatus ReadStatus(ref PayloadReader reader)
    {
        var from = ReadNode(ref reader);
        var digest = reader.ReadFixedUInt64();
        var seen = reader.ReadFixedUInt64();
        if (!reader.ReadBool())
            return new GossipStatus(from, digest, seen, null);
        var nodes = NodeTable.Read(ref reader);
        return new GossipStatus(from, digest, seen, GossipCodec.ReadClock(ref reader, nodes));
    }
}
