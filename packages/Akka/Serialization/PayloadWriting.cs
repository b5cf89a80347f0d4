using System.Runtime.Serialization;
using Akka.Actor;

namespace Akka.Serialization;

/// <summary>Values within messages: the number of a serializer, its manifest, its bytes.</summary>
internal static class PayloadWriting
{
    public static void WritePayload(this BinaryWriter writer, Serialization serialization, object value)
    {
        var serializer = serialization.FindSerializerFor(value);
        var bytes = serializer.ToBinary(value);
        writer.Write(serializer.Identifier);
        writer.Write(Serialization.ManifestFor(serializer, value));
        writer.WriteBytes(bytes);
    }

    public static object ReadPayload(this BinaryReader reader, Serialization serialization)
    {
        var id = reader.ReadInt32();
        var manifest = reader.ReadString();
        return serialization.Deserialize(reader.ReadAll(), id, manifest);
    }

    public static void WriteBytes(this BinaryWriter writer, byte[] bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    public static byte[] ReadAll(this BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        if (length < 0 || length > reader.BaseStream.Length - reader.BaseStream.Position)
            throw new SerializationException($"A payload claims {length} bytes, more than are left");
        return reader.ReadBytes(length);
    }

    public static void WriteRef(this BinaryWriter writer, IActorRef actor) => writer.Write(Serialization.SerializedActorPath(actor));

    public static IActorRef ReadRef(this BinaryReader reader, Serialization serialization) => serialization.DeserializeActorRef(reader.ReadString());
}
