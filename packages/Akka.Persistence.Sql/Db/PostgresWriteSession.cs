using Npgsql;
using NpgsqlTypes;

namespace Akka.Persistence.Sql.Db;

/// <summary>A writing connection, opened anew after it was lost.</summary>
internal sealed class PostgresWriteSession(NpgsqlDataSource source) : IWriteSession
{
    private readonly NpgsqlDataSource _source = source;
    private NpgsqlConnection? _connection;

    public void Commit(IReadOnlyList<WriteOperation> operations)
    {
        var reused = _connection is { FullState: System.Data.ConnectionState.Open };
        try
        {
            Execute(operations);
        }
        catch (Exception e) when (reused && e is NpgsqlException and not PostgresException or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown })
        {
            // The connection had died while it was idle, as after a restart of the server. Should the lost attempt have been
            // committed after all, then the same rows under the same numbers collide with it and the write fails.
            Close();
            Execute(operations);
        }
    }

    public void Dispose() => Close();

    private void Execute(IReadOnlyList<WriteOperation> operations)
    {
        _connection ??= _source.OpenConnection();
        if (_connection.FullState != System.Data.ConnectionState.Open)
        {
            Close();
            _connection = _source.OpenConnection();
        }
        // All commands of a batch travel together and, without a transaction of their own, are one implicit transaction.
        using var batch = new NpgsqlBatch(_connection);
        for (var i = 0; i < operations.Count;)
        {
            if (operations[i] is AppendOperation)
            {
                i = AddAppends(batch, operations, i);
                continue;
            }
            AddOther(batch, operations[i]);
            i++;
        }
        batch.Prepare();
        batch.ExecuteNonQuery();
    }

    /// <summary>Gathers the rows of all following appends to the same table into one INSERT; the index of the operation after them.</summary>
    private static int AddAppends(NpgsqlBatch batch, IReadOnlyList<WriteOperation> operations, int first)
    {
        var table = ((AppendOperation)operations[first]).Table;
        var rows = new List<JournalRow>();
        var next = first;
        while (next < operations.Count && operations[next] is AppendOperation append && append.Table == table)
        {
            rows.AddRange(append.Rows);
            next++;
        }
        var writer = table.WriterUuid is null ? "" : ", " + SqlName.Quote(table.WriterUuid);
        var insert = new NpgsqlBatchCommand($"""
            INSERT INTO {SqlName.Quote(table.Schema, table.Name)} ({SqlName.Quote(table.PersistenceId)}, {SqlName.Quote(table.SequenceNr)},
              {SqlName.Quote(table.Created)}, {SqlName.Quote(table.Tags)}, {SqlName.Quote(table.Message)}, {SqlName.Quote(table.SerializerId)},
              {SqlName.Quote(table.Manifest)}, {SqlName.Quote(table.Deleted)}{writer})
            SELECT id, number, created, tags, message, serializer, manifest, false{(writer.Length == 0 ? "" : ", writer")}
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS r(id, number, created, tags, message, serializer, manifest, writer)
            """);
        insert.Parameters.Add(Array(NpgsqlDbType.Text, rows.ConvertAll(r => r.PersistenceId)));
        insert.Parameters.Add(Array(NpgsqlDbType.Bigint, rows.ConvertAll(r => r.SequenceNr)));
        insert.Parameters.Add(Array(NpgsqlDbType.Bigint, rows.ConvertAll(r => r.Created)));
        insert.Parameters.Add(Array(NpgsqlDbType.Text, rows.ConvertAll(table.TagText)));
        insert.Parameters.Add(Array(NpgsqlDbType.Bytea, rows.ConvertAll(r => r.Payload)));
        insert.Parameters.Add(Array(NpgsqlDbType.Integer, rows.ConvertAll(r => r.SerializerId)));
        insert.Parameters.Add(Array(NpgsqlDbType.Text, rows.ConvertAll(r => r.Manifest)));
        insert.Parameters.Add(Array(NpgsqlDbType.Text, rows.ConvertAll(r => r.WriterUuid)));
        batch.BatchCommands.Add(insert);
        if (table.TagMode != TagWriteMode.Csv) AddTags(batch, table, rows);
        return next;
    }

    private static void AddTags(NpgsqlBatch batch, JournalTable table, List<JournalRow> rows)
    {
        var tags = rows.SelectMany(r => r.Tags.Select(tag => (Row: r, Tag: tag))).ToList();
        if (tags.Count == 0) return;
        var insert = new NpgsqlBatchCommand($"""
            INSERT INTO {SqlName.Quote(table.Schema, table.TagTable)} ({SqlName.Quote(table.TagOrdering)}, {SqlName.Quote(table.TagValue)},
              {SqlName.Quote(table.TagPersistenceId)}, {SqlName.Quote(table.TagSequenceNr)})
            SELECT j.{SqlName.Quote(table.Ordering)}, t.tag, t.id, t.number FROM unnest($1, $2, $3) AS t(id, number, tag)
            JOIN {SqlName.Quote(table.Schema, table.Name)} j
              ON j.{SqlName.Quote(table.PersistenceId)} = t.id AND j.{SqlName.Quote(table.SequenceNr)} = t.number
            ON CONFLICT DO NOTHING
            """);
        insert.Parameters.Add(Array(NpgsqlDbType.Text, tags.ConvertAll(t => t.Row.PersistenceId)));
        insert.Parameters.Add(Array(NpgsqlDbType.Bigint, tags.ConvertAll(t => t.Row.SequenceNr)));
        insert.Parameters.Add(Array(NpgsqlDbType.Text, tags.ConvertAll(t => t.Tag)));
        batch.BatchCommands.Add(insert);
    }

    private static void AddOther(NpgsqlBatch batch, WriteOperation operation)
    {
        switch (operation)
        {
            case DeleteMessagesOperation delete:
                AddDelete(batch, delete);
                break;
            case SaveSnapshotOperation save:
                AddSave(batch, save.Table, save.Row);
                break;
            case DeleteSnapshotsOperation { Table: var t, Range: var range }:
                Add(
                    batch,
                    $"""
                    DELETE FROM {SqlName.Quote(t.Schema, t.Name)} WHERE {SqlName.Quote(t.PersistenceId)} = $1
                      AND {SqlName.Quote(t.SequenceNr)} BETWEEN $2 AND $3 AND {SqlName.Quote(t.Created)} BETWEEN $4 AND $5
                    """,
                    range.PersistenceId, range.MinSequenceNr, range.MaxSequenceNr, Stamp(range.MinCreated), Stamp(range.MaxCreated));
                break;
            default:
                throw new NotSupportedException($"{operation.GetType().Name} is no operation of the PostgreSQL journal");
        }
    }

    /// <summary>The newest of the deleted rows stays, marked: it keeps the sequence numbers from starting again.</summary>
    private static void AddDelete(NpgsqlBatch batch, DeleteMessagesOperation delete)
    {
        var t = delete.Table;
        var (name, id, number) = (SqlName.Quote(t.Schema, t.Name), SqlName.Quote(t.PersistenceId), SqlName.Quote(t.SequenceNr));
        var newest = $"(SELECT MAX({number}) FROM {name} WHERE {id} = $1 AND {number} <= $2)";
        Add(batch, $"UPDATE {name} SET {SqlName.Quote(t.Deleted)} = true WHERE {id} = $1 AND {number} = {newest}",
            delete.PersistenceId, delete.ToSequenceNr);
        if (t.TagMode != TagWriteMode.Csv)
        {
            Add(
                batch,
                $"""
                DELETE FROM {SqlName.Quote(t.Schema, t.TagTable)} WHERE {SqlName.Quote(t.TagOrdering)} IN
                  (SELECT {SqlName.Quote(t.Ordering)} FROM {name} WHERE {id} = $1 AND {number} <= $2)
                """,
                delete.PersistenceId, delete.ToSequenceNr);
        }
        Add(batch, $"DELETE FROM {name} WHERE {id} = $1 AND {number} < {newest}", delete.PersistenceId, delete.ToSequenceNr);
    }

    private static void AddSave(NpgsqlBatch batch, SnapshotTable t, SnapshotRow row) =>
        Add(
            batch,
            $"""
            INSERT INTO {SqlName.Quote(t.Schema, t.Name)} ({SqlName.Quote(t.PersistenceId)}, {SqlName.Quote(t.SequenceNr)},
              {SqlName.Quote(t.Created)}, {SqlName.Quote(t.Snapshot)}, {SqlName.Quote(t.Manifest)}, {SqlName.Quote(t.SerializerId)})
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT ({SqlName.Quote(t.PersistenceId)}, {SqlName.Quote(t.SequenceNr)}) DO UPDATE SET
              {SqlName.Quote(t.Created)} = EXCLUDED.{SqlName.Quote(t.Created)}, {SqlName.Quote(t.Snapshot)} = EXCLUDED.{SqlName.Quote(t.Snapshot)},
              {SqlName.Quote(t.Manifest)} = EXCLUDED.{SqlName.Quote(t.Manifest)}, {SqlName.Quote(t.SerializerId)} = EXCLUDED.{SqlName.Quote(t.SerializerId)}
            """,
            row.PersistenceId, row.SequenceNr, Stamp(row.Created), row.Payload, row.Manifest, row.SerializerId);

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Array<T>(NpgsqlDbType element, List<T> values) =>
        new NpgsqlParameter<List<T>> { NpgsqlDbType = NpgsqlDbType.Array | element, TypedValue = values };

    /// <summary>The column has no time zone: what it holds is UTC.</summary>
    internal static DateTime Stamp(DateTime value) => DateTime.SpecifyKind(value, DateTimeKind.Unspecified);

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
