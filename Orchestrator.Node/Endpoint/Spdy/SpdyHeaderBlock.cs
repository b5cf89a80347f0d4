using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Node.Endpoint.Spdy;

/// <summary>The names and values of a stream's headers, before compression: a count, then length-prefixed pairs.</summary>
internal static class SpdyHeaderBlock
{
    /// <summary>Most headers of one stream; Kubernetes sends three.</summary>
    public const int CountMax = 64;

    /// <summary>Reads a block. Names come out in lower case; values of one name stay joined by NUL.</summary>
    /// <exception cref="SpdyProtocolException">It is cut short, too long, or names one header twice.</exception>
    public static Dictionary<string, string> Parse(ReadOnlySpan<byte> block)
    {
        var count = Number(ref block);
        if (count is < 0 or > CountMax) throw new SpdyProtocolException($"{count} headers are too many");
        var headers = new Dictionary<string, string>(count, StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < count; i++)
        {
            var name = Text(ref block);
            if (name.Length == 0 || !headers.TryAdd(name.ToLowerInvariant(), Text(ref block))) throw new SpdyProtocolException($"the header \"{name}\" is empty or comes twice");
        }
        return headers;
    }

    public static byte[] Write(IReadOnlyDictionary<string, string> headers)
    {
        using var block = new MemoryStream();
        WriteNumber(block, headers.Count);
        foreach (var (name, value) in headers)
        {
            WriteText(block, name.ToLowerInvariant());
            WriteText(block, value);
        }
        return block.ToArray();
    }

    private static int Number(ref ReadOnlySpan<byte> block)
    {
        if (block.Length < 4) throw new SpdyProtocolException("a header block is cut short");
        var number = BinaryPrimitives.ReadInt32BigEndian(block);
        block = block[4..];
        return number;
    }

    private static string Text(ref ReadOnlySpan<byte> block)
    {
        var length = Number(ref block);
        if (length < 0 || length > block.Length) throw new SpdyProtocolException("a header block is cut short");
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private static void WriteNumber(MemoryStream block, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        block.Write(bytes);
    }

    private static void WriteText(MemoryStream block, string text)
    {
        WriteNumber(block, text.Length);
        block.Write(Encoding.Latin1.GetBytes(text));
    }
}
