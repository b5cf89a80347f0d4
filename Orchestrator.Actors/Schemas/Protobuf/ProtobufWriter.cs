using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>Writes protobuf fields into a growing array from the pool. Not safe for threads; dispose it to give the array back.</summary>
internal sealed class ProtobufWriter : IDisposable
{
    private const int InitialBytes = 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _at;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _at);

    public int Length => _at;

    public void Varint(int field, ulong value)
    {
        Tag(field, WireType.Varint);
        RawVarint(value);
    }

    public void Int(int field, long value) => Varint(field, (ulong)value);

    public void Bool(int field, bool value) => Varint(field, value ? 1u : 0u);

    public void Double(int field, double value)
    {
        Tag(field, WireType.Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(Room(8), value);
        _at += 8;
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Length);
        RawVarint((ulong)value.Length);
        value.CopyTo(Room(value.Length));
        _at += value.Length;
    }

    public void Text(int field, string value)
    {
        Tag(field, WireType.Length);
        var length = Encoding.UTF8.GetByteCount(value);
        RawVarint((ulong)length);
        Encoding.UTF8.GetBytes(value, Room(length));
        _at += length;
    }

    /// <summary>Opens a message; the result goes to <see cref="End"/>.</summary>
    public int Begin(int field)
    {
        Tag(field, WireType.Length);
        // One byte is kept for the length: most messages are short, and the others are moved once.
        Room(1)[0] = 0;
        return ++_at;
    }

    /// <summary>Closes the message that <paramref name="start"/> opened.</summary>
    public void End(int start)
    {
        var length = _at - start;
        var more = VarintLength((ulong)length) - 1;
        if (more > 0)
        {
            Room(more);
            _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + more));
        }
        _at = start - 1;
        RawVarint((ulong)length);
        _at += length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Tag(int field, WireType type) => RawVarint(((ulong)field << 3) | (uint)type);

    private void RawVarint(ulong value)
    {
        var room = Room(10);
        var at = 0;
        for (; value >= 0x80; value >>= 7) room[at++] = (byte)(value | 0x80);
        room[at++] = (byte)value;
        _at += at;
    }

    private static int VarintLength(ulong value)
    {
        var length = 1;
        for (; value >= 0x80; value >>= 7) length++;
        return length;
    }

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length - _at < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _at + bytes));
            _buffer.AsSpan(0, _at).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        return _buffer.AsSpan(_at);
    }
}

/// <summary>How a field's value is laid out.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}
