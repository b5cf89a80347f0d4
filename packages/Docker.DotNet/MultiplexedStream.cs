using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Net.Http.Client;

namespace Docker.DotNet;

/// <summary>The streams of a process over one connection: frames of stdout and stderr, or plain bytes of a terminal.</summary>
public class MultiplexedStream(WriteClosableStream stream, bool multiplexed) : IDisposable
{
    private const int HeaderLength = 8;
    private const int BufferLength = 81920;

    private readonly byte[] _header = new byte[HeaderLength];
    private TargetStream _target;
    private int _remaining;

    public enum TargetStream
    {
        StandardIn = 0,
        StandardOut = 1,
        StandardError = 2,
    }

    public struct ReadResult
    {
        public int Count { get; set; }

        public TargetStream Target { get; set; }

        public readonly bool EOF => Count == 0;
    }

    /// <summary>Tells the process that its input has ended; its output goes on.</summary>
    public void CloseWrite() => stream.CloseWrite();

    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        stream.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public async Task<ReadResult> ReadOutputAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (!multiplexed)
        {
            var plain = await stream.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).ConfigureAwait(false);
            return new ReadResult { Count = plain, Target = TargetStream.StandardOut };
        }
        while (_remaining == 0)
        {
            var got = await stream.ReadAtLeastAsync(_header, HeaderLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (got == 0) return new ReadResult();
            if (got < HeaderLength) throw new EndOfStreamException();
            if (_header[0] > (byte)TargetStream.StandardError) throw new IOException("unknown stream type");
            _target = (TargetStream)_header[0];
            _remaining = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(4));
            if (_remaining < 0) throw new IOException("a frame is too long");
        }
        var read = await stream.ReadAsync(buffer.AsMemory(offset, Math.Min(count, _remaining)), cancellationToken).ConfigureAwait(false);
        if (read == 0) throw new EndOfStreamException();
        _remaining -= read;
        return new ReadResult { Count = read, Target = _target };
    }

    public async Task<(string stdout, string stderr)> ReadOutputToEndAsync(CancellationToken cancellationToken)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await CopyOutputToAsync(Stream.Null, output, error, cancellationToken).ConfigureAwait(false);
        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    public Task CopyFromAsync(Stream input, CancellationToken cancellationToken) => input.CopyToAsync(stream, cancellationToken);

    public async Task CopyOutputToAsync(Stream stdin, Stream stdout, Stream stderr, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (true)
            {
                var result = await ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken).ConfigureAwait(false);
                if (result.EOF) return;
                var to = result.Target switch { TargetStream.StandardIn => stdin, TargetStream.StandardOut => stdout, _ => stderr };
                await to.WriteAsync(buffer.AsMemory(0, result.Count), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        stream.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A connection that was taken out of HTTP.</summary>
internal sealed class WriteClosableStreamOverSocket(Stream inner, Socket socket, IDisposable owner) : WriteClosableStream
{
    public override bool CanCloseWrite => socket is not null;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void CloseWrite()
    {
        try
        {
            socket?.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The other side is gone already, which closes more than we wanted.
        }
        catch (ObjectDisposedException)
        {
        }
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            owner?.Dispose();
        }
        base.Dispose(disposing);
    }
}
