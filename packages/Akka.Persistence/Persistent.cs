using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Persistence.Serialization;

namespace Akka.Persistence;

/// <summary>What goes to a journal together: events to be written, or a message that only takes its turn.</summary>
public interface IPersistentEnvelope
{
    /// <summary>The event, the events, or the message.</summary>
    object Payload { get; }

    /// <summary>Who sent the command behind it.</summary>
    IActorRef Sender { get; }

    /// <summary>Number of events.</summary>
    int Size { get; }
}

/// <summary>Something that passes the journal unwritten, so that it stays in order with the writes around it.</summary>
internal sealed class NonPersistentMessage(object payload, IActorRef sender) : IPersistentEnvelope
{
    public object Payload => payload;

    public IActorRef Sender => sender;

    public int Size => 1;
}

/// <summary>Events of one persistent actor that are written all or not at all.</summary>
public sealed class AtomicWrite : IPersistentEnvelope, IMessage
{
    /// <summary>A write of one event.</summary>
    public AtomicWrite(IPersistentRepresentation @event) : this(new IPersistentRepresentation[] { @event })
    {
    }

    /// <summary>A write of several events of one persistence id.</summary>
    /// <exception cref="ArgumentException">There is no event, or they are not all of one persistence id.</exception>
    public AtomicWrite(IImmutableList<IPersistentRepresentation> payload)
    {
        if (payload.Count == 0) throw new ArgumentException("An atomic write needs at least one event", nameof(payload));
        PersistenceId = payload[0].PersistenceId;
        for (var i = 1; i < payload.Count; i++)
        {
            if (payload[i].PersistenceId != PersistenceId)
            {
                throw new ArgumentException(
                    $"An atomic write is of one persistence id, not of {PersistenceId} and {payload[i].PersistenceId}", nameof(payload));
            }
        }
        Events = payload;
    }

    private AtomicWrite(IPersistentRepresentation[] payload)
        : this((IImmutableList<IPersistentRepresentation>)ImmutableCollectionsMarshal.AsImmutableArray(payload))
    {
    }

    /// <summary>The events: an <see cref="IImmutableList{T}"/> of <see cref="IPersistentRepresentation"/>.</summary>
    public object Payload => Events;

    /// <inheritdoc/>
    public IActorRef Sender => ActorRefs.NoSender;

    /// <inheritdoc/>
    public int Size => Events.Count;

    /// <summary>Whose events they are.</summary>
    public string PersistenceId { get; }

    /// <summary>Sequence number of the first event.</summary>
    public long LowestSequenceNr => Events[0].SequenceNr;

    /// <summary>Sequence number of the last event.</summary>
    public long HighestSequenceNr => Events[Events.Count - 1].SequenceNr;

    internal IImmutableList<IPersistentRepresentation> Events { get; }

    /// <summary>A write of the events in the array, which the caller leaves alone from now on.</summary>
    internal static AtomicWrite Of(IPersistentRepresentation[] events) => new(events);

    /// <inheritdoc/>
    public override string ToString() => $"AtomicWrite<pid: {PersistenceId}, lowSeqNr: {LowestSequenceNr}, size: {Size}>";
}

/// <summary>An event with everything that the journal knows about it.</summary>
public interface IPersistentRepresentation : IMessage
{
    /// <summary>The event itself.</summary>
    object Payload { get; }

    /// <summary>The manifest given by an event adapter; empty without one.</summary>
    string Manifest { get; }

    /// <summary>Whose event it is.</summary>
    string PersistenceId { get; }

    /// <summary>Its number, counted from 1 without gaps.</summary>
    long SequenceNr { get; }

    /// <summary>Ticks (UTC) of when it was made; 0 where the journal does not tell.</summary>
    long Timestamp { get; }

    /// <summary>Identifies the incarnation of the persistent actor that wrote it.</summary>
    string WriterGuid { get; }

    /// <summary>True for an event that was deleted and is only kept as a mark.</summary>
    bool IsDeleted { get; }

    /// <summary>Who sent the command behind it.</summary>
    IActorRef Sender { get; }

    /// <summary>The same with another payload.</summary>
    IPersistentRepresentation WithPayload(object payload);

    /// <summary>The same with another manifest.</summary>
    IPersistentRepresentation WithManifest(string manifest);

    /// <summary>The same payload under other circumstances.</summary>
    IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender, string writerGuid);
}

/// <summary>The plain implementation of <see cref="IPersistentRepresentation"/>.</summary>
public class Persistent : IPersistentRepresentation, IEquatable<IPersistentRepresentation>
{
    /// <summary>Makes a representation.</summary>
    public Persistent(
        object payload,
        long sequenceNr = 0,
        string? persistenceId = null,
        string? manifest = null,
        bool isDeleted = false,
        IActorRef? sender = null,
        string? writerGuid = null,
        long timestamp = 0)
    {
        Payload = payload;
        SequenceNr = sequenceNr;
        PersistenceId = persistenceId ?? Undefined;
        Manifest = manifest ?? Undefined;
        IsDeleted = isDeleted;
        Sender = sender ?? ActorRefs.NoSender;
        WriterGuid = writerGuid ?? Undefined;
        Timestamp = timestamp;
    }

    /// <summary>Stands for a value that was not given.</summary>
    public static string Undefined { get; } = "";

    /// <inheritdoc/>
    public object Payload { get; }

    /// <inheritdoc/>
    public string Manifest { get; }

    /// <inheritdoc/>
    public string PersistenceId { get; }

    /// <inheritdoc/>
    public long SequenceNr { get; }

    /// <inheritdoc/>
    public long Timestamp { get; }

    /// <inheritdoc/>
    public string WriterGuid { get; }

    /// <inheritdoc/>
    public bool IsDeleted { get; }

    /// <inheritdoc/>
    public IActorRef Sender { get; }

    /// <inheritdoc/>
    public IPersistentRepresentation WithPayload(object payload) =>
        new Persistent(payload, SequenceNr, PersistenceId, Manifest, IsDeleted, Sender, WriterGuid, Timestamp);

    /// <inheritdoc/>
    public IPersistentRepresentation WithManifest(string manifest) =>
        manifest == Manifest ? this : new Persistent(Payload, SequenceNr, PersistenceId, manifest, IsDeleted, Sender, WriterGuid, Timestamp);

    /// <inheritdoc/>
    public IPersistentRepresentation Update(long sequenceNr, string persistenceId, bool isDeleted, IActorRef sender, string writerGuid) =>
        new Persistent(Payload, sequenceNr, persistenceId, Manifest, isDeleted, sender, writerGuid, Timestamp);

    /// <inheritdoc/>
    public bool Equals(IPersistentRepresentation? other) =>
        other is not null
        && Equals(Payload, other.Payload)
        && Manifest == other.Manifest
        && PersistenceId == other.PersistenceId
        && SequenceNr == other.SequenceNr
        && WriterGuid == other.WriterGuid
        && IsDeleted == other.IsDeleted
        && Equals(Sender, other.Sender);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IPersistentRepresentation other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(PersistenceId, SequenceNr, Payload, WriterGuid);

    /// <inheritdoc/>
    public override string ToString() => $"Persistent<pid: {PersistenceId}, seqNr: {SequenceNr}, deleted: {IsDeleted}, manifest: {Manifest}, payload: {Payload}>";
}
