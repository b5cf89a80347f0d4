using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;

namespace Akka.Serialization;

/// <summary>The small messages of the core: identities, references, stop messages, the outcome of an operation.</summary>
public sealed class MiscMessageSerializer : SerializerWithStringManifest
{
    private const string IdentifyManifest = "ID";
    private const string ActorIdentityManifest = "AID";
    private const string ActorRefManifest = "AR";
    private const string PoisonPillManifest = "PP";
    private const string KillManifest = "K";
    private const string FailureManifest = "SF";
    private const string SuccessManifest = "SS";
    private const string AddressManifest = "AD";
    private const string DoneManifest = "DO";

    public MiscMessageSerializer(ExtendedActorSystem system) : base(system) { }

    public override int Identifier => 16;

    public override string Manifest(object o) => o switch
    {
        Identify => IdentifyManifest,
        ActorIdentity => ActorIdentityManifest,
        IActorRef => ActorRefManifest,
        PoisonPill => PoisonPillManifest,
        Kill => KillManifest,
        Status.Failure => FailureManifest,
        Status.Success => SuccessManifest,
        Address => AddressManifest,
        Done => DoneManifest,
        _ => throw new ArgumentException($"{GetType()} cannot write a {o?.GetType()}", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8))
        {
            switch (obj)
            {
                case Identify m: writer.WritePayload(system.Serialization, m.MessageId); break;
                case ActorIdentity m:
                    writer.WritePayload(system.Serialization, m.MessageId);
                    writer.WriteRef(m.Subject);
                    break;
                case IActorRef actor: writer.WriteRef(actor); break;
                case Status.Success m: writer.WritePayload(system.Serialization, m.Status); break;
                case Status.Failure m:
                    writer.Write(m.Cause is not null);
                    if (m.Cause is not null) WrittenException.Write(writer, m.Cause);
                    writer.WritePayload(system.Serialization, m.State);
                    break;
                case Address address: writer.Write(address.ToString()); break;
                case PoisonPill or Kill or Done: break;
                default: throw new ArgumentException($"{GetType()} cannot write a {obj?.GetType()}", nameof(obj));
            }
        }

        return stream.ToArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        try
        {
            return manifest switch
            {
                IdentifyManifest => new Identify(reader.ReadPayload(system.Serialization)),
                ActorIdentityManifest => new ActorIdentity(reader.ReadPayload(system.Serialization), reader.ReadRef(system.Serialization)),
                ActorRefManifest => reader.ReadRef(system.Serialization),
                PoisonPillManifest => PoisonPill.Instance,
                KillManifest => Kill.Instance,
                SuccessManifest => new Status.Success(reader.ReadPayload(system.Serialization)),
                FailureManifest => new Status.Failure(
                    reader.ReadBoolean() ? WrittenException.Read(reader) : null, reader.ReadPayload(system.Serialization)),
                AddressManifest => Address.Parse(reader.ReadString()),
                DoneManifest => Done.Instance,
                _ => throw new SerializationException($"{GetType()} does not know the manifest [{manifest}]"),
            };
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new SerializationException($"The bytes of [{manifest}] are cut short or damaged", e);
        }
    }
}
