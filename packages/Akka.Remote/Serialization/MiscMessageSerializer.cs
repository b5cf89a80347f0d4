using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>The messages that every actor understands, and those of the remote watcher.</summary>
public sealed class MiscMessageSerializer : SerializerWithStringManifest
{
    public MiscMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 16;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        Identify => "A",
        ActorIdentity => "B",
        IActorRef => "C",
        PoisonPill => "D",
        Kill => "E",
        RemoteWatcher.Heartbeat => "F",
        RemoteWatcher.HeartbeatRsp => "G",
        Status.Success => "H",
        Status.Failure => "I",
        Address => "J",
        Done => "K",
        _ => throw new SerializationException($"{o.GetType()} is not known here."),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var writer = new PayloadWriter(64);
        switch (obj)
        {
            case Identify identify:
                WrappedPayload.Write(writer, system, identify.MessageId);
                break;
            case ActorIdentity identity:
                WrappedPayload.Write(writer, system, identity.MessageId);
                WrappedPayload.WriteRef(writer, identity.Subject);
                break;
            case IActorRef actor:
                WrappedPayload.WriteRef(writer, actor);
                break;
            case RemoteWatcher.HeartbeatRsp response:
                writer.WriteFixedInt32(response.AddressUid);
                break;
            case Status.Success success:
                WrappedPayload.Write(writer, system, success.Status);
                break;
            case Status.Failure failure:
                FailureCodec.Write(writer, failure.Cause);
                WrappedPayload.Write(writer, system, failure.State);
                break;
            case Address address:
                writer.WriteString(address.ToString());
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
                return new Identify(WrappedPayload.Read(ref reader, system));
            case "B":
                return new ActorIdentity(WrappedPayload.Read(ref reader, system), WrappedPayload.ReadRef(ref reader, system));
            case "C":
                return WrappedPayload.ReadRef(ref reader, system) ?? ActorRefs.Nobody;
            case "D":
                return PoisonPill.Instance;
            case "E":
                return Kill.Instance;
            case "F":
                return RemoteWatcher.Heartbeat.Instance;
            case "G":
                return new RemoteWatcher.HeartbeatRsp(reader.ReadFixedInt32());
            case "H":
                return new Status.Success(WrappedPayload.Read(ref reader, system));
            case "I":
                var cause = FailureCodec.Read(ref reader);
                return new Status.Failure(cause, WrappedPayload.Read(ref reader, system));
            case "J":
                return ReadAddress(reader.ReadString());
            case "K":
                return Done.Instance;
            default:
                throw new SerializationException($"'{manifest}' is not known here.");
        }
    }

    private static Address ReadAddress(string text) => Address.TryParse(text, out var address)
        ? address
        : throw new SerializationException($"'{text}' is no address.");
}
