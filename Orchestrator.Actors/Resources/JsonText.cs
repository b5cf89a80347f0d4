using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Encodings.Web;

namespace Orchestrator.Actors.Resources;

/// <summary>JSON in UTF-8 as it is being written: the bytes that Utf8JsonWriter would write, without looking twice at what is plain.</summary>
/// <remarks>Names and most values are plain ASCII of which nothing is escaped: they are checked and narrowed in one go. All else goes
/// through the encoder of the framework. Whoever writes sees to it that names and values, commas and brackets take turns.</remarks>
internal sealed class JsonText
{
    // Objects are read by JSON parsers and by people in the journal, never embedded in HTML.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>What is escaped goes through pieces of this size (characters).</summary>
    private const int PieceMax = 512;

    /// <summary>A buffer that one large value made larger than this is not kept (bytes).</summary>
    private const int KeptMax = 256 * 1024;

    private const int NumberMax = 128;

    // What a thread writes into, again and again, so that a text costs only its own bytes.
    [ThreadStatic]
    private static JsonText? t_own;

    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    private JsonText()
    {
    }

    public int Length => _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>The thread's own text, empty. It is not to be kept, and to be given back by <see cref="Return"/>.</summary>
    public static JsonText Rent()
    {
        var text = t_own ?? new JsonText();
        t_own = null;
        text._length = 0;
        return text;
    }

    public static void Return(JsonText text)
    {
        if (text._buffer.Length <= KeptMax) t_own = text;
    }

    public void Value(JsonNode? node)
    {
        switch (node)
        {
            case null: Raw("null"u8); break;
            // Most values of most objects.
            case JsonString leaf: String(leaf.Value); break;
            default: node.WriteTo(this); break;
        }
    }

    public void Byte(byte one)
    {
        if (_length == _buffer.Length) Grow(1);
        _buffer[_length++] = one;
    }

    public void Raw(ReadOnlySpan<byte> utf8)
    {
        if (_buffer.Length - _length < utf8.Length) Grow(utf8.Length);
        utf8.CopyTo(_buffer.AsSpan(_length));
        _length += utf8.Length;
    }

    /// <summary>A name with the colon behind it.</summary>
    public void Name(string name)
    {
        String(name);
        Byte((byte)':');
    }

    public void String(string text)
    {
        // Room for the quotes, and for the colon that may follow.
        if (_buffer.Length - _length < text.Length + 3) Grow(text.Length + 3);
        var to = _buffer.AsSpan(_length);
        to[0] = (byte)'"';
        if (TryNarrow(text, to[1..]))
        {
            to[text.Length + 1] = (byte)'"';
            _length += text.Length + 2;
            return;
        }
        _length++;
        Escape(text);
        Byte((byte)'"');
    }

    public void Whole(long number)
    {
        if (_buffer.Length - _length < NumberMax) Grow(NumberMax);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    /// <exception cref="ArgumentException">The number is none that JSON can say.</exception>
    public void Double(double number)
    {
        if (!double.IsFinite(number)) throw new ArgumentException($"{number} cannot be written as JSON", nameof(number));
        if (_buffer.Length - _length < NumberMax) Grow(NumberMax);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out var written);
        _length += written;
    }

    /// <summary>Copies text that is written as it stands; false if some of it is not.</summary>
    private static bool TryNarrow(ReadOnlySpan<char> text, Span<byte> to)
    {
        if (!Vector128.IsHardwareAccelerated || text.Length < Vector128<ushort>.Count)
        {
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (c is < ' ' or > '~' or '"' or '\\') return false;
                to[i] = (byte)c;
            }
            return true;
        }
        ref var from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        var last = text.Length - Vector128<ushort>.Count;
        to = to[..text.Length];
        for (var at = 0; at < last; at += Vector128<ushort>.Count)
            if (!TryNarrow(ref from, to, at)) return false;
        // The last eight, some of which may have been copied already.
        return TryNarrow(ref from, to, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryNarrow(ref ushort from, Span<byte> to, int at)
    {
        var eight = Vector128.LoadUnsafe(ref from, (nuint)at);
        var odd = Vector128.GreaterThan(eight - Vector128.Create((ushort)' '), Vector128.Create((ushort)('~' - ' ')))
            | Vector128.Equals(eight, Vector128.Create((ushort)'"')) | Vector128.Equals(eight, Vector128.Create((ushort)'\\'));
        if (odd != Vector128<ushort>.Zero) return false;
        MemoryMarshal.Write(to[at..], Vector128.Narrow(eight, eight).AsUInt64().ToScalar());
        return true;
    }

    private void Escape(ReadOnlySpan<char> text)
    {
        Span<char> piece = stackalloc char[PieceMax];
        while (text.Length > 0)
        {
            Encoder.Encode(text, piece, out var consumed, out var written);
            text = text[consumed..];
            var bytes = Encoding.UTF8.GetMaxByteCount(written);
            if (_buffer.Length - _length < bytes) Grow(bytes);
            _length += Encoding.UTF8.GetBytes(piece[..written], _buffer.AsSpan(_length));
        }
    }

    private void Grow(int room) => Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, checked(_length + room)));
}
