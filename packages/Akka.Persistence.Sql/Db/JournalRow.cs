namespace Akka.Persistence.Sql.Db;

/// <summary>One row of the journal table as it is written and read.</summary>
internal sealed class JournalRow
{
    public required string PersistenceId { get; init; }

    public required long SequenceNr { get; init; }

    /// <summary>Ticks (UTC) of the moment the event was made.</summary>
    public required long Created { get; init; }

    public required int SerializerId { get; init; }

    public required string Manifest { get; init; }

    public required string WriterUuid { get; init; }

    public required byte[] Payload { get; init; }

    public IReadOnlyCollection<string> Tags { get; init; } = [];
}

/// <summary>One row of the snapshot table as it is written and read.</summary>
internal sealed class SnapshotRow
{
    public required string PersistenceId { get; init; }

    public required long SequenceNr { get; init; }

    public required DateTime Created { get; init; }

    public required int SerializerId { get; init; }

    public required string Manifest { get; init; }

    public required byte[] Payload { get; init; }
}

/// <summary>Which snapshots of one persistence id are meant; all bounds are inclusive.</summary>
internal sealed record SnapshotRange(string PersistenceId, long MinSequenceNr, long MaxSequenceNr, DateTime MinCreated, DateTime MaxCreated);
