using System.Buffers;
using System.Text;

namespace Orchestrator.Actors.Serialization;

/// <summary>Writes the compact binary form of messages: varints, length-prefixed strings and bytes.</summary>
public sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public void Number(long value)
    {
        // Zigzag, so that small negative numbers stay small.
        var bits = (ulong)((value << 1) ^ (value >> 63));
        var span = _buffer.GetSpan(10);
        var count = 0;
        while (bits >= 0x80)
        {
            span[count++] = (byte)(bits | 0x80);
            bits >>= 7;
        }
        span[count++] = (byte)bits;
        _buffer.Advance(count);
    }

    public void Flag(bool value) => Number(value ? 1 : 0);

    public void Text(string? value)
    {
        if (value is null)
        {
            Number(-1);
            return;
        }
        var count = Encoding.UTF8.GetByteCount(value);
        Number(count);
        Encoding.UTF8.GetBytes(value, _buffer.GetSpan(count));
        _buffer.Advance(count);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        _buffer.Write(value);
    }

    public void Time(DateTimeOffset value) => Number(value.UtcTicks);

    public void Number(long? value)
    {
        Flag(value is not null);
        if (value is { } number) Number(number);
    }

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();
}
