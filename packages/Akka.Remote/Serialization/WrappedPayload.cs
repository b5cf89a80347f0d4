using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>A message inside another one: serializer, manifest and bytes.</summary>
internal static class WrappedPayload
{
    public static void Write(PayloadWriter writer, ExtendedActorSystem system, object? message)
    {
        writer.WriteBool(message is not null);
        if (message is null)
            return;
        var serializer = system.Serialization.FindSerializerFor(message);
        writer.WriteVarInt32(serializer.Identifier);
        writer.WriteString(Akka.Serialization.Serialization.ManifestFor(serializer, message));
        writer.WriteBytes(serializer.ToBinary(message));
    }

    public static object? Read(ref PayloadReader reader, ExtendedActorSystem system)
    {
        if (!reader.ReadBool())
            return null;
        var serializerId = reader.ReadVarInt32();
        var manifest = reader.ReadString();
        return system.Serialization.Deserialize(reader.ReadBytes(), serializerId, manifest);
    }

    /// <summary>A reference as its path; empty for none.</summary>
    public static void WriteRef(PayloadWriter writer, IActorRef? actor) =>
        writer.WriteString(actor is null || actor.IsNobody() ? "" : Akka.Serialization.Serialization.SerializedActorPath(actor));

    public static IActorRef? ReadRef(ref PayloadReader reader, ExtendedActorSystem system)
    {
        var path = reader.ReadString();
        return path.Length == 0 ? null : system.Provider.ResolveActorRef(path);
    }
}
