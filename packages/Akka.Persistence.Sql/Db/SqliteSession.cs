using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db;

/// <summary>A connection and the statements prepared on it, kept by their text.</summary>
internal abstract class SqliteSession(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _prepared = new(StringComparer.Ordinal);

    protected sqlite3 Database { get; } = connection.Handle!;

    protected SqliteStatement Prepared(string sql)
    {
        if (!_prepared.TryGetValue(sql, out var statement))
        {
            statement = new SqliteStatement(Database, sql);
            _prepared.Add(sql, statement);
        }
        return statement;
    }

    public void Dispose()
    {
        foreach (var statement in _prepared.Values) statement.Dispose();
        connection.Dispose();
    }
}

internal sealed class SqliteWriteSession : SqliteSession, IWriteSession
{
    private readonly TimeSpan _busyTimeout;

    // The statements' texts are made once per table mapping, so that a commit formats no string.
    private readonly Dictionary<JournalTable, JournalSql> _journals = [];

    public SqliteWriteSession(SqliteConnection connection, TimeSpan busyTimeout) : base(connection)
    {
        _busyTimeout = busyTimeout;
        raw.sqlite3_busy_timeout(Database, 0);
    }

    public void Commit(IReadOnlyList<WriteOperation> operations)
    {
        Begin();
        try
        {
            foreach (var operation in operations) Apply(operation);
            Prepared("COMMIT").Execute();
        }
        catch
        {
            // Some errors (a full disk) have already ended the transaction.
            if (raw.sqlite3_get_autocommit(Database) == 0) Prepared("ROLLBACK").Execute();
            throw;
        }
    }

    /// <summary>Takes the write lock, for which other processes compete.</summary>
    /// <remarks>
    /// SQLite's own waiting sleeps longer and longer, up to 100 ms, and then starves beside a process that writes all the
    /// time; looking every millisecond gets its share.
    /// </remarks>
    private void Begin()
    {
        var begin = Prepared("BEGIN IMMEDIATE");
        var deadline = Environment.TickCount64 + (long)_busyTimeout.TotalMilliseconds;
        while (Environment.TickCount64 < deadline)
        {
            if (begin.ExecuteUnlessBusy()) return;
            Thread.Sleep(1);
        }
        begin.Execute();
    }

    private void Apply(WriteOperation operation)
    {
        switch (operation)
        {
            case AppendOperation append:
                Append(append);
                break;
            case DeleteMessagesOperation delete:
                Delete(delete);
                break;
            case SaveSnapshotOperation save:
                Save(save.Table, save.Row);
                break;
            case DeleteSnapshotsOperation delete:
                Delete(delete.Table, delete.Range);
                break;
            default:
                throw new NotSupportedException($"{operation.GetType().Name} is no operation of the SQLite journal");
        }
    }

    private JournalSql Sql(JournalTable table)
    {
        if (!_journals.TryGetValue(table, out var sql))
        {
            sql = new JournalSql(table);
            _journals.Add(table, sql);
        }
        return sql;
    }

    private void Append(AppendOperation operation)
    {
        var table = operation.Table;
        var sql = Sql(table);
        var insert = Prepared(sql.Insert);
        for (var i = 0; i < operation.Rows.Count; i++)
        {
            var row = operation.Rows[i];
            insert.Bind(1, row.PersistenceId).Bind(2, row.SequenceNr).Bind(3, row.Created).Bind(4, table.TagText(row))
                .Bind(5, row.Payload).Bind(6, row.SerializerId).Bind(7, row.Manifest);
            if (table.WriterUuid is not null) insert.Bind(8, row.WriterUuid);
            insert.Execute();
            if (row.Tags.Count == 0 || table.TagMode == TagWriteMode.Csv) continue;
            var ordering = raw.sqlite3_last_insert_rowid(Database);
            foreach (var tag in row.Tags)
            {
                Prepared(sql.InsertTag).Bind(1, ordering).Bind(2, tag).Bind(3, row.PersistenceId).Bind(4, row.SequenceNr).Execute();
            }
        }
    }

    /// <summary>The newest of the deleted rows stays, marked: it keeps the sequence numbers from starting again.</summary>
    private void Delete(DeleteMessagesOperation operation)
    {
        var sql = Sql(operation.Table);
        Prepared(sql.MarkDeleted).Bind(1, operation.PersistenceId).Bind(2, operation.ToSequenceNr).Execute();
        if (operation.Table.TagMode != TagWriteMode.Csv)
        {
            Prepared(sql.DeleteTags).Bind(1, operation.PersistenceId).Bind(2, operation.ToSequenceNr).Execute();
        }
        Prepared(sql.DeleteRows).Bind(1, operation.PersistenceId).Bind(2, operation.ToSequenceNr).Execute();
    }

    private void Save(SnapshotTable t, SnapshotRow row) =>
        Prepared($"""
            INSERT OR REPLACE INTO {SqlName.Quote(t.Name)} ({SqlName.Quote(t.PersistenceId)}, {SqlName.Quote(t.SequenceNr)},
              {SqlName.Quote(t.Created)}, {SqlName.Quote(t.Snapshot)}, {SqlName.Quote(t.Manifest)}, {SqlName.Quote(t.SerializerId)})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """)
            .Bind(1, row.PersistenceId).Bind(2, row.SequenceNr).Bind(3, row.Created.Ticks).Bind(4, row.Payload)
            .Bind(5, row.Manifest).Bind(6, row.SerializerId).Execute();

    private void Delete(SnapshotTable t, SnapshotRange range) =>
        Prepared($"""
            DELETE FROM {SqlName.Quote(t.Name)} WHERE {SqlName.Quote(t.PersistenceId)} = ?1
              AND {SqlName.Quote(t.SequenceNr)} BETWEEN ?2 AND ?3 AND {SqlName.Quote(t.Created)} BETWEEN ?4 AND ?5
            """)
            .Bind(1, range.PersistenceId).Bind(2, range.MinSequenceNr).Bind(3, range.MaxSequenceNr)
            .Bind(4, range.MinCreated.Ticks).Bind(5, range.MaxCreated.Ticks).Execute();

    private sealed class JournalSql
    {
        public JournalSql(JournalTable t)
        {
            var name = SqlName.Quote(t.Name);
            var id = SqlName.Quote(t.PersistenceId);
            var number = SqlName.Quote(t.SequenceNr);
            var (writerColumn, writerValue) = t.WriterUuid is null ? ("", "") : (", " + SqlName.Quote(t.WriterUuid), ", ?8");
            Insert = $"""
                INSERT INTO {name} ({SqlName.Quote(t.Deleted)}, {id}, {number}, {SqlName.Quote(t.Created)}, {SqlName.Quote(t.Tags)},
                  {SqlName.Quote(t.Message)}, {SqlName.Quote(t.SerializerId)}, {SqlName.Quote(t.Manifest)}{writerColumn})
                VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7{writerValue})
                """;
            InsertTag = $"""
                INSERT OR IGNORE INTO {SqlName.Quote(t.TagTable)} ({SqlName.Quote(t.TagOrdering)}, {SqlName.Quote(t.TagValue)},
                  {SqlName.Quote(t.TagPersistenceId)}, {SqlName.Quote(t.TagSequenceNr)}) VALUES (?1, ?2, ?3, ?4)
                """;
            MarkDeleted = $"""
                UPDATE {name} SET {SqlName.Quote(t.Deleted)} = 1
                WHERE {id} = ?1 AND {number} = (SELECT MAX({number}) FROM {name} WHERE {id} = ?1 AND {number} <= ?2)
                """;
            DeleteRows = $"""
                DELETE FROM {name} WHERE {id} = ?1
                  AND {number} < (SELECT MAX({number}) FROM {name} WHERE {id} = ?1 AND {number} <= ?2)
                """;
            DeleteTags = $"""
                DELETE FROM {SqlName.Quote(t.TagTable)} WHERE {SqlName.Quote(t.TagOrdering)} IN
                  (SELECT {SqlName.Quote(t.Ordering)} FROM {name} WHERE {id} = ?1 AND {number} <= ?2)
                """;
        }

        public string Insert { get; }

        public string InsertTag { get; }

        public string MarkDeleted { get; }

        public string DeleteRows { get; }

        public string DeleteTags { get; }
    }
}

internal sealed class SqliteReadSession(SqliteConnection connection) : SqliteSession(connection), IReadSession
{
    private string _selectEvents = "";
    private JournalTable? _selectEventsOf;

    public void ReadEvents(
        JournalTable table, string persistenceId, long fromSequenceNr, long toSequenceNr, int limit, List<JournalRow> rows)
    {
        if (!ReferenceEquals(_selectEventsOf, table)) _selectEvents = SelectEvents(table);
        _selectEventsOf = table;
        var select = Prepared(_selectEvents).Bind(1, persistenceId).Bind(2, fromSequenceNr).Bind(3, toSequenceNr).Bind(4, limit);
        try
        {
            var manifest = "";
            var writer = "";
            while (select.Step())
            {
                manifest = select.Text(4, manifest);
                writer = select.Text(5, writer);
                rows.Add(new JournalRow
                {
                    PersistenceId = persistenceId,
                    SequenceNr = select.Int64(0),
                    Created = select.Int64(1),
                    Payload = select.Blob(2),
                    SerializerId = (int)select.Int64(3),
                    Manifest = manifest,
                    WriterUuid = writer,
                });
            }
        }
        finally
        {
            select.Reset();
        }
    }

    public long HighestSequenceNr(JournalTable table, string persistenceId)
    {
        var select = Prepared(
            $"SELECT MAX({SqlName.Quote(table.SequenceNr)}) FROM {SqlName.Quote(table.Name)} WHERE {SqlName.Quote(table.PersistenceId)} = ?1")
            .Bind(1, persistenceId);
        try
        {
            return select.Step() ? select.Int64(0) : 0;
        }
        finally
        {
            select.Reset();
        }
    }

    public SnapshotRow? ReadSnapshot(SnapshotTable table, SnapshotRange range)
    {
        var select = Prepared($"""
            SELECT {SqlName.Quote(table.SequenceNr)}, {SqlName.Quote(table.Created)}, {SqlName.Quote(table.Snapshot)},
              {SqlName.Quote(table.Manifest)}, {SqlName.Quote(table.SerializerId)}
            FROM {SqlName.Quote(table.Name)} WHERE {SqlName.Quote(table.PersistenceId)} = ?1
              AND {SqlName.Quote(table.SequenceNr)} BETWEEN ?2 AND ?3 AND {SqlName.Quote(table.Created)} BETWEEN ?4 AND ?5
            ORDER BY {SqlName.Quote(table.SequenceNr)} DESC LIMIT 1
            """)
            .Bind(1, range.PersistenceId).Bind(2, range.MinSequenceNr).Bind(3, range.MaxSequenceNr)
            .Bind(4, range.MinCreated.Ticks).Bind(5, range.MaxCreated.Ticks);
        try
        {
            if (!select.Step()) return null;
            return new SnapshotRow
            {
                PersistenceId = range.PersistenceId,
                SequenceNr = select.Int64(0),
                Created = new DateTime(select.Int64(1), DateTimeKind.Utc),
                Payload = select.Blob(2),
                Manifest = select.IsNull(3) ? "" : select.Text(3),
                SerializerId = (int)select.Int64(4),
            };
        }
        finally
        {
            select.Reset();
        }
    }

    private static string SelectEvents(JournalTable t) => $"""
        SELECT {SqlName.Quote(t.SequenceNr)}, {SqlName.Quote(t.Created)}, {SqlName.Quote(t.Message)}, {SqlName.Quote(t.SerializerId)},
          {SqlName.Quote(t.Manifest)}, {(t.WriterUuid is null ? "''" : SqlName.Quote(t.WriterUuid))}
        FROM {SqlName.Quote(t.Name)}
        WHERE {SqlName.Quote(t.PersistenceId)} = ?1 AND {SqlName.Quote(t.SequenceNr)} BETWEEN ?2 AND ?3 AND {SqlName.Quote(t.Deleted)} = 0
        ORDER BY {SqlName.Quote(t.SequenceNr)} LIMIT ?4
        """;
}
