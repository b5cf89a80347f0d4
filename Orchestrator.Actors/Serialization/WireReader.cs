using System.Runtime.Serialization;
using System.Text;

namespace Orchestrator.Actors.Serialization;

/// <summary>Reads what <see cref="WireWriter"/> wrote. Every length is checked against what is there before anything is allocated.</summary>
/// <exception cref="SerializationException">The bytes end early or hold an impossible length.</exception>
public ref struct WireReader(ReadOnlyMemory<byte> bytes)
{
    private readonly ReadOnlyMemory<byte> _bytes = bytes;
    private int _at;

    public long Number()
    {
        ulong bits = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _bytes.Length) throw Truncated();
            var b = _bytes.Span[_at++];
            bits |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return (long)(bits >> 1) ^ -(long)(bits & 1);
        }
        throw new SerializationException("a number of a message is longer than 64 bits");
    }

    public bool Flag() => Number() != 0;

    public string? TextOrNull()
    {
        var length = Number();
        if (length == -1) return null;
        return Encoding.UTF8.GetString(Take(length).Span);
    }

    public string Text() => TextOrNull() ?? throw new SerializationException("a text of a message is missing");

    /// <summary>A slice of the message itself; nothing is copied.</summary>
    public ReadOnlyMemory<byte> Bytes() => Take(Number());

    public DateTimeOffset Time() => new(Number(), TimeSpan.Zero);

    public long? OptionalNumber() => Flag() ? Number() : null;

    /// <summary>A number of elements that follow, each at least one byte long.</summary>
    public int Count()
    {
        var count = Number();
        return count >= 0 && count <= _bytes.Length - _at ? (int)count : throw Truncated();
    }

    private ReadOnlyMemory<byte> Take(long length)
    {
        if (length < 0 || length > _bytes.Length - _at) throw Truncated();
        var slice = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return slice;
    }

    private static SerializationException Truncated() => new("a message ends early");
}
