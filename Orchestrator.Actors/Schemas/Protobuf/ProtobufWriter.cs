using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Actors.Schemas.Protobuf;

/// <summary>Writes protobuf fields into a growing array, from the pool while it is not large. Not safe for threads; dispose it to give the array back.</summary>
internal sealed class ProtobufWriter : IDisposable
{
    private const int InitialBytes = 1024;

    /// <summary>Larger arrays are not borrowed (bytes): the pool keeps for each thread the largest that it ever lent to it.</summary>
    private const int PooledMax = 256 * 1024;

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
        Release(_buffer);
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
            var needed = Math.Max(_buffer.Length * 2, _at + bytes);
            var larger = needed <= PooledMax ? ArrayPool<byte>.Shared.Rent(needed) : GC.AllocateUninitializedArray<byte>(needed);
            _buffer.AsSpan(0, _at).CopyTo(larger);
            Release(_buffer);
            _buffer = larger;
        }
        return _buffer.AsSpan(_at);
    }

    private static void Release(byte[] buffer)
    {
        // The pool's own arrays are powers of two, so that a borrowed one is never longer than this.
        if (buffer.Length <= PooledMax) ArrayPool<byte>.Shared.Return(buffer);
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
