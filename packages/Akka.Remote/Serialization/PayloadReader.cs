using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace Akka.Remote.Serialization;

/// <summary>
/// Reads what <see cref="PayloadWriter"/> wrote. Everything is checked against the bytes at hand before anything is
/// allocated, because they come from a socket.
/// </summary>
/// <exception cref="SerializationException">The bytes end early or hold an impossible number.</exception>
internal ref struct PayloadReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    public PayloadReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _position = 0;
    }

    public readonly int Remaining => _bytes.Length - _position;

    public readonly int Position => _position;

    public byte ReadByte() => Take(1)[0];

    public bool ReadBool() => ReadByte() switch
    {
        0 => false,
        1 => true,
        var other => throw new SerializationException($"A truth value cannot be {other}."),
    };

    public ulong ReadVarUInt64()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
                return value;
        }

        throw new SerializationException("A number is longer than 64 bits.");
    }

    public int ReadVarInt32()
    {
        var value = ReadVarUInt64();
        return value <= uint.MaxValue ? (int)(uint)value : throw new SerializationException($"{value} does not fit into 32 bits.");
    }

    public long ReadVarInt64()
    {
        var value = ReadVarUInt64();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int ReadFixedInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public ulong ReadFixedUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A number of elements, refused when the rest of the bytes cannot hold that many.</summary>
    public int ReadCount(int leastBytesPerElement = 1)
    {
        var count = ReadVarUInt64();
        if (count > (ulong)(Remaining / Math.Max(1, leastBytesPerElement)))
            throw new SerializationException($"{count} elements are announced, but only {Remaining} bytes follow.");
        return (int)count;
    }

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadCount()));

    public byte[] ReadBytes() => Take(ReadCount()).ToArray();

    public ReadOnlySpan<byte> ReadRaw(int length) => Take(length);

    public ReadOnlySpan<byte> ReadRest() => Take(Remaining);

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > Remaining)
            throw new SerializationException($"{length} bytes are needed, {Remaining} are left.");
        var taken = _bytes.Slice(_position, length);
        _position += length;
        return taken;
    }
}
