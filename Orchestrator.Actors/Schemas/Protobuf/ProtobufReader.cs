using System.Buffers.Binary;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>The bytes are no protobuf, or not of the type that they claim to be. Never leaves this folder: callers get an ApiError.</summary>
internal sealed class ProtobufFormatException(string message) : Exception(message);

/// <summary>Reads the fields of one message. Offsets are those of the message's own bytes.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;

    /// <summary>Where the reader stands (bytes).</summary>
    public int At { get; private set; }

    /// <summary>Reads the next field; false at the end of the message.</summary>
    /// <exception cref="ProtobufFormatException">The bytes are cut off or malformed.</exception>
    public bool TryRead(out ProtobufField field)
    {
        field = default;
        if (At == _message.Length) return false;
        var tag = Varint();
        var number = (int)(tag >> 3);
        if (number <= 0 || tag > uint.MaxValue) throw new ProtobufFormatException("a field has no number");
        switch ((WireType)(tag & 7))
        {
            case WireType.Varint:
                field = new ProtobufField(number, WireType.Varint, Varint(), 0, 0);
                return true;
            case WireType.Fixed64:
                field = new ProtobufField(number, WireType.Fixed64, BinaryPrimitives.ReadUInt64LittleEndian(_message.Slice(Skip(8), 8)), 0, 0);
                return true;
            case WireType.Fixed32:
                field = new ProtobufField(number, WireType.Fixed32, BinaryPrimitives.ReadUInt32LittleEndian(_message.Slice(Skip(4), 4)), 0, 0);
                return true;
            case WireType.Length:
                var length = Varint();
                if (length > (ulong)(_message.Length - At)) throw new ProtobufFormatException("a field is longer than its message");
                field = new ProtobufField(number, WireType.Length, 0, Skip((int)length), (int)length);
                return true;
            default:
                throw new ProtobufFormatException($"the wire type {tag & 7} is not known");
        }
    }

    /// <summary>Reads a bare number, as packed lists hold them.</summary>
    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (At == _message.Length) throw new ProtobufFormatException("the message ends in the middle of a number");
            var next = _message[At++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        throw new ProtobufFormatException("a number is longer than ten bytes");
    }

    private int Skip(int bytes)
    {
        var start = At;
        if (bytes > _message.Length - At) throw new ProtobufFormatException("a field is longer than its message");
        At += bytes;
        return start;
    }
}

/// <summary>One field: a number, or the range of its bytes.</summary>
internal readonly record struct ProtobufField(int Number, WireType Wire, ulong Value, int Offset, int Length);
