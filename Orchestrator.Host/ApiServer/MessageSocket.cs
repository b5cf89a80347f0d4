using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Orchestrator.Node.Endpoint;

namespace Orchestrator.Host.ApiServer;

/// <summary>Sends a watch or a log over a WebSocket to a client that asked for one; what the client says is not listened to.</summary>
/// <remarks>
/// Sub-protocols: <c>binary.k8s.io</c>, and <c>base64.binary.k8s.io</c> as text. Source: k8s.io/apiserver, util/wsstream Reader and
/// endpoints/handlers WatchServer.HandleWS.
/// </remarks>
public sealed class MessageSocket : IDisposable
{
    private const string Base64Protocol = "base64.binary.k8s.io";
    private static readonly string[] Protocols = ["binary.k8s.io", Base64Protocol];
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly string _protocol;
    private readonly CancellationTokenSource _left;
    private readonly Task _listening;

    private MessageSocket(WebSocket socket, string protocol, CancellationToken cancellationToken)
    {
        (_socket, _protocol) = (socket, protocol);
        _left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _listening = ListenAsync();
    }

    /// <summary>Cancelled when the client has left.</summary>
    public CancellationToken Left => _left.Token;

    /// <summary>Answers 101 when a WebSocket was asked for; null when not.</summary>
    public static async ValueTask<MessageSocket?> TryAcceptAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!WebSocketHandshake.IsRequested(context.Request)) return null;
        var protocol = WebSocketHandshake.Offered(context.Request).FirstOrDefault(p => Protocols.Contains(p)) ?? "";
        return new MessageSocket(await WebSocketHandshake.AcceptAsync(context, protocol).ConfigureAwait(false), protocol, cancellationToken);
    }

    public void Dispose()
    {
        _left.Cancel();
        _socket.Dispose();
        _left.Dispose();
    }

    /// <param name="text">As text where the client has not chosen otherwise.</param>
    public async Task SendAsync(ReadOnlyMemory<byte> message, bool text, CancellationToken cancellationToken)
    {
        try
        {
            if (_protocol != Base64Protocol)
            {
                var type = text && _protocol.Length == 0 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
                await _socket.SendAsync(message, type, endOfMessage: true, cancellationToken).ConfigureAwait(false);
                return;
            }
            var encoded = new byte[Base64.GetMaxEncodedToUtf8Length(message.Length)];
            Base64.EncodeToUtf8(message.Span, encoded, out _, out _);
            await _socket.SendAsync(encoded, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException e)
        {
            throw new IOException("the client has left", e);
        }
    }

    /// <summary>Sends the events of a watch, one message each, until there are no more.</summary>
    /// <param name="delimited">Each event has its length before it; otherwise each is one line.</param>
    public async Task SendEventsAsync(PipeReader events, bool delimited)
    {
        try
        {
            while (true)
            {
                var read = await events.ReadAsync(_left.Token).ConfigureAwait(false);
                var buffer = read.Buffer;
                while (TryTake(ref buffer, delimited, out var one)) await SendAsync(one, !delimited, _left.Token).ConfigureAwait(false);
                events.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) break;
            }
            await CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left.
        }
        finally
        {
            // A watch that still writes finds its pipe closed instead of waiting for a reader.
            await events.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends what the stream gives as it comes.</summary>
    public async Task SendAllAsync(Stream from)
    {
        var buffer = new byte[32 * 1024];
        while (await from.ReadAsync(buffer, _left.Token).ConfigureAwait(false) is > 0 and var read)
            await SendAsync(buffer.AsMemory(0, read), text: false, _left.Token).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _left.Token).ConfigureAwait(false);
        }
        catch (WebSocketException)
        {
            return; // the client was first
        }
        await _listening.WaitAsync(CloseTimeout, _left.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, bool delimited, out byte[] one)
    {
        one = [];
        if (!delimited)
        {
            if (buffer.PositionOf((byte)'\n') is not { } end) return false;
            var line = buffer.Slice(0, buffer.GetPosition(1, end));
            one = line.ToArray();
            buffer = buffer.Slice(line.End);
            return true;
        }
        if (buffer.Length < 4) return false;
        Span<byte> head = stackalloc byte[4];
        buffer.Slice(0, 4).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (buffer.Length < 4 + length) return false;
        one = buffer.Slice(4, length).ToArray();
        buffer = buffer.Slice(4 + length);
        return true;
    }

    private async Task ListenAsync()
    {
        var buffer = new byte[512];
        try
        {
            while ((await _socket.ReceiveAsync(buffer.AsMemory(), _left.Token).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Gone without a word.
        }
        try
        {
            await _left.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // We were done first.
        }
    }
}
