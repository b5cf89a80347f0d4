using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint;

/// <summary>Several streams over one WebSocket: each message begins with the number of its channel.</summary>
/// <remarks>With base64 the number is a digit and the rest is text. Since v5 a message on channel 255 closes the channel it names.</remarks>
/// <param name="readable">How many of the first channels' numbers may be read; of the others what arrives is dropped.</param>
internal sealed class ChannelSocket(WebSocket socket, bool base64, params int[] readable) : IDisposable
{
    private const byte Close = 255;

    /// <summary>Longest message of base64, which has to be whole to be decoded.</summary>
    private const int TextBytesMax = 1024 * 1024;

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Dictionary<int, Pipe> _inputs = readable.ToDictionary(channel => channel, _ => new Pipe(new PipeOptions(useSynchronizationContext: false)));
    private readonly HashSet<int> _closed = [];

    /// <summary>What arrives on a channel that may be read.</summary>
    public Stream Input(int channel) => _inputs[channel].Reader.AsStream();

    /// <summary>Sends on a channel. Nothing is buffered.</summary>
    public Stream Output(int channel) => new Sending(this, (byte)channel);

    /// <summary>Nobody reads the channel any more; what arrives on it is dropped.</summary>
    public void Ignore(int channel) => _inputs[channel].Reader.Complete();

    /// <summary>Takes what the client sends until it leaves. Then every input ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (base64) await ReadTextAsync(cancellationToken).ConfigureAwait(false);
            else await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException)
        {
            // Gone without a word; the same as a close.
        }
        finally
        {
            foreach (var (channel, pipe) in _inputs)
                if (_closed.Add(channel)) await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Says the last word.</summary>
    public async Task CloseAsync()
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
        {
            // The client has left first.
        }
        finally
        {
            _sending.Release();
        }
    }

    public async Task SendAsync(byte channel, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var length = 1 + (base64 ? Base64.GetMaxEncodedToUtf8Length(bytes.Length) : bytes.Length);
        var message = ArrayPool<byte>.Shared.Rent(length);
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            message[0] = base64 ? (byte)('0' + channel) : channel;
            if (base64) Base64.EncodeToUtf8(bytes.Span, message.AsSpan(1), out _, out _);
            else bytes.CopyTo(message.AsMemory(1));
            var type = base64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
            // A message that is cancelled half-way would break the socket for the other channels.
            await socket.SendAsync(message.AsMemory(0, length), type, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            throw new IOException("the client has left", e);
        }
        finally
        {
            _sending.Release();
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    public void Dispose() => _sending.Dispose();

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        var channel = -1;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close) return;
            var bytes = buffer.AsMemory(0, received.Count);
            if (channel < 0 && bytes.Length > 0)
            {
                channel = bytes.Span[0];
                bytes = bytes[1..];
            }
            if (channel >= 0) await TakeAsync(channel, bytes, cancellationToken).ConfigureAwait(false);
            if (received.EndOfMessage) channel = -1;
        }
    }

    private async Task ReadTextAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close) return;
            message.Write(buffer.AsSpan(0, received.Count));
            if (message.Length > TextBytesMax) return;
            if (!received.EndOfMessage) continue;
            var text = message.ToArray();
            message.SetLength(0);
            if (text.Length == 0) continue;
            if (Base64.DecodeFromUtf8InPlace(text.AsSpan(1), out var length) != OperationStatus.Done) return;
            await TakeAsync(text[0] - '0', text.AsMemory(1, length), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TakeAsync(int channel, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (channel == Close)
        {
            foreach (var closed in bytes.ToArray())
                if (_inputs.TryGetValue(closed, out var ended) && _closed.Add(closed)) await ended.Writer.CompleteAsync().ConfigureAwait(false);
        }
        else if (bytes.Length > 0 && _inputs.TryGetValue(channel, out var pipe) && !_closed.Contains(channel))
        {
            await pipe.Writer.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A stream that can only be written: to one channel.</summary>
    private sealed class Sending(ChannelSocket owner, byte channel) : UnseekableStream
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? ValueTask.CompletedTask : new ValueTask(owner.SendAsync(channel, buffer, cancellationToken));
    }
}
