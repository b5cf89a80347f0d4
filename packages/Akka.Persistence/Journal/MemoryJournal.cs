using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>A journal in memory, gone with the actor system. For tests.</summary>
public class MemoryJournal : AsyncWriteJournal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedList<long, IPersistentRepresentation>> _events = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _highest = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        List<IPersistentRepresentation> found = [];
        lock (_gate)
        {
            if (_events.TryGetValue(persistenceId, out var events))
            {
                foreach (var (number, persistent) in events)
                {
                    if (number > toSequenceNr || found.Count >= max) break;
                    if (number >= fromSequenceNr) found.Add(persistent);
                }
            }
        }
        found.ForEach(recoveryCallback);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        lock (_gate) return Task.FromResult(_highest.GetValueOrDefault(persistenceId));
    }

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        lock (_gate)
        {
            foreach (var e in writes.SelectMany(w => w.Events))
            {
                if (_events.TryGetValue(e.PersistenceId, out var known) && known.ContainsKey(e.SequenceNr))
                {
                    throw new InvalidOperationException($"Sequence number {e.SequenceNr} of {e.PersistenceId} has been written already");
                }
            }
            foreach (var e in writes.SelectMany(w => w.Events)) Add(e);
        }
        return Task.FromResult<IImmutableList<Exception>>(null!);
    }

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        lock (_gate)
        {
            if (_events.TryGetValue(persistenceId, out var events))
            {
                foreach (var number in events.Keys.TakeWhile(n => n <= toSequenceNr).ToList()) events.Remove(number);
            }
        }
        return Task.CompletedTask;
    }

    private void Add(IPersistentRepresentation e)
    {
        if (!_events.TryGetValue(e.PersistenceId, out var events)) _events.Add(e.PersistenceId, events = []);
        // A journal stores the event, not its tags nor who sent the command.
        var payload = e.Payload is Tagged tagged ? tagged.Payload : e.Payload;
        events.Add(e.SequenceNr, new Persistent(payload, e.SequenceNr, e.PersistenceId, e.Manifest, false, null, e.WriterGuid, e.Timestamp));
        _highest[e.PersistenceId] = Math.Max(_highest.GetValueOrDefault(e.PersistenceId), e.SequenceNr);
    }
}
