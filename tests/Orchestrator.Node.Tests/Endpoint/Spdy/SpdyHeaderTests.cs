using System.IO.Compression;
using Orchestrator.Node.Endpoint.Spdy;

namespace Orchestrator.Node.Tests.Endpoint.Spdy;

public sealed class SpdyHeaderTests
{
    // Two blocks of one zlib stream at its best compression, made with another implementation of zlib and the preset dictionary.
    private const string First = "78f9e3c6a7c202253a48f95b044eea16061606409ab308125f99a074cc68004e892545a989b9d0c2863515141500000000ffff";
    private const string Second = "0269204333a8a44a442a843841c5430e8803000000ffff";

    [Fact]
    public void Dictionary_IsTheOneThatItsChecksumNames()
    {
        uint a = 1, b = 0;
        foreach (var value in SpdyDictionary.Bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        Assert.Equal(1423, SpdyDictionary.Bytes.Length);
        Assert.Equal(SpdyDictionary.Adler32, b << 16 | a);
    }

    [Fact]
    public void Inflate_BlocksOfOneStream_ReadsEach()
    {
        using var inflater = new SpdyHeaderInflater();

        var first = SpdyHeaderBlock.Parse(inflater.Inflate(Convert.FromHexString(First)));
        var second = SpdyHeaderBlock.Parse(inflater.Inflate(Convert.FromHexString(Second)));

        Assert.Equal(("8080", "0", "error"), (first["port"], first["requestID"], first["streamType"]));
        Assert.Equal(("8080", "0", "data", "localhost"), (second["port"], second["requestid"], second["streamtype"], second["host"]));
    }

    [Fact]
    public void Deflate_Blocks_AnyInflaterReadsThem()
    {
        var deflater = new SpdyHeaderDeflater();
        using var inflater = new SpdyHeaderInflater();
        var headers = new Dictionary<string, string> { ["Stream"] = "x", ["empty"] = "" };

        foreach (var sent in (Dictionary<string, string>[])[headers, [], headers])
        {
            var read = SpdyHeaderBlock.Parse(inflater.Inflate(deflater.Deflate(SpdyHeaderBlock.Write(sent))));
            Assert.Equal(sent.Count, read.Count);
            Assert.All(sent, h => Assert.Equal(h.Value, read[h.Key]));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("78")]
    [InlineData("0000000000")]
    [InlineData("78f900000001")] // another dictionary
    [InlineData("7801ffffffff")] // no such block
    public void Inflate_WhatIsNoBlock_IsABreach(string hex)
    {
        using var inflater = new SpdyHeaderInflater();

        Assert.Throws<SpdyProtocolException>(() => SpdyHeaderBlock.Parse(inflater.Inflate(Convert.FromHexString(hex))));
    }

    [Fact]
    public void Inflate_ABomb_IsRefusedWithoutBeingInflated()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(new byte[20_000_000]);
        using var inflater = new SpdyHeaderInflater();

        Assert.True(packed.Length < SpdyConnection.ControlBytesMax);
        Assert.Throws<SpdyProtocolException>(() => { inflater.Inflate(packed.ToArray()); });
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000001")]
    [InlineData("7fffffff")]
    [InlineData("ffffffff")]
    [InlineData("00000001000000ff41")]
    [InlineData("0000000100000000000000000000")] // an empty name
    [InlineData("00000002000000014100000000000000016100000000")] // one name twice, in both cases
    public void Parse_WhatIsNoHeaders_IsABreach(string hex) =>
        Assert.Throws<SpdyProtocolException>(() => SpdyHeaderBlock.Parse(Convert.FromHexString(hex)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AnyBytes_AreHeadersOrABreach_AndNothingElse(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var bytes = Convert.FromHexString(First);
            for (var change = random.Next(1, 6); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var inflater = new SpdyHeaderInflater();
            try
            {
                SpdyHeaderBlock.Parse(inflater.Inflate(bytes.AsSpan(0, random.Next(bytes.Length + 1))));
            }
            catch (SpdyProtocolException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public void Header_OfEveryKind_ReadsAsItWasWritten()
    {
        var bytes = new byte[SpdyFrameHeader.Size];
        foreach (var header in (SpdyFrameHeader[])[new(null, 0x7fffffff, 1, 0xffffff), new(SpdyFrameType.SynStream, 0, 3, 10), new(SpdyFrameType.WindowUpdate, 0, 0, 8)])
        {
            header.Write(bytes);
            Assert.Equal(header, SpdyFrameHeader.Parse(bytes));
        }
        Assert.Throws<SpdyProtocolException>(() => SpdyFrameHeader.Parse([0x80, 2, 0, 1, 0, 0, 0, 0]));
        Assert.Equal("8003000600000004" + "00000007", Convert.ToHexStringLower(SpdyFrameHeader.Control(SpdyFrameType.Ping, 7)));
    }
}
