namespace Akka.Persistence.Sql.Db;

/// <summary>How the tags of an event are stored.</summary>
internal enum TagWriteMode
{
    /// <summary>One row per tag in the tag table.</summary>
    TagTable,

    /// <summary>One separated string in the tags column of the journal.</summary>
    Csv,

    /// <summary>Both of the above.</summary>
    Both,
}

/// <summary>Names of the journal table, its columns and the tag table beside it.</summary>
internal sealed record JournalTable
{
    public string? Schema { get; init; }

    public string Name { get; init; } = "journal";

    public string Ordering { get; init; } = "ordering";

    public string Deleted { get; init; } = "deleted";

    public string PersistenceId { get; init; } = "persistence_id";

    public string SequenceNr { get; init; } = "sequence_number";

    public string Created { get; init; } = "created";

    public string Tags { get; init; } = "tags";

    public string Message { get; init; } = "message";

    public string SerializerId { get; init; } = "identifier";

    public string Manifest { get; init; } = "manifest";

    /// <summary>Null where the mapping has no such column.</summary>
    public string? WriterUuid { get; init; } = "writer_uuid";

    public string TagTable { get; init; } = "tags";

    public string TagOrdering { get; init; } = "ordering_id";

    public string TagValue { get; init; } = "tag";

    public string TagPersistenceId { get; init; } = "persistence_id";

    public string TagSequenceNr { get; init; } = "sequence_nr";

    public TagWriteMode TagMode { get; init; } = TagWriteMode.TagTable;

    public string TagSeparator { get; init; } = ";";

    /// <summary>The tags column's text: the separator also stands at both ends, so that a LIKE finds whole tags only.</summary>
    public string? TagText(JournalRow row) =>
        TagMode == TagWriteMode.TagTable || row.Tags.Count == 0
            ? null
            : TagSeparator + string.Join(TagSeparator, row.Tags) + TagSeparator;
}

/// <summary>Names of the snapshot table and its columns.</summary>
internal sealed record SnapshotTable
{
    public string? Schema { get; init; }

    public string Name { get; init; } = "snapshot";

    public string PersistenceId { get; init; } = "persistence_id";

    public string SequenceNr { get; init; } = "sequence_number";

    public string Created { get; init; } = "created";

    public string Snapshot { get; init; } = "snapshot";

    public string Manifest { get; init; } = "manifest";

    public string SerializerId { get; init; } = "serializer_id";
}

internal static class SqlName
{
    /// <summary>A name quoted as both databases understand it, so that configuration can never become SQL.</summary>
    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public static string Quote(string? schema, string name) =>
        string.IsNullOrEmpty(schema) ? Quote(name) : Quote(schema) + "." + Quote(name);
}
