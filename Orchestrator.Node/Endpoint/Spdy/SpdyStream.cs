using System.IO.Pipelines;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Endpoint.Spdy;

/// <summary>One stream that the peer has opened: what it sends, and what it is sent.</summary>
#pragma warning disable CA1001 // A source without a timer holds nothing; who reads the token last is not known.
internal sealed class SpdyStream
#pragma warning restore CA1001
{
    /// <summary>Most bytes that are kept of what the peer has sent and nobody has read, and the window that it is told.</summary>
    public const int WindowBytes = 64 * 1024;

    private const int FrameBytesMax = 32 * 1024;

    private readonly SpdyConnection _connection;
    private readonly Pipe _received = new(new PipeOptions(pauseWriterThreshold: WindowBytes, resumeWriterThreshold: WindowBytes / 2, useSynchronizationContext: false));
    private readonly CancellationTokenSource _reset = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _wider = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _window;
    private int _consumed;
    private bool _finSent, _finReceived;

    public SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers, int window)
    {
        (_connection, Id, Headers, _window) = (connection, id, headers, window);
        Input = new Receiving(this);
        Output = new Sending(this);
    }

    public int Id { get; }

    /// <summary>By name, whatever its case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What the peer sends; ends with its last frame, fails when the peer resets the stream or is gone.</summary>
    public Stream Input { get; }

    /// <summary>To the peer. Waits for the connection, and for the stream's window where the peer keeps one.</summary>
    public Stream Output { get; }

    /// <summary>Cancelled when the stream was cut off by either side, or the connection has ended.</summary>
    public CancellationToken Reset => _reset.Token;

    public string Header(string name) => Headers.TryGetValue(name, out var value) ? value : "";

    /// <summary>Says that no more will be sent.</summary>
    public async ValueTask CloseAsync()
    {
        lock (_lock)
        {
            if (_finSent || _reset.IsCancellationRequested) return;
            _finSent = true;
        }
        await _connection.SendDataAsync(Id, default, fin: true, CancellationToken.None).ConfigureAwait(false);
        if (_finReceived) _connection.Remove(this);
    }

    /// <summary>Cuts both directions off.</summary>
    public async ValueTask ResetAsync(SpdyResetStatus status)
    {
        if (_reset.IsCancellationRequested) return;
        Abort(new IOException("stream reset"));
        _connection.Remove(this);
        if (_connection.Ended) return;
        await _connection.SendAsync(SpdyFrameHeader.Control(SpdyFrameType.RstStream, Id, (int)status), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>What is received from now on is thrown away, so that it holds nothing up.</summary>
    public void Ignore() => _received.Reader.Complete();

    internal async ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes)
    {
        ValueTask<FlushResult> kept;
        lock (_lock)
        {
            if (_finReceived || _reset.IsCancellationRequested) return;
            kept = _received.Writer.WriteAsync(bytes, _reset.Token);
        }
        try
        {
            await kept.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Cut off while it waited for a reader.
        }
    }

    internal void Finish()
    {
        lock (_lock)
        {
            if (_finReceived || _reset.IsCancellationRequested) return;
            _finReceived = true;
            _received.Writer.Complete();
            if (!_finSent) return;
        }
        _connection.Remove(this);
    }

    /// <summary>The stream was cut off, or the connection is gone.</summary>
    internal void Abort(Exception why)
    {
        lock (_lock)
        {
            if (_reset.IsCancellationRequested) return;
            if (!_finReceived) _received.Writer.Complete(why);
        }
        _reset.Cancel();
    }

    /// <returns>False when the window grows beyond what the protocol allows.</returns>
    internal bool Widen(long bytes)
    {
        lock (_lock)
        {
            _window += bytes;
            if (_window > int.MaxValue) return false;
            _wider.TrySetResult();
            _wider = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _reset.Token);
        while (!bytes.IsEmpty)
        {
            if (_finSent || _reset.IsCancellationRequested) throw new IOException("the stream is closed");
            var length = await TakeWindowAsync(Math.Min(bytes.Length, FrameBytesMax), either.Token).ConfigureAwait(false);
            await _connection.SendDataAsync(Id, bytes[..length], fin: false, cancellationToken).ConfigureAwait(false);
            bytes = bytes[length..];
        }
    }

    private async ValueTask<int> TakeWindowAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wider;
            lock (_lock)
            {
                // The client that everyone uses keeps no windows, and would never open one again.
                var length = _connection.PeerKeepsWindows ? (int)Math.Min(wanted, _window) : wanted;
                if (length > 0)
                {
                    _window -= length;
                    return length;
                }
                wider = _wider.Task;
            }
            await wider.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var first = result.Buffer.First;
        if (first.IsEmpty && !result.Buffer.IsEmpty)
            foreach (var segment in result.Buffer)
                if (!segment.IsEmpty) { first = segment; break; }
        var length = Math.Min(first.Length, buffer.Length);
        first[..length].CopyTo(buffer);
        _received.Reader.AdvanceTo(result.Buffer.GetPosition(length));
        _consumed += length;
        if (_consumed >= WindowBytes / 2 && !_finReceived)
        {
            var consumed = _consumed;
            _consumed = 0;
            await _connection.SendAsync(SpdyFrameHeader.Control(SpdyFrameType.WindowUpdate, Id, consumed), cancellationToken).ConfigureAwait(false);
        }
        return length;
    }

    private sealed class Receiving(SpdyStream owner) : UnseekableStream
    {
        public override bool CanRead => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => owner.ReadAsync(buffer, cancellationToken);
    }

    private sealed class Sending(SpdyStream owner) : UnseekableStream
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => owner.WriteAsync(buffer, cancellationToken);
    }
}
