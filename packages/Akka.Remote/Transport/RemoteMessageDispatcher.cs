using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Remote.Serialization;

namespace Akka.Remote.Transport;

/// <summary>
/// Turns messages into bytes and back, and hands what arrives to its receiver. Bytes choose among the configured serializers
/// and their known manifests only; what none of them knows is logged and dropped.
/// </summary>
internal sealed class RemoteMessageDispatcher
{
    private readonly ExtendedActorSystem _system;
    private readonly RemoteActorRefProvider _provider;
    private readonly RemoteSettings _settings;
    private readonly ILoggingAdapter _log;
    private readonly ConditionalWeakTable<ActorPath, string> _senderPaths = [];

    public RemoteMessageDispatcher(ExtendedActorSystem system, RemoteActorRefProvider provider, RemoteSettings settings)
    {
        _system = system;
        _provider = provider;
        _settings = settings;
        _log = Logging.GetLogger(system, "remoting");
    }

    /// <summary>Serializes a message; one that cannot be is logged and dropped, since nobody could be told.</summary>
    public bool TrySerialize(in OutboundMessage message, out SerializedMessage serialized)
    {
        try
        {
            var serializer = _system.Serialization.FindSerializerFor(message.Message);
            var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, message.Message);
            var payload = serializer.ToBinaryWithAddress(_provider.DefaultAddress, message.Message);
            serialized = new SerializedMessage(message.Recipient.SerializedPath, SenderPath(message.Sender),
                serializer.Identifier, manifest, payload);
            if (_settings.LogSend)
                _log.Debug("Sending {0} to {1}", message.Message.GetType(), message.Recipient);
            return true;
        }
        catch (Exception e)
        {
            _log.Error(e, "A message of type {0} for {1} cannot be serialized and is dropped.", message.Message.GetType(), message.Recipient);
            serialized = default;
            return false;
        }
    }

    /// <summary>Handles one frame.</summary>
    /// <param name="drop">Whether a test has cut the way: the frame is decoded, for the tables of strings, but not delivered.</param>
    /// <returns>False when the peer says goodbye.</returns>
    public bool Receive(Association association, RemoteConnection connection, ReadOnlySequence<byte> frame, bool drop)
    {
        var bytes = frame.IsSingleSegment ? frame.FirstSpan : frame.ToArray();
        var reader = new PayloadReader(bytes);
        var kind = (FrameKind)reader.ReadByte();
        if (!drop)
            association.OnReceived();
        switch (kind)
        {
            case FrameKind.Message:
                ReceiveMessage(association, connection, ref reader, null, drop);
                return true;
            case FrameKind.SystemMessage:
                ReceiveMessage(association, connection, ref reader, reader.ReadVarUInt64(), drop);
                return true;
            case FrameKind.Ack:
                var sequence = reader.ReadVarUInt64();
                if (!drop)
                    association.OnAcknowledged(connection, sequence);
                return true;
            case FrameKind.Ping:
                return true;
            case FrameKind.Goodbye:
                return drop;
            default:
                throw new SerializationException($"The peer sent a frame of unknown kind {(byte)kind}.");
        }
    }

    private void ReceiveMessage(Association association, RemoteConnection connection, ref PayloadReader reader, ulong? sequence, bool drop)
    {
        var recipientPath = connection.InboundStrings.Read(ref reader) ?? throw new SerializationException("A message names no recipient.");
        var senderPath = connection.InboundStrings.Read(ref reader);
        var serializerId = reader.ReadVarInt32();
        var manifest = connection.InboundStrings.Read(ref reader)?.Text ?? "";
        if (drop || association.IsQuarantinedUid(connection.RemoteUid))
            return;

        object message;
        try
        {
            message = _system.Serialization.Deserialize(reader.ReadRest().ToArray(), serializerId, manifest);
        }
        catch (Exception e)
        {
            _log.Warning("A message from {0} for {1} cannot be deserialized (serializer {2}, manifest '{3}') and is dropped: {4}",
                connection.Remote, recipientPath.Text, serializerId, manifest, e.Message);
            // The sender must not repeat a system message for ever that is not understood here.
            if (sequence is { } lost)
                association.OnSystemMessage(connection, lost, static () => { });
            return;
        }

        var recipient = Resolve(recipientPath, _provider.DefaultAddress);
        if (sequence is { } number)
        {
            if (message is ISystemMessage systemMessage && !_settings.UntrustedMode)
                association.OnSystemMessage(connection, number, () => recipient.SendSystemMessage(systemMessage));
            else
                association.OnSystemMessage(connection, number, static () => { });
            return;
        }

        if (_settings.LogReceive)
            _log.Debug("Received {0} for {1}", message.GetType(), recipientPath.Text);
        var sender = senderPath is null ? null : Resolve(senderPath, connection.Remote);
        Deliver(recipient, message, sender);
    }

    private void Deliver(IInternalActorRef recipient, object message, IInternalActorRef? sender)
    {
        if (message is ISystemMessage)
        {
            _log.Warning("A system message for {0} came unnumbered and is dropped.", recipient);
            return;
        }

        if (_settings.UntrustedMode && !IsTrusted(recipient, message))
        {
            _log.Debug("A message of type {0} for {1} is dropped by the untrusted mode.", message.GetType(), recipient);
            return;
        }

        if (message is ActorSelectionMessage selection)
            _provider.DeliverSelection(recipient, selection, sender);
        else
            recipient.Tell(message, sender);
    }

    private bool IsTrusted(IInternalActorRef recipient, object message) => message switch
    {
        ActorSelectionMessage selection => selection.Message is not IPossiblyHarmful &&
                                           _settings.TrustedSelectionPaths.Contains("/" + string.Join('/', selection.Elements)),
        IPossiblyHarmful => false,
        _ => recipient is not null,
    };

    /// <summary>Finds the actor of a path; paths without an address belong to the given one.</summary>
    private IInternalActorRef Resolve(InboundString path, Address home)
    {
        if (path.Resolved is IInternalActorRef { IsTerminated: false } known)
            return known;
        var text = path.Text;
        var found = (IInternalActorRef)_provider.ResolveActorRef(text.StartsWith('/') ? home + text : text);
        // A name may be given again to a new actor, so that only a reference with a uid, or a remote one, is kept.
        path.Resolved = found is RemoteActorRef || text.Contains('#', StringComparison.Ordinal) ? found : null;
        return found;
    }

    private string? SenderPath(IActorRef? sender)
    {
        if (sender is null || sender.IsNobody())
            return null;
        var path = sender.Path;
        if (path.Elements.Count > 0 && path.Elements[0] == "temp")
            return Format(path);
        return _senderPaths.GetValue(path, Format);
    }

    private string Format(ActorPath path) => path.Address.HasLocalScope || path.Address.Equals(_provider.DefaultAddress)
        ? PathFormat.Relative(path)
        : path.ToSerializationFormat();
}
