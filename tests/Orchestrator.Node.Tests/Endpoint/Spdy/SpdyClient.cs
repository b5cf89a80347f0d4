using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Orchestrator.Node.Endpoint.Spdy;

namespace Orchestrator.Node.Tests.Endpoint.Spdy;

/// <summary>A frame that the server has sent.</summary>
internal sealed record ServerFrame(SpdyFrameHeader Header, byte[] Payload)
{
    public int Number(int at) => BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(at));

    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>The client's side of a SPDY connection, by hand: what the tests say, to the byte.</summary>
internal sealed class SpdyClient
{
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
    private readonly SpdyHeaderDeflater _deflater = new();

    public SpdyClient() => ServerTransport = new Duplex(_toServer.Reader.AsStream(), _toClient.Writer.AsStream());

    public Stream ServerTransport { get; }

    public CancellationToken Bound { get; } = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public async Task SendAsync(byte[] bytes) => await _toServer.Writer.WriteAsync(bytes, Bound);

    public Task OpenAsync(int id, params (string, string)[] headers) => OpenAsync(id, fin: false, headers);

    public Task OpenAsync(int id, bool fin, params (string Name, string Value)[] headers)
    {
        var block = _deflater.Deflate(SpdyHeaderBlock.Write(headers.ToDictionary(h => h.Name, h => h.Value)));
        var frame = new byte[SpdyFrameHeader.Size + 10 + block.Length];
        new SpdyFrameHeader(SpdyFrameType.SynStream, 0, fin ? SpdyFrameHeader.Fin : (byte)0, 10 + block.Length).Write(frame);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(8), id);
        block.CopyTo(frame, 18);
        return SendAsync(frame);
    }

    public Task DataAsync(int id, string text, bool fin = false) => DataAsync(id, Encoding.UTF8.GetBytes(text), fin);

    public Task DataAsync(int id, byte[] bytes, bool fin = false)
    {
        var frame = new byte[SpdyFrameHeader.Size + bytes.Length];
        new SpdyFrameHeader(null, id, fin ? SpdyFrameHeader.Fin : (byte)0, bytes.Length).Write(frame);
        bytes.CopyTo(frame, SpdyFrameHeader.Size);
        return SendAsync(frame);
    }

    public Task ControlAsync(SpdyFrameType type, params int[] numbers) => SendAsync(SpdyFrameHeader.Control(type, numbers));

    public void End() => _toServer.Writer.Complete();

    /// <summary>The next frame, or null when the server has ended the connection.</summary>
    public async Task<ServerFrame?> ReadAsync()
    {
        var stream = _toClient.Reader.AsStream();
        var head = new byte[SpdyFrameHeader.Size];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, Bound) == 0) return null;
        var header = SpdyFrameHeader.Parse(head);
        var payload = new byte[header.Length];
        await stream.ReadExactlyAsync(payload, Bound);
        return new ServerFrame(header, payload);
    }

    /// <summary>The next frame of this kind; null is data.</summary>
    public async Task<ServerFrame> ReadAsync(SpdyFrameType? type)
    {
        while (true)
        {
            var frame = await ReadAsync() ?? throw new EndOfStreamException($"the connection ended before a {type}");
            if (frame.Header.Type == type) return frame;
        }
    }

    private sealed class Duplex(Stream reading, Stream writing) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => writing.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => writing.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => reading.Read(buffer, offset, count);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reading.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => writing.Write(buffer, offset, count);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => writing.WriteAsync(buffer, cancellationToken);
    }
}
