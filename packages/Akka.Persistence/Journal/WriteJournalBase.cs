using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>What journals share: event adapters on the way in and out.</summary>
public abstract class WriteJournalBase : ActorBase
{
    private readonly EventAdapters _adapters;

    /// <summary>Reads the adapters of this journal.</summary>
    protected WriteJournalBase()
    {
        _adapters = Persistence.Instance.Apply(Context.System).AdaptersOf(Self);
    }

    /// <summary>The atomic writes among the envelopes, adapted for the journal.</summary>
    protected IEnumerable<AtomicWrite> PreparePersistentBatch(IEnumerable<IPersistentEnvelope> resequenceables)
    {
        var writes = new List<AtomicWrite>();
        foreach (var envelope in resequenceables)
        {
            if (envelope is AtomicWrite write) writes.Add(_adapters.IsEmpty ? write : Adapt(write));
        }
        return writes;
    }

    /// <summary>The events that a stored one is read as.</summary>
    protected IEnumerable<IPersistentRepresentation> AdaptFromJournal(IPersistentRepresentation representation)
    {
        if (_adapters.IsEmpty || _adapters.FromJournal(representation.Payload, representation.Manifest) is not { } events) return [representation];
        return events.Select(e => ReferenceEquals(e, representation.Payload) ? representation : representation.WithPayload(e));
    }

    /// <summary>What is stored for an event.</summary>
    protected IPersistentRepresentation AdaptToJournal(IPersistentRepresentation representation)
    {
        if (_adapters.IsEmpty) return representation;
        var (payload, manifest) = _adapters.ToJournal(representation.Payload);
        return (ReferenceEquals(payload, representation.Payload) ? representation : representation.WithPayload(payload)).WithManifest(manifest);
    }

    internal bool AdaptsNothing => _adapters.IsEmpty;

    private AtomicWrite Adapt(AtomicWrite write) => new(write.Events.Select(AdaptToJournal).ToImmutableArray());
}
