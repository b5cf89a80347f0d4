using Akka.Actor;
using Akka.Persistence.Journal;

namespace Akka.Persistence.Snapshot;

/// <summary>Base of snapshot stores that work without blocking the actor.</summary>
public abstract class SnapshotStore : ActorBase
{
    private readonly PluginBreaker _breaker;

    /// <summary>Reads the plugin's configuration.</summary>
    protected SnapshotStore()
    {
        _breaker = new PluginBreaker(Persistence.Instance.Apply(Context.System).SnapshotConfigOf(Self), _ => true);
    }

    /// <summary>The newest matching snapshot, or null.</summary>
    protected abstract Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    /// <summary>Saves a snapshot.</summary>
    protected abstract Task SaveAsync(SnapshotMetadata metadata, object snapshot);

    /// <summary>Deletes one snapshot.</summary>
    protected abstract Task DeleteAsync(SnapshotMetadata metadata);

    /// <summary>Deletes all matching snapshots.</summary>
    protected abstract Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria);

    /// <summary>Handles messages of the plugin's own.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case LoadSnapshot load:
                _ = Load(load, Sender, Self);
                return true;
            case SaveSnapshot save:
                var metadata = save.Metadata.Timestamp == SnapshotMetadata.TimestampNotSpecified
                    ? new SnapshotMetadata(save.Metadata.PersistenceId, save.Metadata.SequenceNr, DateTime.UtcNow)
                    : save.Metadata;
                _ = Answer(
                    () => SaveAsync(metadata, save.Snapshot), new SaveSnapshotSuccess(metadata), e => new SaveSnapshotFailure(metadata, e), Sender, Self);
                return true;
            case DeleteSnapshot delete:
                _ = Answer(
                    () => DeleteAsync(delete.Metadata), new DeleteSnapshotSuccess(delete.Metadata), e => new DeleteSnapshotFailure(delete.Metadata, e),
                    Sender, Self);
                return true;
            case DeleteSnapshots delete:
                _ = Answer(
                    () => DeleteAsync(delete.PersistenceId, delete.Criteria), new DeleteSnapshotsSuccess(delete.Criteria),
                    e => new DeleteSnapshotsFailure(delete.Criteria, e), Sender, Self);
                return true;
            default:
                return ReceivePluginInternal(message);
        }
    }

    private async Task Load(LoadSnapshot load, IActorRef sender, IActorRef self)
    {
        try
        {
            var criteria = load.Criteria.Limit(load.ToSequenceNr);
            var found = criteria == SnapshotSelectionCriteria.None
                ? null
                : await _breaker.Run(() => LoadAsync(load.PersistenceId, criteria)).ConfigureAwait(false);
            sender.Tell(new LoadSnapshotResult(found, load.ToSequenceNr), self);
        }
        catch (Exception e)
        {
            sender.Tell(new LoadSnapshotFailed(e), self);
        }
    }

    private async Task Answer(Func<Task> action, object success, Func<Exception, object> failure, IActorRef sender, IActorRef self)
    {
        try
        {
            await _breaker.Run(action).ConfigureAwait(false);
            sender.Tell(success, self);
        }
        catch (Exception e)
        {
            sender.Tell(failure(e), self);
        }
    }
}

/// <summary>A snapshot store in memory, gone with the actor system. For tests.</summary>
public class MemorySnapshotStore : SnapshotStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedList<long, SelectedSnapshot>> _snapshots = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        lock (_gate) return Task.FromResult(Of(persistenceId).Values.LastOrDefault(s => criteria.IsMatch(s.Metadata))!);
    }

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        lock (_gate) Of(metadata.PersistenceId)[metadata.SequenceNr] = new SelectedSnapshot(metadata, snapshot);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata)
    {
        lock (_gate) Of(metadata.PersistenceId).Remove(metadata.SequenceNr);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        lock (_gate)
        {
            var snapshots = Of(persistenceId);
            foreach (var s in snapshots.Values.Where(s => criteria.IsMatch(s.Metadata)).ToList()) snapshots.Remove(s.Metadata.SequenceNr);
        }
        return Task.CompletedTask;
    }

    private SortedList<long, SelectedSnapshot> Of(string persistenceId)
    {
        if (!_snapshots.TryGetValue(persistenceId, out var snapshots)) _snapshots.Add(persistenceId, snapshots = []);
        return snapshots;
    }
}

/// <summary>Stands where no snapshot store is configured: there is nothing to load, and saving fails.</summary>
public sealed class NoSnapshotStore : SnapshotStore
{
    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.FromResult<SelectedSnapshot>(null!);

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) => Task.FromException(NotConfigured());

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata) => Task.FromException(NotConfigured());

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) => Task.FromException(NotConfigured());

    private static NotSupportedException NotConfigured() => new("No snapshot store is configured: set akka.persistence.snapshot-store.plugin");
}
