using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence.Snapshot;
using Akka.Persistence.Sql.Db;
using Akka.Serialization;

namespace Akka.Persistence.Sql.Snapshot;

/// <summary>A snapshot store in a SQL database. It shares the writer of a journal in the same database.</summary>
public class SqlSnapshotStore : SnapshotStore
{
    private readonly SqlDatabase _database;
    private readonly SnapshotTable _table;
    private readonly Akka.Serialization.Serialization _serialization;

    /// <summary>Opens the database and, where told so, creates the table.</summary>
    public SqlSnapshotStore(Config snapshotConfig)
    {
        var config = snapshotConfig.WithFallback(SqlPersistence.DefaultConfiguration.GetConfig(SqlPersistence.SnapshotStoreConfigPath));
        _serialization = Context.System.Serialization;
        _table = SqlSettings.Snapshot(config);
        _database = SqlSettings.Open(config);
        if (config.GetBoolean("auto-initialize", true)) CreateTables(config);
    }

    /// <inheritdoc/>
    protected override async Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var range = RangeOf(persistenceId, criteria);
        var row = await _database.Read(session => session.ReadSnapshot(_table, range)).ConfigureAwait(false);
        if (row is null) return null!;
        try
        {
            var snapshot = _serialization.Deserialize(row.Payload, row.SerializerId, row.Manifest);
            return new SelectedSnapshot(new SnapshotMetadata(persistenceId, row.SequenceNr, row.Created), snapshot);
        }
        catch (Exception e)
        {
            throw new SqlJournalException(
                $"cannot deserialize snapshot {row.SequenceNr} of {persistenceId} (serializer {row.SerializerId}, manifest '{row.Manifest}'): {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot)
    {
        var serialization = _serialization;
        var table = _table;
        // A snapshot can be large: it is serialized beside the store's actor, which others wait for.
        return Task.Run(() =>
        {
            var serializer = serialization.FindSerializerForType(snapshot.GetType());
            return _database.Write(new SaveSnapshotOperation(table, new SnapshotRow
            {
                PersistenceId = metadata.PersistenceId,
                SequenceNr = metadata.SequenceNr,
                Created = metadata.Timestamp,
                SerializerId = serializer.Identifier,
                Manifest = Manifests.Of(serializer, snapshot, ""),
                Payload = serializer.ToBinary(snapshot),
            }));
        });
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata)
    {
        // Without a time the sequence number alone says which snapshot is meant.
        var (from, to) = metadata.Timestamp == DateTime.MinValue ? (DateTime.MinValue, DateTime.MaxValue) : (DateTime.MinValue, metadata.Timestamp);
        return _database.Write(
            new DeleteSnapshotsOperation(_table, new SnapshotRange(metadata.PersistenceId, metadata.SequenceNr, metadata.SequenceNr, from, to)));
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _database.Write(new DeleteSnapshotsOperation(_table, RangeOf(persistenceId, criteria)));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _database.Dispose();
        base.PostStop();
    }

    private static SnapshotRange RangeOf(string persistenceId, SnapshotSelectionCriteria criteria) => new(
        persistenceId, criteria.MinSequenceNr, criteria.MaxSequenceNr, criteria.MinTimestamp ?? DateTime.MinValue, criteria.MaxTimeStamp);

    private void CreateTables(Config config)
    {
        try
        {
            _database.Backend.CreateTables(_table);
        }
        catch (Exception e)
        {
            var cause = _database.Backend.Translate(e);
            if (config.GetBoolean("warn-on-auto-init-fail", true))
            {
                Logging.GetLogger(Context).Warning(cause, "Failed to create the table of the snapshot store: {0}", cause.Message);
                return;
            }
            _database.Dispose();
            throw cause;
        }
    }
}
