using System.Collections.Immutable;
using Akka.Persistence;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Which snapshot is being read or written, and what goes next. Decides; the actor sends.</summary>
internal sealed class RegistrySnapshots(string persistenceId, RegistrySettings settings)
{
    private readonly HashSet<ObjectKey> _spoken = [];
    private SnapshotManifest? _last;
    private long _lastSequenceNr;
    private int _toLoad;
    private int _partsBefore;
    private int _superseded;
    private Pending? _pending;

    public int PartsToLoad => _toLoad;

    /// <summary>The oldest sequence number that stays in the journal.</summary>
    public long Retained => _last?.Retained ?? 1;

    public void Offered(SnapshotManifest manifest, long sequenceNr)
    {
        _last = manifest;
        _lastSequenceNr = sequenceNr;
        _toLoad = manifest.Parts;
        _partsBefore = manifest.Parts;
    }

    /// <summary>Notes that an event behind the snapshot has decided about a key.</summary>
    public void Spoken(ObjectKey key)
    {
        if (_toLoad > 0) _spoken.Add(key);
    }

    /// <summary>Notes an event that makes rows of the journal say nothing about the state any more. With a retention time each one counts:
    /// it will be too old one day.</summary>
    public void Journaled(ObjectWritten change) =>
        _superseded += change.Kind == ChangeKind.Deleted ? 2 : change.Previous > 0 || settings.Retention is not null ? 1 : 0;

    /// <summary>Notes a reservation, which replaces the one before it.</summary>
    public void Journaled(RevisionsReserved _) => _superseded++;

    public bool WasSpoken(ObjectKey key) => _spoken.Contains(key);

    public IEnumerable<LoadSnapshot> LoadMessages() =>
        Enumerable.Range(0, _toLoad).Select(part =>
            new LoadSnapshot(PartId(part), new SnapshotSelectionCriteria(_lastSequenceNr, DateTime.MaxValue, _lastSequenceNr, DateTime.MinValue), _lastSequenceNr));

    /// <summary>One part is in; true when it was the last.</summary>
    public bool Loaded()
    {
        if (--_toLoad > 0) return false;
        _spoken.Clear();
        _spoken.TrimExcess();
        return true;
    }

    /// <summary>Starts a snapshot when one is due; returns its first row.</summary>
    /// <remarks>Only rows that say nothing about the state any more make one due: the creations of what is still there are read as fast from
    /// the journal. As many such rows as there are objects pay for the snapshot: the work per change stays the same however large the type grows.</remarks>
    public SaveSnapshot? Begin(long sequenceNr, RegistryState state, DateTimeOffset now)
    {
        if (_pending is not null || _superseded < Math.Max(settings.SnapshotAfterMin, state.Count)) return null;
        var parts = SnapshotPart.Split(state.Copy()).GetEnumerator();
        _pending = new Pending(sequenceNr, state.Revision, state.Count, parts, now, _superseded);
        _superseded = 0;
        return Next();
    }

    /// <summary>A row is saved; returns the next one, if there is one.</summary>
    public SaveSnapshot? Saved(SnapshotMetadata metadata) =>
        _pending is { } pending && metadata.SequenceNr == pending.SequenceNr && metadata.PersistenceId != persistenceId ? Next() : null;

    /// <summary>True when the saved row is the manifest, with which the snapshot counts.</summary>
    public bool IsComplete(SnapshotMetadata metadata)
    {
        if (_pending is not { Manifest: { } manifest } pending || metadata.PersistenceId != persistenceId) return false;
        _partsBefore = Math.Max(_partsBefore, _last?.Parts ?? 0);
        _last = manifest;
        _lastSequenceNr = pending.SequenceNr;
        _pending = null;
        return true;
    }

    public void Abandon()
    {
        _superseded += _pending?.Superseded ?? 0;
        _pending = null;
    }

    /// <summary>What the newest snapshot makes obsolete.</summary>
    public IEnumerable<DeleteSnapshots> DeleteMessages()
    {
        var older = new SnapshotSelectionCriteria(_lastSequenceNr - 1);
        yield return new DeleteSnapshots(persistenceId, older);
        for (var part = 0; part < Math.Max(_partsBefore, _last!.Parts); part++) yield return new DeleteSnapshots(PartId(part), older);
        _partsBefore = _last.Parts;
    }

    private SaveSnapshot Next()
    {
        var pending = _pending!;
        if (pending.Parts.MoveNext())
            return new SaveSnapshot(new SnapshotMetadata(PartId(pending.Written++), pending.SequenceNr, pending.At.UtcDateTime), pending.Parts.Current);
        var checkpoints = (_last?.Checkpoints ?? []).Add(new SnapshotCheckpoint(pending.SequenceNr, pending.At));
        var retained = Retained;
        if (settings.Retention is { } retention)
        {
            // All that lies before the newest snapshot older than the retention time may go.
            foreach (var checkpoint in checkpoints)
                if (checkpoint.At <= pending.At - retention) retained = Math.Max(retained, checkpoint.SequenceNr + 1);
            checkpoints = checkpoints.RemoveAll(c => c.SequenceNr + 1 < retained);
        }
        else checkpoints = [];
        pending.Manifest = new SnapshotManifest(pending.Revision, pending.Written, retained, checkpoints, pending.Objects);
        return new SaveSnapshot(new SnapshotMetadata(persistenceId, pending.SequenceNr, pending.At.UtcDateTime), pending.Manifest);
    }

    private string PartId(int part) => $"{persistenceId}/part-{part}";

    private sealed class Pending(long sequenceNr, long revision, int objects, IEnumerator<SnapshotPart> parts, DateTimeOffset at, int superseded)
    {
        public long SequenceNr { get; } = sequenceNr;
        public long Revision { get; } = revision;
        public int Objects { get; } = objects;
        public IEnumerator<SnapshotPart> Parts { get; } = parts;
        public DateTimeOffset At { get; } = at;
        public int Superseded { get; } = superseded;
        public int Written;
        public SnapshotManifest? Manifest;
    }
}
