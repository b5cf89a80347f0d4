using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>A message in the form in which it is sent. Paths of the sending system are relative to it (they begin with '/').</summary>
internal readonly record struct SerializedMessage(string Recipient, string? Sender, int SerializerId, string Manifest, byte[] Payload);

/// <summary>
/// The transport of one actor system: listens, connects, shakes hands, and keeps one <see cref="Association"/> per peer.
/// </summary>
internal sealed class RemoteTransport
{
    /// <summary>Connections that may be in their handshake at a time (count); a stranger cannot pile up more.</summary>
    private const int MaxHandshakes = 512;

    private readonly ConcurrentDictionary<Address, Association> _associations = new();
    private readonly ConcurrentDictionary<Task, bool> _readers = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _handshakes = new(MaxHandshakes);
    private readonly RemoteMessageDispatcher _dispatcher;
    private readonly ConnectionFactory _connections;
    private readonly ExtendedActorSystem _system;
    private Socket? _listener;

    public RemoteTransport(ExtendedActorSystem system, RemoteSettings settings, int uid, RemoteMessageDispatcher dispatcher)
    {
        _system = system;
        Settings = settings;
        Uid = uid;
        _dispatcher = dispatcher;
        _connections = new ConnectionFactory(settings);
        Log = Logging.GetLogger(system, "remoting");
        Faults.Healed += peer =>
        {
            if (_associations.TryGetValue(peer, out var association))
                association.OpenGate();
        };
    }

    public RemoteSettings Settings { get; }

    /// <summary>Incarnation of this system.</summary>
    public int Uid { get; }

    public ILoggingAdapter Log { get; }

    public FaultInjector Faults { get; } = new();

    /// <summary>The address under which others reach this system; known after <see cref="Start"/>.</summary>
    public Address LocalAddress { get; private set; } = null!;

    /// <summary>Binds the port and begins to accept connections.</summary>
    /// <exception cref="RemoteTransportException">The address cannot be bound.</exception>
    public void Start()
    {
        var (endpoint, host) = ConnectionFactory.ResolveBind(Settings);
        try
        {
            _listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // ReuseAddress stays off: on Unix .NET makes SO_REUSEPORT of it too, and two systems would share the port. What a restart
            // needs, a port whose last connections linger, .NET allows by itself.
            _listener.Bind(endpoint);
            _listener.Listen(Settings.Backlog);
        }
        catch (SocketException e)
        {
            throw new RemoteTransportException($"{endpoint} cannot be bound: {e.Message}", e);
        }

        var bound = (IPEndPoint)_listener.LocalEndPoint!;
        LocalAddress = new Address("akka.tcp", _system.Name,
            string.IsNullOrEmpty(Settings.PublicHostname) ? host : Settings.PublicHostname,
            Settings.PublicPort == 0 ? bound.Port : Settings.PublicPort);
        _ = Task.Run(AcceptAsync);
    }

    public Association AssociationWith(Address remote) =>
        _associations.GetOrAdd(remote, static (address, transport) => new Association(transport, address), this);

    public void Send(in OutboundMessage message) => AssociationWith(message.Recipient.Path.Address).Send(message);

    /// <summary>Never talks to that incarnation again; actors that are watched there are given up by the caller.</summary>
    public void Quarantine(Address remote, int? uid, string reason)
    {
        var association = AssociationWith(remote);
        if (!association.Quarantine(uid ?? association.PeerUid))
            return;
        var quarantined = new QuarantinedEvent(remote, (uid ?? association.PeerUid)!.Value);
        Log.Warning("{0} Reason: {1}", quarantined, reason);
        _system.EventStream.Publish(quarantined);
    }

    /// <summary>Closes the connections with a peer without a farewell; the next message connects anew.</summary>
    public void Disconnect(Address remote)
    {
        if (_associations.TryGetValue(remote, out var association))
            association.Abort();
    }

    /// <summary>Stops as a killed process would: nothing is flushed, nobody is told.</summary>
    public void Abort()
    {
        _stopping.Cancel();
        _listener?.Dispose();
        foreach (var association in _associations.Values)
            association.Abort();
    }

    public async Task ShutdownAsync()
    {
        _listener?.Dispose();
        await Task.WhenAll(_associations.Values.Select(a => a.StopAsync(_stopping.IsCancellationRequested ? TimeSpan.Zero : Settings.FlushWait)))
            .ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(_readers.Keys), Task.Delay(TimeSpan.FromSeconds(1))).ConfigureAwait(false);
        _system.EventStream.Publish(new RemotingShutdownEvent());
    }

    /// <summary>Opens a connection to the peer.</summary>
    /// <exception cref="Exception">It cannot be reached, refuses us, or is the incarnation that is quarantined.</exception>
    public async Task<RemoteConnection> ConnectAsync(Association association)
    {
        var remote = association.Remote;
        _stopping.Token.ThrowIfCancellationRequested();
        if (Faults.IsCut(remote))
            throw new RemoteTransportException($"The way to {remote} is cut by a test.");
        var connection = await _connections
            .ConnectAsync(remote, new Hello(Handshake.ProtocolVersion, Uid, LocalAddress, remote.ToString()), _stopping.Token)
            .ConfigureAwait(false);
        if (association.IsQuarantinedUid(connection.RemoteUid))
        {
            connection.Close();
            throw new RemoteTransportException($"Incarnation {connection.RemoteUid} of {remote} is quarantined.");
        }

        Publish(new AssociatedEvent(LocalAddress, remote, false));
        return connection;
    }

    /// <summary>Begins to receive from a connection.</summary>
    public void StartReading(Association association, RemoteConnection connection)
    {
        var reading = Task.Run(() => ReadAsync(association, connection));
        _readers.TryAdd(reading, true);
        _ = reading.ContinueWith(t => _readers.TryRemove(t, out _), TaskScheduler.Default);
    }

    public bool TrySerialize(in OutboundMessage message, out SerializedMessage serialized) =>
        _dispatcher.TrySerialize(message, out serialized);

    public void OnOversized(in OutboundMessage message, in SerializedMessage serialized)
    {
        Log.Error("A message of type {0} for {1} was dropped: it takes {2} bytes, akka.remote.dot-netty.tcp.maximum-frame-size is {3}.",
            message.Message.GetType(), message.Recipient, serialized.Payload.Length, Settings.MaximumFrameSize);
        DeadLetter(message);
    }

    public void OnAssociationFailed(Association association, Exception cause)
    {
        if (cause is HandshakeRejectedException { Reason: RejectReason.Quarantined })
            Publish(new ThisActorSystemQuarantinedEvent(LocalAddress, association.Remote));
        if (_stopping.IsCancellationRequested)
            return;
        Log.Warning("Association with {0} has failed; it is tried again in {1}. Reason: {2}", association.Remote,
            Settings.RetryGateClosedFor, cause.Message);
        Publish(new AssociationErrorEvent(cause, LocalAddress, association.Remote, false, LogLevel.WarningLevel));
    }

    public void DeadLetter(in OutboundMessage message)
    {
        if (message.IsSystemMessage || message.Recipient.IsControl)
            return;
        _system.DeadLetters.Tell(new DeadLetter(message.Message, message.Sender ?? _system.DeadLetters, message.Recipient),
            message.Sender ?? ActorRefs.NoSender);
    }

    private void Publish(RemotingLifecycleEvent published)
    {
        if (Settings.LogLifecycleEvents && published is not AssociationErrorEvent)
        {
            if (published.LogLevel() >= LogLevel.WarningLevel)
                Log.Warning("{0}", published);
            else
                Log.Debug("{0}", published);
        }

        _system.EventStream.Publish(published);
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener!.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (_handshakes.Wait(0, CancellationToken.None))
                {
                    _ = Task.Run(() => ReceiveConnectionAsync(socket));
                }
                else
                {
                    Log.Warning("{0} connections are in their handshake; one from {1} is refused.", MaxHandshakes, socket.RemoteEndPoint);
                    socket.Dispose();
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_stopping.IsCancellationRequested || e.SocketErrorCode == SocketError.OperationAborted)
                    return;
                // Out of descriptors or the like: give it time instead of spinning.
                Log.Error(e, "A connection could not be accepted.");
                await Task.Delay(100, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task ReceiveConnectionAsync(Socket socket)
    {
        var peer = socket.RemoteEndPoint;
        try
        {
            var connection = await _connections.AcceptAsync(socket, Judge, _stopping.Token).ConfigureAwait(false);
            if (connection is null)
                return;
            var association = AssociationWith(connection.Remote);
            Publish(new AssociatedEvent(LocalAddress, connection.Remote, true));
            association.AdoptInbound(connection);
            StartReading(association, connection);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (!_stopping.IsCancellationRequested)
                Log.Warning("A connection from {0} was refused: {1}", peer, e.Message);
        }
        finally
        {
            _handshakes.Release();
        }
    }

    /// <summary>Decides on a stranger's opening frame: the answer to send, and whether he is let in.</summary>
    private (byte[] Answer, bool Accepted) Judge(Hello hello)
    {
        if (hello.Version != Handshake.ProtocolVersion)
            return Refuse(RejectReason.WrongProtocol, $"protocol version {Handshake.ProtocolVersion} is spoken here, not {hello.Version}");
        if (!string.Equals(hello.To, LocalAddress.ToString(), StringComparison.Ordinal))
            return Refuse(RejectReason.WrongAddress, $"this is {LocalAddress}, not {hello.To}");
        if (Faults.IsCut(hello.From))
            return Refuse(RejectReason.ShuttingDown, "the way is cut by a test");
        if (_associations.TryGetValue(hello.From, out var association) && association.IsQuarantinedUid(hello.Uid))
            return Refuse(RejectReason.Quarantined, $"incarnation {hello.Uid} of {hello.From} is quarantined by {LocalAddress}");
        return (Handshake.Encode(new Welcome(Handshake.ProtocolVersion, Uid, LocalAddress)), true);

        (byte[], bool) Refuse(RejectReason reason, string text)
        {
            Log.Warning("{0} is refused: {1}", hello.From, text);
            return (Handshake.EncodeReject(reason, text), false);
        }
    }

    private async Task ReadAsync(Association association, RemoteConnection connection)
    {
        var failure = await connection.ReadLoopAsync(frame => ReceiveFrameAsync(association, connection, frame)).ConfigureAwait(false);
        connection.Close();
        association.OnClosed(connection);
        if (failure is not null && !_stopping.IsCancellationRequested && !association.IsQuarantined)
            Log.Warning("The connection with {0} broke: {1}", connection.Remote, failure.Message);
        Publish(new DisassociatedEvent(LocalAddress, connection.Remote, connection.IsInbound));
    }

    private ValueTask<bool> ReceiveFrameAsync(Association association, RemoteConnection connection, ReadOnlySequence<byte> frame)
    {
        var fault = Faults.Receive(association.Remote);
        if (fault is { Blackhole: false })
            return ReceiveSlowlyAsync(association, connection, frame, fault);
        return ValueTask.FromResult(_dispatcher.Receive(association, connection, frame, drop: fault is not null));
    }

    private async ValueTask<bool> ReceiveSlowlyAsync(Association association, RemoteConnection connection, ReadOnlySequence<byte> frame,
        TrafficFault fault)
    {
        await Task.Delay(fault.DelayFor((int)frame.Length, FrameWriter.FaultClock()), connection.Closed).ConfigureAwait(false);
        return _dispatcher.Receive(association, connection, frame, drop: false);
    }
}
