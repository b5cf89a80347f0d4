using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>The heartbeats of remote watchers.</summary>
public sealed class RemoteWatcherSerializer : SerializerWithStringManifest
{
    public RemoteWatcherSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 18;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        RemoteWatcher.Heartbeat => "H",
        RemoteWatcher.HeartbeatRsp => "R",
        _ => throw new SerializationException($"{o.GetType()} is no heartbeat."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj) => obj is RemoteWatcher.HeartbeatRsp response ? BitConverter.GetBytes(response.AddressUid) : [];

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "H" => RemoteWatcher.Heartbeat.Instance,
        "R" when bytes.Length == 4 => new RemoteWatcher.HeartbeatRsp(BitConverter.ToInt32(bytes)),
        _ => throw new SerializationException($"{bytes.Length} bytes are no heartbeat '{manifest}'."),
    };
}
