using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>The system messages that go from one system to another. Nobody is supervised from afar, so there are four.</summary>
public sealed class SystemMessageSerializer : SerializerWithStringManifest
{
    public SystemMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 22;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        Watch => "W",
        Unwatch => "U",
        DeathWatchNotification => "D",
        Terminate => "T",
        _ => throw new SerializationException($"{o.GetType()} does not go to another system."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var writer = new PayloadWriter(128);
        switch (obj)
        {
            case Watch watch:
                WrappedPayload.WriteRef(writer, watch.Watchee);
                WrappedPayload.WriteRef(writer, watch.Watcher);
                break;
            case Unwatch unwatch:
                WrappedPayload.WriteRef(writer, unwatch.Watchee);
                WrappedPayload.WriteRef(writer, unwatch.Watcher);
                break;
            case DeathWatchNotification notification:
                WrappedPayload.WriteRef(writer, notification.Actor);
                writer.WriteBool(notification.ExistenceConfirmed);
                writer.WriteBool(notification.AddressTerminated);
                break;
        }

        return writer.ToArray();
    }

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new PayloadReader(bytes);
        return manifest switch
        {
            "W" => new Watch(ReadRef(ref reader), ReadRef(ref reader)),
            "U" => new Unwatch(ReadRef(ref reader), ReadRef(ref reader)),
            "D" => new DeathWatchNotification(ReadRef(ref reader), reader.ReadBool(), reader.ReadBool()),
            "T" => new Terminate(),
            _ => throw new SerializationException($"'{manifest}' is no system message that comes from another system."),
        };
    }

    private IInternalActorRef ReadRef(ref PayloadReader reader) =>
        WrappedPayload.ReadRef(ref reader, system) as IInternalActorRef ?? throw new SerializationException("A system message names nobody.");
}
