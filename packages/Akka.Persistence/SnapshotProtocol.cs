namespace Akka.Persistence;

/// <summary>Marks what persistent actors and snapshot stores say to each other.</summary>
public interface ISnapshotMessage : IPersistenceMessage;

/// <summary>Marks a request to a snapshot store.</summary>
public interface ISnapshotRequest : ISnapshotMessage;

/// <summary>Marks a snapshot store's answer.</summary>
public interface ISnapshotResponse : ISnapshotMessage;

/// <summary>Whose snapshot it is, of which sequence number, and when it was taken.</summary>
public sealed record SnapshotMetadata
{
    /// <summary>Metadata without a time.</summary>
    public SnapshotMetadata(string persistenceId, long sequenceNr) : this(persistenceId, sequenceNr, TimestampNotSpecified)
    {
    }

    /// <summary>Metadata.</summary>
    public SnapshotMetadata(string persistenceId, long sequenceNr, DateTime timestamp)
    {
        PersistenceId = persistenceId;
        SequenceNr = sequenceNr;
        Timestamp = timestamp;
    }

    /// <summary>Stands for an unknown time.</summary>
    internal static readonly DateTime TimestampNotSpecified = DateTime.MinValue;

    /// <summary>Whose snapshot it is.</summary>
    public string PersistenceId { get; }

    /// <summary>The last event that is contained in the snapshot.</summary>
    public long SequenceNr { get; }

    /// <summary>When it was taken (UTC).</summary>
    public DateTime Timestamp { get; }
}

/// <summary>The first message of a recovery that starts from a snapshot.</summary>
public sealed record SnapshotOffer(SnapshotMetadata Metadata, object Snapshot);

/// <summary>A snapshot as a store found it.</summary>
public sealed record SelectedSnapshot(SnapshotMetadata Metadata, object Snapshot);

/// <summary>Which snapshots are meant. All bounds are inclusive.</summary>
public sealed record SnapshotSelectionCriteria
{
    /// <summary>Snapshots within the bounds.</summary>
    public SnapshotSelectionCriteria(long maxSequenceNr, DateTime maxTimeStamp, long minSequenceNr = 0, DateTime? minTimestamp = null)
    {
        MaxSequenceNr = maxSequenceNr;
        MaxTimeStamp = maxTimeStamp;
        MinSequenceNr = minSequenceNr;
        MinTimestamp = minTimestamp ?? DateTime.MinValue;
    }

    /// <summary>Snapshots up to a sequence number.</summary>
    public SnapshotSelectionCriteria(long maxSequenceNr) : this(maxSequenceNr, DateTime.MaxValue)
    {
    }

    /// <summary>The newest of all.</summary>
    public static SnapshotSelectionCriteria Latest { get; } = new(long.MaxValue, DateTime.MaxValue);

    /// <summary>No snapshot.</summary>
    public static SnapshotSelectionCriteria None { get; } = new(0, DateTime.MinValue);

    /// <summary>Upper bound of the sequence number.</summary>
    public long MaxSequenceNr { get; }

    /// <summary>Upper bound of the time (UTC).</summary>
    public DateTime MaxTimeStamp { get; }

    /// <summary>Lower bound of the sequence number.</summary>
    public long MinSequenceNr { get; }

    /// <summary>Lower bound of the time (UTC).</summary>
    public DateTime? MinTimestamp { get; }

    internal SnapshotSelectionCriteria Limit(long toSequenceNr) =>
        toSequenceNr < MaxSequenceNr ? new(toSequenceNr, MaxTimeStamp, MinSequenceNr, MinTimestamp) : this;

    internal bool IsMatch(SnapshotMetadata metadata) =>
        metadata.SequenceNr <= MaxSequenceNr && metadata.SequenceNr >= MinSequenceNr
        && metadata.Timestamp <= MaxTimeStamp && (MinTimestamp is not { } min || metadata.Timestamp >= min);
}

/// <summary>Asks a store for the newest matching snapshot.</summary>
public sealed record LoadSnapshot(string PersistenceId, SnapshotSelectionCriteria Criteria, long ToSequenceNr) : ISnapshotRequest;

/// <summary>What a store found.</summary>
/// <param name="Snapshot">Null when there is none.</param>
/// <param name="ToSequenceNr">The bound of the request.</param>
public sealed record LoadSnapshotResult(SelectedSnapshot? Snapshot, long ToSequenceNr) : ISnapshotResponse;

/// <summary>A store could not load.</summary>
public sealed record LoadSnapshotFailed(Exception Cause) : ISnapshotResponse;

/// <summary>Asks a store to save.</summary>
public sealed record SaveSnapshot(SnapshotMetadata Metadata, object Snapshot) : ISnapshotRequest;

/// <summary>Asks a store to delete one snapshot.</summary>
public sealed record DeleteSnapshot(SnapshotMetadata Metadata) : ISnapshotRequest;

/// <summary>Asks a store to delete snapshots.</summary>
public sealed record DeleteSnapshots(string PersistenceId, SnapshotSelectionCriteria Criteria) : ISnapshotRequest;

/// <summary>A snapshot has been saved.</summary>
public sealed record SaveSnapshotSuccess(SnapshotMetadata Metadata) : ISnapshotResponse;

/// <summary>A snapshot has not been saved.</summary>
public sealed record SaveSnapshotFailure(SnapshotMetadata Metadata, Exception Cause) : ISnapshotResponse;

/// <summary>A snapshot has been deleted.</summary>
public sealed record DeleteSnapshotSuccess(SnapshotMetadata Metadata) : ISnapshotResponse;

/// <summary>A snapshot has not been deleted.</summary>
public sealed record DeleteSnapshotFailure(SnapshotMetadata Metadata, Exception Cause) : ISnapshotResponse;

/// <summary>Snapshots have been deleted.</summary>
public sealed record DeleteSnapshotsSuccess(SnapshotSelectionCriteria Criteria) : ISnapshotResponse;

/// <summary>Snapshots have not been deleted.</summary>
public sealed record DeleteSnapshotsFailure(SnapshotSelectionCriteria Criteria, Exception Cause) : ISnapshotResponse;
