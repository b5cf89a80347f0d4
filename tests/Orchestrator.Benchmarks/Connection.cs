using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Benchmarks;

/// <summary>One HTTP/1.1 connection over TLS that costs its machine as little as possible, since client and server share it.</summary>
internal sealed class Connection : IDisposable
{
    private readonly SslStream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly string _head;

    private Connection(SslStream stream, string head)
    {
        _stream = stream;
        _head = head;
    }

    public static async Task<Connection> OpenAsync(Target target, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target.Server.Host, target.Server.Port, cancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(target.Tls(), cancellationToken);
        return new Connection(stream, $" HTTP/1.1\r\nHost: {target.Server.Authority}\r\nAccept: application/json\r\n");
    }

    /// <summary>Sends a request and reads its whole answer; returns the status code.</summary>
    /// <param name="headers">More headers, each with its line end.</param>
    public async ValueTask<int> SendAsync(string method, string path, byte[]? body, CancellationToken cancellationToken, string headers = "")
    {
        var head = body is null
            ? $"{method} {path}{_head}{headers}\r\n"
            : $"{method} {path}{_head}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        var length = Encoding.ASCII.GetBytes(head, _buffer);
        body?.CopyTo(_buffer, length);
        await _stream.WriteAsync(_buffer.AsMemory(0, length + (body?.Length ?? 0)), cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    public void Dispose() => _stream.Dispose();

    private async ValueTask<int> ReadAsync(CancellationToken cancellationToken)
    {
        var read = 0;
        int end;
        do
        {
            var count = await _stream.ReadAsync(_buffer.AsMemory(read), cancellationToken);
            if (count == 0) throw new IOException("the server closed the connection");
            read += count;
        }
        while ((end = _buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8)) < 0);
        var head = _buffer.AsSpan(0, end);
        if (!Utf8Parser.TryParse(head[9..], out int status, out _)) throw new IOException("the answer has no status");
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            if (head.IndexOf("Transfer-Encoding: chunked"u8) < 0) throw new IOException("the answer has no length");
            await SkipChunksAsync(end + 4, read, cancellationToken);
            return status;
        }
        if (!Utf8Parser.TryParse(head[(at + 16)..], out int length, out _)) throw new IOException("the answer's length is no number");
        for (var rest = end + 4 + length - read; rest > 0;)
        {
            var count = await _stream.ReadAsync(_buffer.AsMemory(0, Math.Min(rest, _buffer.Length)), cancellationToken);
            if (count == 0) throw new IOException("the server closed the connection");
            rest -= count;
        }
        return status;
    }

    /// <summary>Reads a body that comes in chunks, up to its end. Source: RFC 9112, 7.1.</summary>
    private async ValueTask SkipChunksAsync(int at, int read, CancellationToken cancellationToken)
    {
        while (true)
        {
            int line;
            while ((line = _buffer.AsSpan(at, read - at).IndexOf("\r\n"u8)) < 0)
            {
                _buffer.AsSpan(at, read - at).CopyTo(_buffer);
                (read, at) = (read - at, 0);
                read += await ReadSomeAsync(read, cancellationToken);
            }
            if (!Utf8Parser.TryParse(_buffer.AsSpan(at, line), out int length, out _, 'x')) throw new IOException("a chunk has no length");
            at += line + 2;
            // The chunk and the end of its line; behind the last one, of length 0, comes the end of the trailer alone.
            for (var rest = length + 2; rest > 0;)
            {
                if (at == read) (at, read) = (0, await ReadSomeAsync(0, cancellationToken));
                var skipped = Math.Min(rest, read - at);
                (at, rest) = (at + skipped, rest - skipped);
            }
            if (length == 0) return;
        }
    }

    private async ValueTask<int> ReadSomeAsync(int into, CancellationToken cancellationToken) =>
        await _stream.ReadAsync(_buffer.AsMemory(into), cancellationToken) is > 0 and var count ? count : throw new IOException("the server closed the connection");
}
