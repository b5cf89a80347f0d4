namespace Akka.Persistence.Sql.Db;

/// <summary>The tables of the journal and of the snapshot store in SQLite.</summary>
internal static class SqliteSchema
{
    public static IEnumerable<string> Journal(JournalTable t)
    {
        var writer = t.WriterUuid is null ? "" : $", {SqlName.Quote(t.WriterUuid)} NVARCHAR(128) NULL";
        yield return $"""
            CREATE TABLE IF NOT EXISTS {SqlName.Quote(t.Name)} (
              {SqlName.Quote(t.Ordering)} INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
              {SqlName.Quote(t.Deleted)} BOOLEAN NOT NULL,
              {SqlName.Quote(t.PersistenceId)} NVARCHAR(255) NOT NULL,
              {SqlName.Quote(t.SequenceNr)} BIGINT NOT NULL,
              {SqlName.Quote(t.Created)} BIGINT NOT NULL,
              {SqlName.Quote(t.Tags)} NVARCHAR(2000) NULL,
              {SqlName.Quote(t.Message)} BLOB NOT NULL,
              {SqlName.Quote(t.SerializerId)} INTEGER NULL,
              {SqlName.Quote(t.Manifest)} NVARCHAR(500) NULL{writer},
              UNIQUE ({SqlName.Quote(t.PersistenceId)}, {SqlName.Quote(t.SequenceNr)}))
            """;
        if (t.TagMode == TagWriteMode.Csv) yield break;
        yield return $"""
            CREATE TABLE IF NOT EXISTS {SqlName.Quote(t.TagTable)} (
              {SqlName.Quote(t.TagOrdering)} BIGINT NOT NULL,
              {SqlName.Quote(t.TagValue)} NVARCHAR(64) NOT NULL,
              {SqlName.Quote(t.TagPersistenceId)} NVARCHAR(255) NOT NULL,
              {SqlName.Quote(t.TagSequenceNr)} BIGINT NOT NULL,
              PRIMARY KEY ({SqlName.Quote(t.TagOrdering)}, {SqlName.Quote(t.TagValue)}))
            """;
    }

    public static IEnumerable<string> Snapshot(SnapshotTable t)
    {
        yield return $"""
            CREATE TABLE IF NOT EXISTS {SqlName.Quote(t.Name)} (
              {SqlName.Quote(t.PersistenceId)} NVARCHAR(255) NOT NULL,
              {SqlName.Quote(t.SequenceNr)} BIGINT NOT NULL,
              {SqlName.Quote(t.Created)} BIGINT NOT NULL,
              {SqlName.Quote(t.Snapshot)} BLOB NULL,
              {SqlName.Quote(t.Manifest)} NVARCHAR(500) NULL,
              {SqlName.Quote(t.SerializerId)} INTEGER NULL,
              PRIMARY KEY ({SqlName.Quote(t.PersistenceId)}, {SqlName.Quote(t.SequenceNr)}))
            """;
    }
}
