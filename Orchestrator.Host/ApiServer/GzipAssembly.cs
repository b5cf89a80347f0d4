using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Orchestrator.Host.ApiServer;

/// <summary>Bytes that were compressed by themselves, ending at a byte, so that they fit between others into one gzip stream.</summary>
/// <param name="Deflated">Blocks of deflate, none of them the last one.</param>
/// <param name="Crc">The CRC-32 of the plain bytes.</param>
/// <param name="Length">How many plain bytes they are.</param>
public sealed record CompressedPart(ReadOnlyMemory<byte> Deflated, uint Crc, long Length)
{
    private const int HeaderLength = 10;
    private const int TrailerLength = 8;

    /// <summary>Compresses what <paramref name="write"/> writes.</summary>
    public static CompressedPart Of(Action<Stream> write)
    {
        using var compressed = new MemoryStream();
        int end;
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            write(gzip);
            // A flush ends the block and fills up to the next byte. Source: RFC 1951, 3.2.4.
            gzip.Flush();
            end = (int)compressed.Position;
        }
        var bytes = compressed.ToArray();
        var trailer = bytes.AsSpan(bytes.Length - TrailerLength);
        return new CompressedPart(bytes.AsMemory(HeaderLength, end - HeaderLength),
            BinaryPrimitives.ReadUInt32LittleEndian(trailer), BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]));
    }
}

/// <summary>One gzip stream put together from parts that were compressed before and bytes that are not worth it.</summary>
/// <remarks>A list of thousands of objects is compressed once per object and not once per reader. Source: RFC 1951 and RFC 1952.</remarks>
public sealed class GzipAssembly
{
    private const uint Polynomial = 0xedb88320;

    private static readonly byte[] Header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];
    private static readonly uint[] Table = MakeTable();

    private readonly List<ReadOnlyMemory<byte>> _parts = [Header];
    private uint _crc;
    private long _plain;
    private long _length = Header.Length;

    public void Add(CompressedPart part)
    {
        Take(part.Deflated);
        _crc = Combine(_crc, part.Crc, part.Length);
        _plain += part.Length;
    }

    /// <summary>Adds bytes as they are: at most 65,535.</summary>
    public void AddStored(ReadOnlySpan<byte> bytes)
    {
        var block = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), checked((ushort)bytes.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), (ushort)~bytes.Length);
        bytes.CopyTo(block.AsSpan(5));
        Take(block);
        var crc = ~_crc;
        foreach (var b in bytes) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        _crc = ~crc;
        _plain += bytes.Length;
    }

    /// <summary>Ends the stream; returns how long it is.</summary>
    public long Finish()
    {
        var trailer = new byte[10];
        // An empty block of fixed codes that says that it is the last one.
        trailer[0] = 3;
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(2), _crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(6), (uint)_plain);
        Take(trailer);
        return _length;
    }

    public async Task WriteAsync(PipeWriter writer, int flushEvery, CancellationToken cancellationToken)
    {
        var gathered = 0;
        foreach (var part in _parts)
        {
            writer.Write(part.Span);
            gathered += part.Length;
            if (gathered < flushEvery) continue;
            gathered = 0;
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Take(ReadOnlyMemory<byte> bytes)
    {
        _parts.Add(bytes);
        _length += bytes.Length;
    }

    /// <summary>The CRC of two runs of bytes, one behind the other, from their own: the first is shifted by the zeros that the second is long.</summary>
    /// <remarks>A shift by one zero bit is a matrix over GF(2); its squares shift by 2, 4, 8 ... bits.</remarks>
    private static uint Combine(uint first, uint second, long length)
    {
        Span<uint> matrix = stackalloc uint[32];
        Span<uint> square = stackalloc uint[32];
        matrix[0] = Polynomial;
        for (var i = 1; i < 32; i++) matrix[i] = 1u << (i - 1);
        for (var shift = 0; shift < 3; shift++) Square(matrix, square);
        for (; length > 0; length >>= 1)
        {
            if ((length & 1) != 0) first = Times(matrix, first);
            Square(matrix, square);
        }
        return first ^ second;
    }

    private static void Square(Span<uint> matrix, Span<uint> scratch)
    {
        for (var i = 0; i < 32; i++) scratch[i] = Times(matrix, matrix[i]);
        scratch.CopyTo(matrix);
    }

    private static uint Times(ReadOnlySpan<uint> matrix, uint vector)
    {
        var sum = 0u;
        for (var i = 0; vector != 0; vector >>= 1, i++)
            if ((vector & 1) != 0) sum ^= matrix[i];
        return sum;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
