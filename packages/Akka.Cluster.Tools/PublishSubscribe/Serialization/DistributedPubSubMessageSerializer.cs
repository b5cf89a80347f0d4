using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Cluster.Serialization;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace Akka.Cluster.Tools.PublishSubscribe.Serialization;

/// <summary>The compact binary form of what mediators send each other.</summary>
public sealed class DistributedPubSubMessageSerializer : SerializerWithStringManifest
{
    public DistributedPubSubMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 9;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        Status => "A",
        Delta => "B",
        Send => "C",
        SendToAll => "D",
        Publish => "E",
        DeliverToTopic => "F",
        DeliverToPath => "G",
        _ => throw new SerializationException($"{o.GetType()} is no message of a mediator."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var writer = new PayloadWriter();
        switch (obj)
        {
            case Status status:
                WriteStatus(writer, status);
                break;
            case Delta delta:
                WriteDelta(writer, delta);
                break;
            case Send send:
                writer.WriteString(send.Path);
                writer.WriteBool(send.LocalAffinity);
                WrappedPayload.Write(writer, system, send.Message);
                break;
            case SendToAll send:
                writer.WriteString(send.Path);
                writer.WriteBool(send.ExcludeSelf);
                WrappedPayload.Write(writer, system, send.Message);
                break;
            case Publish publish:
                writer.WriteString(publish.Topic);
                writer.WriteBool(publish.SendOneMessageToEachGroup);
                WrappedPayload.Write(writer, system, publish.Message);
                break;
            case DeliverToTopic deliver:
                writer.WriteString(deliver.Topic);
                writer.WriteString(deliver.Group ?? "");
                WrappedPayload.Write(writer, system, deliver.Message);
                break;
            case DeliverToPath deliver:
                writer.WriteString(deliver.Path);
                WrappedPayload.Write(writer, system, deliver.Message);
                break;
        }

        return writer.ToArray();
    }

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new PayloadReader(bytes);
        switch (manifest)
        {
            case "A":
                return ReadStatus(ref reader);
            case "B":
                return ReadDelta(ref reader);
            case "C":
                var (sendPath, localAffinity) = (reader.ReadString(), reader.ReadBool());
                return new Send(sendPath, ReadMessage(ref reader), localAffinity);
            case "D":
                var (allPath, excludeSelf) = (reader.ReadString(), reader.ReadBool());
                return new SendToAll(allPath, ReadMessage(ref reader), excludeSelf);
            case "E":
                var (topic, toGroups) = (reader.ReadString(), reader.ReadBool());
                return new Publish(topic, ReadMessage(ref reader), toGroups);
            case "F":
                var (toTopic, group) = (reader.ReadString(), reader.ReadString());
                return new DeliverToTopic(toTopic, group.Length == 0 ? null : group, ReadMessage(ref reader));
            case "G":
                return new DeliverToPath(reader.ReadString(), ReadMessage(ref reader));
            default:
                throw new SerializationException($"'{manifest}' is no message of a mediator.");
        }
    }

    private object ReadMessage(ref PayloadReader reader) =>
        WrappedPayload.Read(ref reader, system) ?? throw new SerializationException("A message for a mediator carries nothing.");

    private static void WriteStatus(PayloadWriter writer, Status status)
    {
        writer.WriteFixedUInt64(status.Digest);
        writer.WriteBool(status.IsReply);
        writer.WriteBool(status.Versions is not null);
        if (status.Versions is not { } versions)
            return;
        writer.WriteVarInt32(versions.Count);
        foreach (var (address, version) in versions)
        {
            ClusterMessageSerializer.WriteAddress(writer, address);
            writer.WriteVarInt64(version);
        }
    }

    private static Status ReadStatus(ref PayloadReader reader)
    {
        var digest = reader.ReadFixedUInt64();
        var isReply = reader.ReadBool();
        if (!reader.ReadBool())
            return new Status(digest, null, isReply);
        var versions = ImmutableDictionary.CreateBuilder<Address, long>();
        for (var left = reader.ReadCount(5); left > 0; left--)
        {
            var address = ClusterMessageSerializer.ReadAddress(ref reader);
            versions[address] = reader.ReadVarInt64();
        }

        return new Status(digest, versions.ToImmutable(), isReply);
    }

    private static void WriteDelta(PayloadWriter writer, Delta delta)
    {
        writer.WriteVarInt32(delta.Buckets.Length);
        foreach (var bucket in delta.Buckets)
        {
            ClusterMessageSerializer.WriteAddress(writer, bucket.Owner);
            writer.WriteVarInt64(bucket.Since);
            writer.WriteVarInt64(bucket.Version);
            writer.WriteVarInt32(bucket.Content.Count);
            foreach (var (key, entry) in bucket.Content)
            {
                writer.WriteString(key);
                writer.WriteVarInt64(entry.Version);
                writer.WriteBool(entry.Present);
            }
        }
    }

    private static Delta ReadDelta(ref PayloadReader reader)
    {
        var buckets = ImmutableArray.CreateBuilder<Bucket>();
        for (var left = reader.ReadCount(7); left > 0; left--)
        {
            var owner = ClusterMessageSerializer.ReadAddress(ref reader);
            var since = reader.ReadVarInt64();
            var version = reader.ReadVarInt64();
            var content = ImmutableSortedDictionary.CreateBuilder<string, Entry>(StringComparer.Ordinal);
            for (var entries = reader.ReadCount(3); entries > 0; entries--)
            {
                var key = reader.ReadString();
                content[key] = new Entry(reader.ReadVarInt64(), reader.ReadBool());
            }

            buckets.Add(new Bucket(owner, since, version, content.ToImmutable()));
        }

        return new Delta(buckets.ToImmutable());
    }
}
