using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Orchestrator.Node.Endpoint.Spdy;

/// <summary>The server's side of one SPDY/3.1 connection, as kubectl and client-go open it for exec, attach and port-forward.</summary>
/// <remarks>
/// Only the peer opens streams. What it sends waits in each stream for a reader, up to the stream's window; beyond that the
/// connection is not read, since the usual client keeps no windows. Source: SPDY protocol, draft 3.1.
/// </remarks>
internal sealed class SpdyConnection : IDisposable
{
    /// <summary>Most streams that are open at once; a forwarded connection takes two.</summary>
    public const int StreamsMax = 1000;

    /// <summary>Most bytes of a control frame.</summary>
    public const int ControlBytesMax = 32 * 1024;

    private const int InitialWindowSetting = 7;

    private readonly Stream _transport;
    private readonly Func<SpdyStream, SpdyResetStatus?> _accept;
    private readonly ConcurrentDictionary<int, SpdyStream> _streams = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SpdyHeaderInflater _inflater = new();
    private readonly SpdyHeaderDeflater _deflater = new();
    private int _lastId;
    private int _initialWindow = SpdyStream.WindowBytes;
    private bool _goneAway;

    /// <param name="accept">Called for every stream that the peer opens; returns why it is refused, or null. Runs on the reading
    /// loop: it must not wait.</param>
    public SpdyConnection(Stream transport, Func<SpdyStream, SpdyResetStatus?> accept) => (_transport, _accept) = (transport, accept);

    /// <summary>The peer has said something that only those say who count windows.</summary>
    internal bool PeerKeepsWindows { get; private set; }

    internal bool Ended { get; private set; }

    /// <summary>How many streams are open.</summary>
    public int StreamCount => _streams.Count;

    public void Dispose()
    {
        _inflater.Dispose();
        _sending.Dispose();
    }

    /// <summary>Reads until the peer ends the connection. Then every stream that is still open fails.</summary>
    /// <exception cref="SpdyProtocolException">The peer has broken the protocol.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception why = new IOException("the connection has ended");
        // A stream that nobody reads may hold the loop up, and has to let go of it.
        await using var cancelled = cancellationToken.Register(() => AbortAll(new IOException("the connection has ended"))).ConfigureAwait(false);
        try
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            why = e is SpdyProtocolException ? e : new IOException("the connection has ended", e);
            if (e is SpdyProtocolException) await GoAwayAsync(1).ConfigureAwait(false);
            throw;
        }
        finally
        {
            Ended = true;
            AbortAll(why);
            _streams.Clear();
        }
    }

    private void AbortAll(Exception why)
    {
        foreach (var stream in _streams.Values) stream.Abort(why);
    }

    /// <summary>Tells the peer that no further streams are taken.</summary>
    /// <param name="status">0 is the ordinary end, 1 a breach of the protocol.</param>
    public async Task GoAwayAsync(int status = 0)
    {
        _goneAway = true;
        try
        {
            await SendAsync(SpdyFrameHeader.Control(SpdyFrameType.GoAway, _lastId, status), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has gone already.
        }
    }

    internal void Remove(SpdyStream stream) => _streams.TryRemove(stream.Id, out _);

    internal async ValueTask SendDataAsync(int streamId, ReadOnlyMemory<byte> bytes, bool fin, CancellationToken cancellationToken)
    {
        var frame = ArrayPool<byte>.Shared.Rent(SpdyFrameHeader.Size + bytes.Length);
        try
        {
            new SpdyFrameHeader(null, streamId, fin ? SpdyFrameHeader.Fin : (byte)0, bytes.Length).Write(frame);
            bytes.CopyTo(frame.AsMemory(SpdyFrameHeader.Size));
            await SendAsync(frame.AsMemory(0, SpdyFrameHeader.Size + bytes.Length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    internal async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A frame that is cut short would spoil all that follow, so once begun it is sent whole.
            await _transport.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
            await _transport.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[ControlBytesMax];
        while (true)
        {
            var read = await _transport.ReadAtLeastAsync(buffer.AsMemory(0, SpdyFrameHeader.Size), SpdyFrameHeader.Size, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (read == 0) return;
            if (read < SpdyFrameHeader.Size) throw new EndOfStreamException();
            var header = SpdyFrameHeader.Parse(buffer);
            if (header.Type is null)
            {
                await ReadDataAsync(header, buffer, cancellationToken).ConfigureAwait(false);
                continue;
            }
            if (header.Length > buffer.Length) throw new SpdyProtocolException($"a control frame of {header.Length} bytes is too long");
            await _transport.ReadExactlyAsync(buffer.AsMemory(0, header.Length), cancellationToken).ConfigureAwait(false);
            await HandleAsync(header, buffer.AsMemory(0, header.Length), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadDataAsync(SpdyFrameHeader header, byte[] buffer, CancellationToken cancellationToken)
    {
        var stream = _streams.GetValueOrDefault(header.StreamId);
        for (var left = header.Length; left > 0;)
        {
            var read = await _transport.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException();
            left -= read;
            if (stream is not null) await stream.ReceiveAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
        }
        // Data of a stream that is gone crosses with our reset; of one that never was it is a fault.
        if (stream is null && header.StreamId > _lastId)
            await SendAsync(SpdyFrameHeader.Control(SpdyFrameType.RstStream, header.StreamId, (int)SpdyResetStatus.InvalidStream), cancellationToken).ConfigureAwait(false);
        if (header.IsFin) stream?.Finish();
    }

    private async ValueTask HandleAsync(SpdyFrameHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        switch (header.Type)
        {
            case SpdyFrameType.SynStream:
                await OpenAsync(header, payload, cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.RstStream:
                if (_streams.TryRemove(Number(payload, 0), out var reset)) reset.Abort(new IOException("stream reset"));
                break;
            case SpdyFrameType.Settings:
                TakeSettings(payload.Span);
                break;
            case SpdyFrameType.Ping:
                // Ours would have even numbers, and we send none.
                if ((Number(payload, 0) & 1) == 1) await SendAsync(SpdyFrameHeader.Control(SpdyFrameType.Ping, Number(payload, 0)), cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.GoAway:
                _goneAway = true;
                break;
            case SpdyFrameType.Headers:
                // Nobody reads them, but the state of the compression depends on every block.
                _ = _inflater.Inflate(payload.Span[Math.Min(4, payload.Length)..]);
                if (header.IsFin && _streams.TryGetValue(Number(payload, 0), out var ended)) ended.Finish();
                break;
            case SpdyFrameType.WindowUpdate:
                PeerKeepsWindows = true;
                if (_streams.TryGetValue(Number(payload, 0), out var stream) && !stream.Widen(Number(payload, 4)))
                    await stream.ResetAsync(SpdyResetStatus.FlowControlError).ConfigureAwait(false);
                break;
            default:
                break; // what is not known is passed over
        }
    }

    private async ValueTask OpenAsync(SpdyFrameHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (payload.Length < 10) throw new SpdyProtocolException("a SYN_STREAM frame is cut short");
        var id = Number(payload, 0);
        var headers = SpdyHeaderBlock.Parse(_inflater.Inflate(payload.Span[10..]));
        if ((id & 1) == 0 || id <= _lastId) throw new SpdyProtocolException($"{id} cannot be the number of a new stream");
        _lastId = id;
        var stream = new SpdyStream(this, id, headers, _initialWindow);
        var refusal = _goneAway || _streams.Count >= StreamsMax ? SpdyResetStatus.RefusedStream : (SpdyResetStatus?)null;
        if (refusal is null)
        {
            // Known before it is announced: whoever takes it may close it at once.
            _streams[id] = stream;
            await ReplyAsync(id, cancellationToken).ConfigureAwait(false);
            refusal = _accept(stream);
            if (header.IsFin) stream.Finish();
        }
        if (refusal is { } status)
        {
            Remove(stream);
            await stream.ResetAsync(status).ConfigureAwait(false);
        }
    }

    private ValueTask ReplyAsync(int id, CancellationToken cancellationToken)
    {
        var block = _deflater.Deflate(SpdyHeaderBlock.Write(new Dictionary<string, string>()));
        var frame = new byte[SpdyFrameHeader.Size + 4 + block.Length];
        new SpdyFrameHeader(SpdyFrameType.SynReply, 0, 0, 4 + block.Length).Write(frame);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(SpdyFrameHeader.Size), id);
        block.CopyTo(frame.AsSpan(SpdyFrameHeader.Size + 4));
        return SendAsync(frame, cancellationToken);
    }

    private void TakeSettings(ReadOnlySpan<byte> payload)
    {
        PeerKeepsWindows = true;
        if (payload.Length < 4) throw new SpdyProtocolException("a SETTINGS frame is cut short");
        var count = BinaryPrimitives.ReadInt32BigEndian(payload);
        payload = payload[4..];
        if (count < 0 || count > payload.Length / 8) throw new SpdyProtocolException("a SETTINGS frame is cut short");
        for (; count > 0; count--, payload = payload[8..])
        {
            var value = BinaryPrimitives.ReadInt32BigEndian(payload[4..]);
            if ((BinaryPrimitives.ReadInt32BigEndian(payload) & 0xffffff) != InitialWindowSetting) continue;
            if (value < 0) throw new SpdyProtocolException("a window cannot be negative");
            foreach (var stream in _streams.Values) stream.Widen((long)value - _initialWindow);
            _initialWindow = value;
        }
    }

    private static int Number(ReadOnlyMemory<byte> payload, int at)
    {
        if (payload.Length < at + 4) throw new SpdyProtocolException("a control frame is cut short");
        return BinaryPrimitives.ReadInt32BigEndian(payload.Span[at..]) & int.MaxValue;
    }
}
