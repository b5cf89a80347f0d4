using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Serialization;

namespace Akka.Remote.Transport;

/// <summary>
/// Everything between this system and one peer address: the queue, the connection in use, the incarnation of the peer, its
/// quarantine and the reliable delivery of system messages. One task writes; connections are opened when there is
/// something to send, and one opened by the peer is used as well, so that peers behind a firewall are reached.
/// </summary>
internal sealed class Association
{
    private readonly object _gate = new();
    private readonly RemoteTransport _transport;
    private readonly OutboundQueue _queue = new();
    private readonly SystemMessageDelivery _systemMessages = new();
    private readonly FrameWriter _frames;
    private readonly List<RemoteConnection> _connections = [];
    private RemoteConnection? _active;
    private int? _peerUid;
    private int? _quarantinedUid;
    private long _gatedSince;
    private volatile bool _gated; // until the time is over, or the peer is heard of
    private volatile bool _stopping;
    private Task? _writer;
    private long _lastReceived = Stopwatch.GetTimestamp();
    private bool _overflowLogged;
    private int _warnAt;

    public Association(RemoteTransport transport, Address remote)
    {
        _transport = transport;
        Remote = remote;
        _frames = new FrameWriter(transport, remote, CloseIfSilent);
        _warnAt = transport.Settings.LogBufferSizeExceeding;
    }

    public Address Remote { get; }

    /// <summary>Incarnation of the peer last shaken hands with.</summary>
    public int? PeerUid
    {
        get
        {
            lock (_gate)
                return _peerUid;
        }
    }

    public SystemMessageDelivery SystemMessages => _systemMessages;

    /// <summary>Whether the present incarnation of the peer is quarantined.</summary>
    public bool IsQuarantined
    {
        get
        {
            lock (_gate)
                return _quarantinedUid.HasValue && _quarantinedUid == _peerUid;
        }
    }

    public bool IsQuarantinedUid(int uid)
    {
        lock (_gate)
            return _quarantinedUid == uid;
    }

    /// <summary>Accepts a message for the peer; never blocks.</summary>
    public void Send(in OutboundMessage message)
    {
        if (_stopping || IsQuarantined || (GatedFor() > TimeSpan.Zero && !message.IsSystemMessage))
        {
            _transport.DeadLetter(message);
            return;
        }

        var waiting = _queue.Count;
        if (waiting >= _transport.Settings.OutboundQueueSize && !message.IsSystemMessage && !message.Recipient.IsControl)
        {
            if (!_overflowLogged)
            {
                _overflowLogged = true;
                _transport.Log.Warning("{0} messages wait for {1}; further ones are dropped until it catches up.", waiting, Remote);
            }

            _transport.DeadLetter(message);
            return;
        }

        if (_warnAt > 0 && waiting > _warnAt)
        {
            _transport.Log.Warning("{0} messages wait for {1}.", waiting, Remote);
            _warnAt = (int)Math.Min(int.MaxValue, (long)_warnAt * 2);
        }

        _queue.Enqueue(message);
        EnsureWriter();
    }

    /// <summary>Uses a connection that the peer opened.</summary>
    public void AdoptInbound(RemoteConnection connection)
    {
        Register(connection, _transport.Settings.UsePassiveConnections);
        EnsureWriter();
        _queue.Signal();
    }

    /// <summary>A connection has ended.</summary>
    public void OnClosed(RemoteConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            if (_active == connection)
                _active = _connections.Find(c => c.IsOpen && (!c.IsInbound || _transport.Settings.UsePassiveConnections));
        }

        _queue.Signal();
    }

    public void OnReceived() => Volatile.Write(ref _lastReceived, Stopwatch.GetTimestamp());

    public void OnAcknowledged(RemoteConnection connection, ulong sequence) => _systemMessages.Acknowledged(connection.RemoteUid, sequence);

    public void OnSystemMessage(RemoteConnection connection, ulong sequence, Action deliver)
    {
        lock (_gate)
        {
            if (_quarantinedUid == connection.RemoteUid)
                return;
        }

        _systemMessages.Receive(connection.RemoteUid, sequence, deliver);
        _queue.Signal();
    }

    /// <summary>Never talks to that incarnation of the peer again. Without a uid only the connections are closed.</summary>
    /// <returns>Whether the incarnation was not quarantined before.</returns>
    public bool Quarantine(int? uid)
    {
        List<RemoteConnection> closing;
        IReadOnlyList<OutboundMessage> dropped = [];
        lock (_gate)
        {
            if (uid is { } given)
            {
                if (_quarantinedUid == given || (_peerUid is { } current && current != given))
                    return false;
                _quarantinedUid = given;
                _peerUid = given;
                dropped = _systemMessages.GiveUp();
            }

            closing = [.. _connections];
        }

        foreach (var connection in closing)
            connection.Close();
        DropUndeliverable(dropped);
        _queue.Signal();
        return uid.HasValue;
    }

    /// <summary>Closes the connections without any farewell, as a crash would.</summary>
    public void Abort()
    {
        RemoteConnection[] closing;
        lock (_gate)
            closing = [.. _connections];
        foreach (var connection in closing)
            connection.Close();
    }

    /// <summary>Ends a gate early, since there is reason to believe that the peer can be reached.</summary>
    public void OpenGate()
    {
        _gated = false;
        _queue.Signal();
    }

    /// <summary>Writes what waits, for as long as given, and closes.</summary>
    public async Task StopAsync(TimeSpan flushFor)
    {
        var deadline = Stopwatch.GetTimestamp();
        while (_active is not null && (!_queue.IsEmpty || _systemMessages.UnacknowledgedCount > 0) &&
               Stopwatch.GetElapsedTime(deadline) < flushFor)
            await Task.Delay(10).ConfigureAwait(false);
        _stopping = true;
        _queue.Signal();
        if (_writer is { } writer)
            await Task.WhenAny(writer, Task.Delay(TimeSpan.FromSeconds(1))).ConfigureAwait(false);
        Abort();
    }

    /// <summary>How long nobody is to knock at the peer's door yet; nothing when he may.</summary>
    private TimeSpan GatedFor() => _gated ? _transport.Settings.RetryGateClosedFor - Stopwatch.GetElapsedTime(Volatile.Read(ref _gatedSince)) : TimeSpan.Zero;

    private void EnsureWriter()
    {
        if (_writer is not null)
            return;
        lock (_gate)
            _writer ??= Task.Run(RunAsync);
    }

    /// <summary>Takes note of who is at the other end and whether this connection is the one to write to.</summary>
    private void Register(RemoteConnection connection, bool mayBeActive)
    {
        RemoteConnection[] outdated;
        IReadOnlyList<OutboundMessage> dropped;
        lock (_gate)
        {
            dropped = _systemMessages.Begin(connection.RemoteUid);
            _peerUid = connection.RemoteUid;
            outdated = [.. _connections.Where(c => c.RemoteUid != connection.RemoteUid)];
            _connections.Add(connection);
            if (mayBeActive && (_active is null || !_active.IsOpen || _active.RemoteUid != connection.RemoteUid))
                _active = connection;
        }

        foreach (var old in outdated)
            old.Close();
        DropUndeliverable(dropped);
        OnReceived();
        OpenGate();
    }

    private async Task RunAsync()
    {
        while (!_stopping)
        {
            try
            {
                if (_queue.IsEmpty && _systemMessages.UnacknowledgedCount == 0 && !_systemMessages.AcknowledgementDue &&
                    _active is null)
                    await _queue.WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false);
                else if (await ObtainConnectionAsync().ConfigureAwait(false) is { } connection)
                    await PumpAsync(connection).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                _transport.Log.Error(e, "Writing to {0} failed unexpectedly.", Remote);
            }
        }

        while (_queue.TryDequeue(out var left))
            _transport.DeadLetter(left);
    }

    /// <summary>The connection in use, or a new one; null after a failure, when the address has been gated for a while.</summary>
    private async Task<RemoteConnection?> ObtainConnectionAsync()
    {
        if (_active is { IsOpen: true } active)
            return active;
        if (GatedFor() is var left && left > TimeSpan.Zero)
        {
            await _queue.WaitAsync(left).ConfigureAwait(false);
            DropQueue();
            return _active;
        }

        if (IsQuarantined && _queue.IsEmpty)
        {
            await _queue.WaitAsync(_transport.Settings.RetryGateClosedFor).ConfigureAwait(false);
            return null;
        }

        try
        {
            var connection = await _transport.ConnectAsync(this).ConfigureAwait(false);
            Register(connection, mayBeActive: true);
            _transport.StartReading(this, connection);
            return _active;
        }
        catch (Exception e)
        {
            OnConnectFailed(e);
            return null;
        }
    }

    private void OnConnectFailed(Exception cause)
    {
        Volatile.Write(ref _gatedSince, Stopwatch.GetTimestamp());
        _gated = true;
        _transport.OnAssociationFailed(this, cause);
        DropQueue();
        if (_systemMessages.OldestAge > _transport.Settings.InitialSystemMessageTimeout)
        {
            // Nobody has answered for minutes; what watched actors there must learn that they are gone.
            if (PeerUid is { } uid)
                _transport.Quarantine(Remote, uid, "system messages could not be delivered");
            else
                DropUndeliverable(_systemMessages.GiveUp());
        }
    }

    /// <summary>Drops waiting messages; system messages are kept for the next connection.</summary>
    private void DropQueue()
    {
        while (_queue.TryDequeue(out var message))
        {
            if (message.IsSystemMessage)
                KeepSystemMessage(message);
            else
                _transport.DeadLetter(message);
        }
    }

    private SystemMessageDelivery.Pending? KeepSystemMessage(in OutboundMessage message)
    {
        if (_systemMessages.UnacknowledgedCount < _transport.Settings.SystemMessageBufferSize)
            return _systemMessages.Add(message);
        // A lost system message leaves actors waiting for a death that has happened; the honest answer is quarantine.
        _transport.DeadLetter(message);
        if (PeerUid is { } uid)
            _transport.Quarantine(Remote, uid, "the buffer of system messages is full");
        return null;
    }

    private void DropUndeliverable(IReadOnlyList<OutboundMessage> messages)
    {
        foreach (var message in messages)
            _transport.DeadLetter(message);
    }

    private async Task PumpAsync(RemoteConnection connection)
    {
        try
        {
            foreach (var pending in _systemMessages.DueForResend(TimeSpan.Zero, int.MaxValue))
                await WriteSystemMessageAsync(connection, pending).ConfigureAwait(false);
            var lastWrite = Stopwatch.GetTimestamp();
            while (connection.IsOpen && !_stopping && _active == connection)
            {
                if (await DrainAsync(connection).ConfigureAwait(false))
                    lastWrite = Stopwatch.GetTimestamp();
                if (_systemMessages.UnacknowledgedCount > 0)
                    await ResendAsync(connection).ConfigureAwait(false);
                if (Stopwatch.GetElapsedTime(lastWrite) >= _transport.Settings.TransportHeartbeatInterval)
                {
                    await _frames.WriteBareAsync(connection, FrameKind.Ping).ConfigureAwait(false);
                    lastWrite = Stopwatch.GetTimestamp();
                }

                if (CloseIfSilent())
                    return;
                await _queue.WaitAsync(NextTick()).ConfigureAwait(false);
            }

            if (_stopping && connection.IsOpen)
                await _frames.WriteBareAsync(connection, FrameKind.Goodbye).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException
                                      or System.Net.Sockets.SocketException)
        {
            // The read loop reports why the connection ended.
            connection.Close();
        }
    }

    /// <summary>Closes the connections when nothing has been heard from the peer for too long.</summary>
    private bool CloseIfSilent()
    {
        var silence = Stopwatch.GetElapsedTime(Volatile.Read(ref _lastReceived));
        if (silence <= _transport.Settings.TransportHeartbeatInterval + _transport.Settings.TransportAcceptablePause)
            return false;
        _transport.Log.Warning("Nothing has been heard from {0} for {1}; the connection is closed.", Remote, silence);
        Abort();
        return true;
    }

    private TimeSpan NextTick()
    {
        if (!_queue.IsEmpty)
            return TimeSpan.Zero;
        var tick = _transport.Settings.TransportHeartbeatInterval;
        return _systemMessages.UnacknowledgedCount > 0 && _transport.Settings.ResendInterval < tick
            ? _transport.Settings.ResendInterval
            : tick;
    }

    /// <summary>Writes all that waits, flushing when enough has gathered or nothing is left.</summary>
    private async ValueTask<bool> DrainAsync(RemoteConnection connection)
    {
        var any = false;
        if (_systemMessages.TryTakeAcknowledgement(out var sequence))
        {
            await _frames.WriteBareAsync(connection, FrameKind.Ack, sequence).ConfigureAwait(false);
            any = true;
        }

        while (connection.IsOpen && _queue.TryDequeue(out var message))
        {
            any = true;
            if (message.IsSystemMessage)
            {
                if (KeepSystemMessage(message) is { } pending)
                    await WriteSystemMessageAsync(connection, pending).ConfigureAwait(false);
            }
            else
            {
                await _frames.WriteMessageAsync(connection, message, null).ConfigureAwait(false);
            }

            await _frames.FlushIfManyAsync(connection).ConfigureAwait(false);
        }

        await _frames.FlushAsync(connection).ConfigureAwait(false);
        _overflowLogged = false;
        return any;
    }

    private async ValueTask ResendAsync(RemoteConnection connection)
    {
        var settings = _transport.Settings;
        foreach (var pending in _systemMessages.DueForResend(settings.ResendInterval, settings.ResendLimit))
            await WriteSystemMessageAsync(connection, pending).ConfigureAwait(false);
        await _frames.FlushAsync(connection).ConfigureAwait(false);
    }

    private ValueTask WriteSystemMessageAsync(RemoteConnection connection, SystemMessageDelivery.Pending pending)
    {
        pending.SentAt = Stopwatch.GetTimestamp();
        return _frames.WriteMessageAsync(connection, pending.Message, pending.Sequence);
    }
}
