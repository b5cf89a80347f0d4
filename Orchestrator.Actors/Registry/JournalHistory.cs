using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Reads changes from the journal, for watchers from long ago and for the history of an object.</summary>
public sealed class JournalHistory(ActorSystem system, RegistrySettings settings) : IChangeHistory
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyList<ObjectChange>?> ReadAsync(
        ResourceType type, long after, long through, int max, bool withPrevious, CancellationToken cancellationToken)
    {
        // Heartbeats are not journaled, so their versions cannot be read back.
        if (settings.HeartbeatTypes.Contains(type)) return null;
        var rows = await ReplayAsync(type, after + 1, through, max, static _ => true, cancellationToken).ConfigureAwait(false);
        if (after < through && (rows.Count == 0 || rows[0].SequenceNr > after + 1)) return null;
        var known = new Dictionary<ObjectKey, StoredObject>();
        var changes = new List<ObjectChange>(rows.Count);
        foreach (var row in rows)
        {
            if (row.Payload is not ObjectWritten e) continue;
            if (!known.TryGetValue(e.Object.Key, out var previous) && withPrevious && e.Previous > 0)
                previous = (await RowAsync(type, e.Previous, cancellationToken).ConfigureAwait(false))?.Object;
            known[e.Object.Key] = e.Object;
            changes.Add(new ObjectChange(e.Kind, e.Object, e.Kind == ChangeKind.Added ? null : previous));
        }
        return changes;
    }

    public async Task<long?> OldestAsync(ResourceType type, CancellationToken cancellationToken)
    {
        if (settings.HeartbeatTypes.Contains(type)) return null;
        var rows = await ReplayAsync(type, 1, long.MaxValue, 1, static _ => true, cancellationToken).ConfigureAwait(false);
        return rows.Count > 0 ? rows[0].SequenceNr - 1 : null;
    }

    public async Task<long?> RevisionAtAsync(ResourceType type, DateTimeOffset time, long through, CancellationToken cancellationToken)
    {
        // Rows are in order of time as they are in order of number, so a few of them tell.
        long low = 0, high = through;
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            var rows = await ReplayAsync(type, middle, through, 1, static _ => true, cancellationToken).ConfigureAwait(false);
            if (rows.Count == 0 || rows[0].Timestamp > time.UtcTicks) high = middle - 1;
            else low = Math.Max(middle, Math.Min(rows[0].SequenceNr, high));
        }
        return low > 0 ? low : null;
    }

    public async Task<StoredObject?> BackToAsync(ResourceType type, StoredObject newer, long revision, CancellationToken cancellationToken)
    {
        StoredObject? at = newer;
        while (at is not null && at.Revision > revision)
        {
            var row = await RowAsync(type, at.Revision, cancellationToken).ConfigureAwait(false);
            at = row is { Previous: > 0 } ? (await RowAsync(type, row.Previous, cancellationToken).ConfigureAwait(false))?.Object : null;
        }
        return at;
    }

    public async Task<ImmutableArray<JournaledChange>> ChangesAsync(
        ResourceType type, long from, ObjectKey? key, CancellationToken cancellationToken)
    {
        var rows = await ReplayAsync(
            type, from, long.MaxValue, long.MaxValue, p => p is ObjectWritten e && (key is null || e.Object.Key == key), cancellationToken).ConfigureAwait(false);
        var known = new Dictionary<ObjectKey, StoredObject>();
        var changes = ImmutableArray.CreateBuilder<JournaledChange>(rows.Count);
        foreach (var row in rows)
        {
            var e = (ObjectWritten)row.Payload;
            known.TryGetValue(e.Object.Key, out var previous);
            known[e.Object.Key] = e.Object;
            // The journal stamps rows with the ticks of UTC.
            changes.Add(new JournaledChange(
                new ObjectChange(e.Kind, e.Object, e.Kind == ChangeKind.Added ? null : previous), new DateTimeOffset(row.Timestamp, TimeSpan.Zero)));
        }
        return changes.MoveToImmutable();
    }

    private async Task<ObjectWritten?> RowAsync(ResourceType type, long revision, CancellationToken cancellationToken) =>
        (await ReplayAsync(type, revision, revision, 1, static _ => true, cancellationToken).ConfigureAwait(false)).FirstOrDefault()?.Payload as ObjectWritten;

    private async Task<List<IPersistentRepresentation>> ReplayAsync(
        ResourceType type, long from, long to, long max, Predicate<object> wanted, CancellationToken cancellationToken)
    {
        var rows = new TaskCompletionSource<List<IPersistentRepresentation>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var journal = Persistence.Instance.Apply(system).JournalFor("");
        var collector = system.ActorOf(Akka.Actor.Props.Create(() =>
            new Collector(journal, new Range(RegistryActor.PersistenceIdOf(type), from, to, max), wanted, rows)));
        try
        {
            return await rows.Task.WaitAsync(Deadline, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            system.Stop(collector);
        }
    }

    private sealed record Range(string PersistenceId, long From, long To, long Max);

    /// <summary>Plays the part of a recovering actor toward the journal.</summary>
    private sealed class Collector(
        IActorRef journal, Range range, Predicate<object> wanted, TaskCompletionSource<List<IPersistentRepresentation>> result) : UntypedActor
    {
        private readonly List<IPersistentRepresentation> _rows = [];

        protected override void PreStart() =>
            journal.Tell(new ReplayMessages(range.From, range.To, range.Max, range.PersistenceId, Self), Self);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ReplayedMessage replayed:
                    if (wanted(replayed.Persistent.Payload)) _rows.Add(replayed.Persistent);
                    break;
                case RecoverySuccess:
                    result.TrySetResult(_rows);
                    break;
                case ReplayMessagesFailure failure:
                    result.TrySetException(failure.Cause);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }
}
