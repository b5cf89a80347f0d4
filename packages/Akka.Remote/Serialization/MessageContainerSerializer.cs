using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>Messages sent by selection, which carry the rest of the way to the receiver.</summary>
public sealed class MessageContainerSerializer : SerializerWithStringManifest
{
    private const string SelectionManifest = "S";
    private const int MaxElements = 256;

    public MessageContainerSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 6;

    /// <inheritdoc />
    public override string Manifest(object o) => o is ActorSelectionMessage
        ? SelectionManifest
        : throw new SerializationException($"{o.GetType()} is no message sent by selection.");

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var selection = (ActorSelectionMessage)obj;
        var writer = new PayloadWriter();
        writer.WriteBool(selection.WildcardFanOut);
        writer.WriteVarInt32(selection.Elements.Length);
        foreach (var element in selection.Elements)
        {
            switch (element)
            {
                case SelectChildName name:
                    writer.WriteByte(0);
                    writer.WriteString(name.Name);
                    break;
                case SelectChildPattern pattern:
                    writer.WriteByte(1);
                    writer.WriteString(pattern.PatternStr);
                    break;
                case SelectParent:
                    writer.WriteByte(2);
                    break;
                default:
                    throw new SerializationException($"A selection cannot be sent by {element.GetType()}.");
            }
        }

        WrappedPayload.Write(writer, system, selection.Message);
        return writer.ToArray();
    }

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest != SelectionManifest)
            throw new SerializationException($"'{manifest}' is no message sent by selection.");
        var reader = new PayloadReader(bytes);
        var fanOut = reader.ReadBool();
        var count = reader.ReadCount();
        if (count > MaxElements)
            throw new SerializationException($"A selection has {count} elements, {MaxElements} are accepted.");
        var elements = new SelectionPathElement[count];
        for (var i = 0; i < count; i++)
        {
            elements[i] = reader.ReadByte() switch
            {
                0 => new SelectChildName(reader.ReadString()),
                1 => new SelectChildPattern(reader.ReadString()),
                2 => new SelectParent(),
                var other => throw new SerializationException($"A selection has no element of kind {other}."),
            };
        }

        var message = WrappedPayload.Read(ref reader, system) ?? throw new SerializationException("A selection carries no message.");
        return new ActorSelectionMessage(message, elements, fanOut);
    }
}
