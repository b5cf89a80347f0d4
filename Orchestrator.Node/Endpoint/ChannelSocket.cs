using System.Globalization;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>The streams of a command over one WebSocket: each message begins with the number of its channel.</summary>
/// <remarks>Channels: 0 stdin, 1 stdout, 2 stderr, 3 the result as a Status, 4 sizes of the terminal; since v5 255 closes one.</remarks>
internal sealed class ChannelSocket(WebSocket socket) : IAsyncDisposable
{
    private const byte Stdin = 0, Stdout = 1, Stderr = 2, Result = 3, Resize = 4, Close = 255;

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Pipe _input = new();
    private readonly Channel<TerminalSize> _sizes = Channel.CreateUnbounded<TerminalSize>();

    public static string? Choose(IList<string> offered) =>
        new[] { "v5.channel.k8s.io", "v4.channel.k8s.io" }.FirstOrDefault(p => offered.Contains(p, StringComparer.Ordinal));

    public ExecStreams Streams(bool stdin, bool stdout, bool stderr, bool tty) => new()
    {
        Stdin = stdin ? _input.Reader.AsStream() : null,
        Stdout = stdout ? new Output(this, Stdout) : null,
        Stderr = stderr && !tty ? new Output(this, Stderr) : null,
        Tty = tty,
        Resizes = tty ? _sizes.Reader : null,
    };

    /// <summary>Takes what the client sends until it leaves, which cancels <paramref name="ended"/>.</summary>
    public async Task ReadAsync(CancellationTokenSource ended)
    {
        var buffer = new byte[32 * 1024];
        var channel = -1;
        using var sizes = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), ended.Token).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close) break;
                var bytes = buffer.AsMemory(0, received.Count);
                if (channel < 0 && bytes.Length > 0)
                {
                    channel = bytes.Span[0];
                    bytes = bytes[1..];
                }
                if (channel == Stdin && bytes.Length > 0) await _input.Writer.WriteAsync(bytes, ended.Token).ConfigureAwait(false);
                else if (channel == Close && bytes.Span.Contains(Stdin)) await _input.Writer.CompleteAsync().ConfigureAwait(false);
                else if (channel == Resize) sizes.Write(bytes.Span);
                if (!received.EndOfMessage) continue;
                if (channel == Resize) TakeSize(sizes);
                channel = -1;
            }
        }
        catch (WebSocketException)
        {
            // Gone without a word; the same as a close.
        }
        await _input.Writer.CompleteAsync().ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
    }

    private void TakeSize(MemoryStream json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray());
            var root = document.RootElement;
            _sizes.Writer.TryWrite(new TerminalSize(root.GetProperty("Width").GetInt32(), root.GetProperty("Height").GetInt32()));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not a size; ignored, as by Kubernetes.
        }
        json.SetLength(0);
    }

    /// <summary>Runs the work, sends its result on the result channel, and closes.</summary>
    public async Task FinishAsync(Func<Task<int>> work)
    {
        JsonObject status;
        try
        {
            var code = await work().ConfigureAwait(false);
            status = code == 0 ? new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" } : NonZero(code);
        }
        catch (RuntimeFailureException e)
        {
            status = Failure(e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            return; // the client has left
        }
        finally
        {
            await _input.Reader.CompleteAsync().ConfigureAwait(false); // nobody takes what the client still sends
        }
        try
        {
            await SendAsync(Result, JsonSerializer.SerializeToUtf8Bytes(status), CancellationToken.None).ConfigureAwait(false);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (WebSocketException)
        {
        }
    }

    private static JsonObject NonZero(int code) => new()
    {
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = string.Create(CultureInfo.InvariantCulture, $"command terminated with non-zero exit code: exit status {code}"),
        ["reason"] = "NonZeroExitCode",
        ["details"] = new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.ToString(CultureInfo.InvariantCulture) }),
        },
    };

    private static JsonObject Failure(string message) => new()
    {
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = $"Internal error occurred: {message}",
        ["reason"] = "InternalError",
        ["code"] = 500,
    };

    private async Task SendAsync(byte channel, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var message = new byte[bytes.Length + 1];
        message[0] = channel;
        bytes.CopyTo(message.AsMemory(1));
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _sending.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A stream that can only be written: to one channel.</summary>
    private sealed class Output(ChannelSocket owner, byte channel) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) =>
            owner.SendAsync(channel, buffer.AsMemory(offset, count), CancellationToken.None).GetAwaiter().GetResult();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? ValueTask.CompletedTask : new ValueTask(owner.SendAsync(channel, buffer, cancellationToken));
    }
}
