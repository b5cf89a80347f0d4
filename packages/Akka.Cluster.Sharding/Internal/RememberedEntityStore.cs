using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>The store has loaded what it remembers.</summary>
internal sealed record EntitiesLoaded(ImmutableHashSet<string> EntityIds);

/// <summary>Entities have started or stopped, which is to be remembered.</summary>
internal sealed record RememberUpdate(ImmutableHashSet<string> Started, ImmutableHashSet<string> Stopped);

/// <summary>An update is in the journal.</summary>
internal sealed record RememberUpdated(ImmutableHashSet<string> Started, ImmutableHashSet<string> Stopped);

/// <summary>Remembers in the journal which entities of a shard are running.</summary>
internal sealed class RememberedEntityStore : ReceivePersistentActor
{
    private readonly string _typeName;
    private readonly string _shard;
    private readonly ClusterShardingSettings _settings;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private ImmutableHashSet<string> _entities = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    public RememberedEntityStore(string typeName, string shard, ClusterShardingSettings settings)
    {
        _typeName = typeName;
        _shard = shard;
        _settings = settings;
        JournalPluginId = settings.JournalPluginId;
        SnapshotPluginId = settings.SnapshotPluginId;

        Recover<EntitiesStarted>(e => _entities = _entities.Union(e.EntityIds));
        Recover<EntitiesStopped>(e => _entities = _entities.Except(e.EntityIds));
        Recover<SnapshotOffer>(o =>
        {
            if (o.Snapshot is RememberedEntities remembered) _entities = remembered.EntityIds.WithComparer(StringComparer.Ordinal);
        });
        Recover<RecoveryCompleted>(_ => Context.Parent.Tell(new EntitiesLoaded(_entities), Self));

        Command<RememberUpdate>(OnUpdate);
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(m => _log.Warning("{0}: the snapshot failed: {1}", PersistenceId, m.Cause.Message));
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteSnapshotsSuccess>(_ => { });
    }

    public override string PersistenceId => $"/sharding/{_typeName}Shard/{_shard}";

    private void OnUpdate(RememberUpdate update)
    {
        var events = new List<object>(2);
        if (!update.Started.IsEmpty) events.Add(new EntitiesStarted([.. update.Started]));
        if (!update.Stopped.IsEmpty) events.Add(new EntitiesStopped([.. update.Stopped]));
        var left = events.Count;
        var shard = Context.Parent;
        PersistAllAsync(events, e =>
        {
            _entities = e is EntitiesStarted started ? _entities.Union(started.EntityIds) : _entities.Except(((EntitiesStopped)e).EntityIds);
            if (LastSequenceNr % Math.Max(1, _settings.TuningParameters.SnapshotAfter) == 0) SaveSnapshot(new RememberedEntities(_entities));
            if (--left == 0) shard.Tell(new RememberUpdated(update.Started, update.Stopped), Self);
        });
    }

    private void OnSnapshotSaved(SaveSnapshotSuccess message)
    {
        var tuning = _settings.TuningParameters;
        var keepFrom = message.Metadata.SequenceNr - ((long)tuning.KeepNrOfBatches * tuning.SnapshotAfter);
        if (keepFrom > 0) DeleteMessages(keepFrom);
        DeleteSnapshots(new SnapshotSelectionCriteria(message.Metadata.SequenceNr - 1));
    }
}
