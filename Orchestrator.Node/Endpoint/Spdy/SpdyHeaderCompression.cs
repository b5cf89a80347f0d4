using System.Buffers.Binary;
using System.IO.Compression;

namespace Orchestrator.Node.Endpoint.Spdy;

/// <summary>Inflates the header blocks of one connection, which are one zlib stream flushed after every block.</summary>
/// <remarks>
/// .NET's inflater takes no preset dictionary. A stored block that holds the dictionary, put before the peer's first bytes,
/// leaves the window in the very state that a preset dictionary does; its output is thrown away.
/// </remarks>
internal sealed class SpdyHeaderInflater : IDisposable
{
    /// <summary>Most bytes of one block after inflation.</summary>
    public const int BlockBytesMax = 64 * 1024;

    private readonly Feed _input = new();
    private readonly DeflateStream _inflater;
    private readonly byte[] _output = new byte[BlockBytesMax];
    private bool _begun;

    public SpdyHeaderInflater() => _inflater = new DeflateStream(_input, CompressionMode.Decompress, leaveOpen: true);

    public void Dispose() => _inflater.Dispose();

    /// <returns>The block; valid until the next call.</returns>
    /// <exception cref="SpdyProtocolException">It is no zlib stream, names another dictionary, or inflates beyond the bound.</exception>
    public ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> compressed)
    {
        if (!_begun)
        {
            compressed = Begin(compressed);
            _begun = true;
        }
        return _output.AsSpan(0, Read(compressed));
    }

    private ReadOnlySpan<byte> Begin(ReadOnlySpan<byte> compressed)
    {
        if (compressed.Length < 2 || (compressed[0] & 0xf) != 8 || BinaryPrimitives.ReadUInt16BigEndian(compressed) % 31 != 0)
            throw new SpdyProtocolException("the headers are not compressed by zlib");
        if ((compressed[1] & 0x20) == 0) return compressed[2..];
        if (compressed.Length < 6 || BinaryPrimitives.ReadUInt32BigEndian(compressed[2..]) != SpdyDictionary.Adler32)
            throw new SpdyProtocolException("the headers are compressed with an unknown dictionary");
        Read(SpdyHeaderDeflater.Stored(SpdyDictionary.Bytes));
        return compressed[6..];
    }

    private int Read(ReadOnlySpan<byte> compressed)
    {
        _input.Content = compressed.ToArray();
        var length = 0;
        try
        {
            while (length < _output.Length)
            {
                var read = _inflater.Read(_output.AsSpan(length));
                if (read == 0) return length;
                length += read;
            }
        }
        catch (InvalidDataException e)
        {
            throw new SpdyProtocolException("the headers cannot be inflated", e);
        }
        throw new SpdyProtocolException("the headers of a stream are too long");
    }

    /// <summary>Gives what it has and then, for the time being, nothing.</summary>
    private sealed class Feed : Stream
    {
        public ReadOnlyMemory<byte> Content { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var length = Math.Min(buffer.Length, Content.Length);
            Content.Span[..length].CopyTo(buffer);
            Content = Content[length..];
            return length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>Wraps header blocks as one zlib stream without compressing them: ours are a few bytes.</summary>
internal sealed class SpdyHeaderDeflater
{
    private bool _begun;

    public byte[] Deflate(ReadOnlySpan<byte> block)
    {
        // The empty stored block is a flush: without it a reader may hold the last bytes back.
        byte[] compressed = [.. _begun ? [] : (ReadOnlySpan<byte>)[0x78, 0x01], .. Stored(block), .. Stored([])];
        _begun = true;
        return compressed;
    }

    /// <summary>A stored block that is not the last one. Source: RFC 1951, section 3.2.4.</summary>
    public static byte[] Stored(ReadOnlySpan<byte> bytes)
    {
        var stored = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(1), checked((ushort)bytes.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(3), (ushort)~bytes.Length);
        bytes.CopyTo(stored.AsSpan(5));
        return stored;
    }
}
