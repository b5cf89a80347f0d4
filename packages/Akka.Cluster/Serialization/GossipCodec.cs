using System.Collections.Immutable;
using System.IO.Compression;
using System.Runtime.Serialization;
using Akka.Remote.Serialization;
using Akka.Util;

namespace Akka.Cluster.Serialization;

/// <summary>The binary form of a gossip: tables of members, roles and versions, then everything by number; compressed when large.</summary>
internal static class GossipCodec
{
    /// <summary>Size above which compression pays (bytes).</summary>
    private const int CompressAbove = 1024;

    /// <summary>Largest gossip accepted after decompression (bytes), so that a small frame cannot fill the memory.</summary>
    private const int MaxInflated = 64 * 1024 * 1024;

    public static void Write(PayloadWriter writer, Gossip gossip)
    {
        var body = new PayloadWriter(4096);
        WriteBody(body, gossip);
        if (body.Length <= CompressAbove)
        {
            writer.WriteBool(false);
            writer.WriteRaw(body.Written);
            return;
        }

        writer.WriteBool(true);
        using var compressed = new MemoryStream();
        using (var deflate = new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(body.Written);
        writer.WriteRaw(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
    }

    public static Gossip Read(ref PayloadReader reader)
    {
        if (!reader.ReadBool())
            return ReadBody(ref reader);
        using var compressed = new MemoryStream(reader.ReadRest().ToArray());
        using var deflate = new DeflateStream(compressed, CompressionMode.Decompress);
        using var inflated = new MemoryStream();
        var chunk = new byte[16 * 1024];
        try
        {
            for (int read; (read = deflate.Read(chunk)) > 0;)
            {
                if (inflated.Length + read > MaxInflated)
                    throw new SerializationException($"A gossip is larger than {MaxInflated} bytes.");
                inflated.Write(chunk, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new SerializationException("A compressed gossip is damaged.", e);
        }

        var body = new PayloadReader(inflated.GetBuffer().AsSpan(0, (int)inflated.Length));
        return ReadBody(ref body);
    }

    public static void WriteClock(PayloadWriter writer, VectorClock clock, NodeTable nodes)
    {
        writer.WriteVarInt32(clock.Versions.Count);
        foreach (var (node, version) in clock.Versions)
        {
            writer.WriteVarInt32(nodes.NumberOf(node));
            writer.WriteVarUInt64((ulong)version);
        }
    }

    public static VectorClock ReadClock(ref PayloadReader reader, NodeTable nodes)
    {
        var versions = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = reader.ReadCount(2); left > 0; left--)
            versions[nodes[reader.ReadVarInt32()]] = (long)reader.ReadVarUInt64();
        return new VectorClock(versions.ToImmutable());
    }

    private static void WriteBody(PayloadWriter writer, Gossip gossip)
    {
        var nodes = Nodes(gossip);
        nodes.Write(writer);
        WriteMembers(writer, gossip, nodes);
        writer.WriteVarInt32(gossip.Seen.Count);
        foreach (var node in gossip.Seen)
            writer.WriteVarInt32(nodes.NumberOf(node));
        WriteReachability(writer, gossip.Reachability, nodes);
        WriteClock(writer, gossip.Version, nodes);
        writer.WriteVarInt32(gossip.Tombstones.Count);
        foreach (var (node, at) in gossip.Tombstones)
        {
            writer.WriteVarInt32(nodes.NumberOf(node));
            writer.WriteVarInt64(at);
        }
    }

    private static Gossip ReadBody(ref PayloadReader reader)
    {
        var nodes = NodeTable.Read(ref reader);
        var members = ReadMembers(ref reader, nodes);
        var seen = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        for (var left = reader.ReadCount(); left > 0; left--)
            seen.Add(nodes[reader.ReadVarInt32()]);
        var reachability = ReadReachability(ref reader, nodes);
        var version = ReadClock(ref reader, nodes);
        var tombstones = ImmutableDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = reader.ReadCount(2); left > 0; left--)
            tombstones[nodes[reader.ReadVarInt32()]] = reader.ReadVarInt64();
        return new Gossip(members, seen.ToImmutable(), reachability, version, tombstones.ToImmutable());
    }

    private static NodeTable Nodes(Gossip gossip)
    {
        var nodes = new NodeTable();
        foreach (var member in gossip.Members)
            nodes.Add(member.UniqueAddress);
        foreach (var node in gossip.Seen)
            nodes.Add(node);
        foreach (var record in gossip.Reachability.Records)
        {
            nodes.Add(record.Observer);
            nodes.Add(record.Subject);
        }

        foreach (var node in gossip.Reachability.Versions.Keys)
            nodes.Add(node);
        foreach (var node in gossip.Version.Versions.Keys)
            nodes.Add(node);
        foreach (var node in gossip.Tombstones.Keys)
            nodes.Add(node);
        return nodes;
    }

    /// <summary>Roles and versions recur, so the members name them by number.</summary>
    private static void WriteMembers(PayloadWriter writer, Gossip gossip, NodeTable nodes)
    {
        var texts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in gossip.Members.SelectMany(m => m.Roles.Append(m.AppVersion.Version)))
            texts.TryAdd(text, texts.Count);
        writer.WriteVarInt32(texts.Count);
        foreach (var text in texts.Keys)
            writer.WriteString(text);
        writer.WriteVarInt32(gossip.Members.Count);
        foreach (var member in gossip.Members)
        {
            writer.WriteVarInt32(nodes.NumberOf(member.UniqueAddress));
            writer.WriteByte((byte)member.Status);
            writer.WriteVarInt32(member.UpNumber);
            writer.WriteVarInt32(texts[member.AppVersion.Version]);
            writer.WriteVarInt32(member.Roles.Count);
            foreach (var role in member.Roles)
                writer.WriteVarInt32(texts[role]);
        }
    }

    private static ImmutableSortedSet<Member> ReadMembers(ref PayloadReader reader, NodeTable nodes)
    {
        var texts = new string[reader.ReadCount()];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = reader.ReadString();
        var versions = new Dictionary<int, AppVersion>();
        var members = ImmutableSortedSet.CreateBuilder<Member>();
        for (var left = reader.ReadCount(5); left > 0; left--)
        {
            var node = nodes[reader.ReadVarInt32()];
            var status = (MemberStatus)reader.ReadByte();
            if (!Enum.IsDefined(status))
                throw new SerializationException($"There is no member status {status}.");
            var upNumber = reader.ReadVarInt32();
            var versionNumber = reader.ReadVarInt32();
            if (!versions.TryGetValue(versionNumber, out var version))
                versions[versionNumber] = version = AppVersion.Create(Text(versionNumber));
            var roles = ImmutableHashSet.CreateBuilder<string>();
            for (var roleCount = reader.ReadCount(); roleCount > 0; roleCount--)
                roles.Add(Text(reader.ReadVarInt32()));
            members.Add(new Member(node, upNumber, status, roles.ToImmutable(), version));
        }

        return members.ToImmutable();

        string Text(int number) => number >= 0 && number < texts.Length
            ? texts[number]
            : throw new SerializationException($"There is no text {number} in a table of {texts.Length}.");
    }

    private static void WriteReachability(PayloadWriter writer, Reachability reachability, NodeTable nodes)
    {
        writer.WriteVarInt32(reachability.Records.Count);
        foreach (var record in reachability.Records)
        {
            writer.WriteVarInt32(nodes.NumberOf(record.Observer));
            writer.WriteVarInt32(nodes.NumberOf(record.Subject));
            writer.WriteByte((byte)record.Status);
            writer.WriteVarUInt64((ulong)record.Version);
        }

        writer.WriteVarInt32(reachability.Versions.Count);
        foreach (var (node, version) in reachability.Versions)
        {
            writer.WriteVarInt32(nodes.NumberOf(node));
            writer.WriteVarUInt64((ulong)version);
        }
    }

    private static Reachability ReadReachability(ref PayloadReader reader, NodeTable nodes)
    {
        var records = ImmutableList.CreateBuilder<Reachability.Record>();
        for (var left = reader.ReadCount(4); left > 0; left--)
        {
            var observer = nodes[reader.ReadVarInt32()];
            var subject = nodes[reader.ReadVarInt32()];
            var status = (ReachabilityStatus)reader.ReadByte();
            if (!Enum.IsDefined(status))
                throw new SerializationException($"There is no reachability {status}.");
            records.Add(new Reachability.Record(observer, subject, status, (long)reader.ReadVarUInt64()));
        }

        var versions = ImmutableDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = reader.ReadCount(2); left > 0; left--)
            versions[nodes[reader.ReadVarInt32()]] = (long)reader.ReadVarUInt64();
        return new Reachability(records.ToImmutable(), versions.ToImmutable());
    }
}
