using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence.Journal;
using Akka.Persistence.Sql.Db;
using Akka.Serialization;

namespace Akka.Persistence.Sql.Journal;

/// <summary>A journal in a SQL database. One request is one atomic unit; requests of different actors share transactions.</summary>
/// <remarks>
/// The unique index on persistence id and sequence number makes every write a compare-and-swap: a second writer of an id gets
/// a failure, which stops its actor.
/// </remarks>
public class SqlWriteJournal : AsyncWriteJournal
{
    private readonly SqlDatabase _database;
    private readonly JournalTable _table;
    private readonly Akka.Serialization.Serialization _serialization;
    private readonly int _pageSize;

    /// <summary>Opens the database and, where told so, creates the tables.</summary>
    public SqlWriteJournal(Config journalConfig)
    {
        // The plugin's own defaults matter where nobody added them to the system's settings.
        var config = journalConfig.WithFallback(SqlPersistence.DefaultConfiguration.GetConfig(SqlPersistence.JournalConfigPath));
        _serialization = Context.System.Serialization;
        _table = SqlSettings.Journal(config);
        _pageSize = Math.Max(1, config.GetInt("replay-batch-size", 1000));
        _database = SqlSettings.Open(config);
        if (config.GetBoolean("auto-initialize", true)) CreateTables(config);
    }

    /// <inheritdoc/>
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        Replay(persistenceId, fromSequenceNr, toSequenceNr, max, null, TimeSpan.Zero, recoveryCallback);

    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) =>
        _database.Read(session => session.HighestSequenceNr(_table, persistenceId));

    internal override Task ReplayInPagesAsync(
        IActorContext context, ReplayMessages request, long toSequenceNr, TimeSpan timeout, Action<IPersistentRepresentation> callback) =>
        Replay(request.PersistenceId, request.FromSequenceNr, toSequenceNr, request.Max, request.Flow, timeout, callback);

    // Adapters are somebody's own code, which may count on the journal's thread.
    internal override bool WritesOnAnyThread => AdaptsNothing;

    internal override bool IsOutage(Exception error) => error is not SequenceConflictException && error is not SqlJournalException { Outage: false };

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages as IReadOnlyList<AtomicWrite> ?? [.. messages];
        var count = 0;
        foreach (var write in writes) count += write.Size;
        var rows = new JournalRow[count];
        var rejections = new Exception?[writes.Count];
        var refused = 0;
        var next = 0;
        for (var i = 0; i < writes.Count; i++)
        {
            var start = next;
            try
            {
                foreach (var e in writes[i].Events) rows[next++] = RowOf(e);
            }
            catch (Exception e)
            {
                // An event that cannot be serialized is refused, with the others that belong to it; nothing of them is written.
                rejections[i] = new SqlJournalException($"cannot serialize an event of {writes[i].PersistenceId}: {e.Message}", e);
                refused++;
                next = start;
            }
        }
        if (refused == 0) return Written(_database.Write(new AppendOperation(_table, rows)), null);
        var accepted = next == 0 ? Task.CompletedTask : _database.Write(new AppendOperation(_table, rows[..next]));
        return Written(accepted, rejections!.ToImmutableArray()!);
    }

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr) =>
        _database.Write(new DeleteMessagesOperation(_table, persistenceId, toSequenceNr));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _database.Dispose();
        base.PostStop();
    }

    private static async Task<IImmutableList<Exception>> Written(Task write, IImmutableList<Exception>? rejections)
    {
        await write.ConfigureAwait(false);
        return rejections!;
    }

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
                Logging.GetLogger(Context).Warning(cause, "Failed to create the tables of the journal: {0}", cause.Message);
                return;
            }
            _database.Dispose();
            throw cause;
        }
    }

    private JournalRow RowOf(IPersistentRepresentation persistent)
    {
        var payload = persistent.Payload;
        IReadOnlyCollection<string> tags = [];
        if (payload is Tagged tagged)
        {
            payload = tagged.Payload;
            tags = tagged.Tags;
        }
        var serializer = _serialization.FindSerializerForType(payload.GetType());
        return new JournalRow
        {
            PersistenceId = persistent.PersistenceId,
            SequenceNr = persistent.SequenceNr,
            Created = persistent.Timestamp == 0 ? DateTime.UtcNow.Ticks : persistent.Timestamp,
            SerializerId = serializer.Identifier,
            Manifest = Manifests.Of(serializer, payload, persistent.Manifest),
            WriterUuid = persistent.WriterGuid,
            Payload = serializer.ToBinary(payload),
            Tags = tags,
        };
    }

    /// <summary>Reads the next page while this one is deserialized and handed over.</summary>
    private async Task Replay(
        string persistenceId, long from, long to, long max, ReplayFlow? flow, TimeSpan timeout, Action<IPersistentRepresentation> callback)
    {
        var page = ReadPage(persistenceId, from, to, max);
        while (true)
        {
            var rows = await page.ConfigureAwait(false);
            max -= rows.Count;
            var last = rows.Count == 0 || max <= 0 || rows[^1].SequenceNr >= to;
            if (!last) page = ReadPage(persistenceId, rows[^1].SequenceNr + 1, to, max);
            foreach (var row in rows) callback(Represent(row));
            if (last) return;
            if (flow is null) continue;
            await flow.WaitForRoom(timeout).ConfigureAwait(false);
            if (flow.Closed)
            {
                await page.ConfigureAwait(false);
                return;
            }
        }
    }

    private Task<List<JournalRow>> ReadPage(string persistenceId, long from, long to, long max)
    {
        var limit = (int)Math.Min(max, _pageSize);
        return _database.Read(session =>
        {
            var rows = new List<JournalRow>(Math.Min(limit, 1024));
            session.ReadEvents(_table, persistenceId, from, to, limit, rows);
            return rows;
        });
    }

    private Persistent Represent(JournalRow row)
    {
        try
        {
            var payload = _serialization.Deserialize(row.Payload, row.SerializerId, row.Manifest);
            return new Persistent(payload, row.SequenceNr, row.PersistenceId, row.Manifest, false, null, row.WriterUuid, row.Created);
        }
        catch (Exception e)
        {
            throw new SqlJournalException(
                $"cannot deserialize event {row.SequenceNr} of {row.PersistenceId} (serializer {row.SerializerId}, manifest '{row.Manifest}'): {e.Message}", e);
        }
    }
}
