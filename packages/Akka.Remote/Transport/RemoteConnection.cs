using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>
/// One open connection after its handshake. Frames arrive on the read loop; they are written by the association's one writer.
/// </summary>
internal sealed class RemoteConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly int _maximumFrameLength;
    private readonly CancellationTokenSource _closed = new();
    private long _lastReceived = Stopwatch.GetTimestamp();
    private int _disposed;

    public RemoteConnection(Stream stream, PipeReader input, PipeWriter output, Address remote, int remoteUid, bool inbound,
        int maximumFrameLength)
    {
        _stream = stream;
        Input = input;
        Output = output;
        Remote = remote;
        RemoteUid = remoteUid;
        IsInbound = inbound;
        _maximumFrameLength = maximumFrameLength;
    }

    public Address Remote { get; }

    public int RemoteUid { get; }

    /// <summary>Whether the peer opened the connection.</summary>
    public bool IsInbound { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public OutboundStringTable OutboundStrings { get; } = new();

    public InboundStringTable InboundStrings { get; } = new();

    /// <summary>Cancelled when the connection has ended for whatever reason.</summary>
    public CancellationToken Closed => _closed.Token;

    public bool IsOpen => !_closed.IsCancellationRequested;

    /// <summary>Time since anything arrived.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastReceived));

    /// <summary>Hands each arriving frame to the receiver until the connection ends.</summary>
    /// <returns>Why it ended; null when the peer closed it in good order.</returns>
    public async Task<Exception?> ReadLoopAsync(Func<ReadOnlySequence<byte>, ValueTask<bool>> receive)
    {
        try
        {
            while (true)
            {
                var result = await Input.ReadAsync(Closed).ConfigureAwait(false);
                var buffer = result.Buffer;
                Volatile.Write(ref _lastReceived, Stopwatch.GetTimestamp());
                while (FrameCodec.TryRead(ref buffer, _maximumFrameLength, out var frame))
                {
                    if (!await receive(frame).ConfigureAwait(false))
                        return null;
                }

                Input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                    return null;
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Ends the connection at once. May be called from any thread, any number of times.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _closed.Cancel();
        _stream.Dispose();
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }
}
