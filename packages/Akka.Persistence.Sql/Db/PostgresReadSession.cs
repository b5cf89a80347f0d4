using Npgsql;

namespace Akka.Persistence.Sql.Db;

/// <summary>A reading connection with its statements prepared.</summary>
internal sealed class PostgresReadSession : IReadSession
{
    private readonly NpgsqlConnection _connection;

    public PostgresReadSession(NpgsqlDataSource source) => _connection = source.OpenConnection();

    public void ReadEvents(
        JournalTable table, string persistenceId, long fromSequenceNr, long toSequenceNr, int limit, List<JournalRow> rows)
    {
        using var command = Command(
            $"""
            SELECT {SqlName.Quote(table.SequenceNr)}, {SqlName.Quote(table.Created)}, {SqlName.Quote(table.Message)},
              {SqlName.Quote(table.SerializerId)}, coalesce({SqlName.Quote(table.Manifest)}, ''),
              {(table.WriterUuid is null ? "''" : $"coalesce({SqlName.Quote(table.WriterUuid)}, '')")}
            FROM {SqlName.Quote(table.Schema, table.Name)}
            WHERE {SqlName.Quote(table.PersistenceId)} = $1 AND {SqlName.Quote(table.SequenceNr)} BETWEEN $2 AND $3
              AND NOT {SqlName.Quote(table.Deleted)}
            ORDER BY {SqlName.Quote(table.SequenceNr)} LIMIT $4
            """,
            persistenceId, fromSequenceNr, toSequenceNr, (long)limit);
        using var reader = command.ExecuteReader();
        var manifest = "";
        var writer = "";
        while (reader.Read())
        {
            var rowManifest = reader.GetString(4);
            var rowWriter = reader.GetString(5);
            if (rowManifest != manifest) manifest = rowManifest;
            if (rowWriter != writer) writer = rowWriter;
            rows.Add(new JournalRow
            {
                PersistenceId = persistenceId,
                SequenceNr = reader.GetInt64(0),
                Created = reader.GetInt64(1),
                Payload = reader.GetFieldValue<byte[]>(2),
                SerializerId = reader.IsDBNull(3) ? 0 : reader.GetInt32(3),
                Manifest = manifest,
                WriterUuid = writer,
            });
        }
    }

    public long HighestSequenceNr(JournalTable table, string persistenceId)
    {
        using var command = Command(
            $"""
            SELECT MAX({SqlName.Quote(table.SequenceNr)}) FROM {SqlName.Quote(table.Schema, table.Name)}
            WHERE {SqlName.Quote(table.PersistenceId)} = $1
            """,
            persistenceId);
        return command.ExecuteScalar() is long highest ? highest : 0;
    }

    public SnapshotRow? ReadSnapshot(SnapshotTable table, SnapshotRange range)
    {
        using var command = Command(
            $"""
            SELECT {SqlName.Quote(table.SequenceNr)}, {SqlName.Quote(table.Created)}, {SqlName.Quote(table.Snapshot)},
              coalesce({SqlName.Quote(table.Manifest)}, ''), {SqlName.Quote(table.SerializerId)}
            FROM {SqlName.Quote(table.Schema, table.Name)} WHERE {SqlName.Quote(table.PersistenceId)} = $1
              AND {SqlName.Quote(table.SequenceNr)} BETWEEN $2 AND $3 AND {SqlName.Quote(table.Created)} BETWEEN $4 AND $5
            ORDER BY {SqlName.Quote(table.SequenceNr)} DESC LIMIT 1
            """,
            range.PersistenceId, range.MinSequenceNr, range.MaxSequenceNr,
            PostgresWriteSession.Stamp(range.MinCreated), PostgresWriteSession.Stamp(range.MaxCreated));
        using var reader = command.ExecuteReader();
        if (!reader.Read()) return null;
        return new SnapshotRow
        {
            PersistenceId = range.PersistenceId,
            SequenceNr = reader.GetInt64(0),
            Created = DateTime.SpecifyKind(reader.GetDateTime(1), DateTimeKind.Utc),
            Payload = reader.GetFieldValue<byte[]>(2),
            Manifest = reader.GetString(3),
            SerializerId = reader.IsDBNull(4) ? 0 : reader.GetInt32(4),
        };
    }

    public void Dispose() => _connection.Dispose();

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, _connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        command.Prepare();
        return command;
    }
}
