namespace Akka.Persistence.Sql.Db;

/// <summary>One change that a caller waits for. It is applied wholly or not at all.</summary>
internal abstract class WriteOperation
{
    // What follows runs on the writer's thread, and is short: it answers, and queues what waited for this one, so that the writer
    // finds it at once and the disk does not wait for a turn in the thread pool.
    private readonly TaskCompletionSource _completion = new();

    /// <summary>Ends when the change is durable, or with the reason why it is not there.</summary>
    public Task Task => _completion.Task;

    /// <summary>How much of a transaction the change takes (rows).</summary>
    public virtual int Weight => 1;

    public void Succeed() => _completion.TrySetResult();

    public void Fail(Exception cause) => _completion.TrySetException(cause);
}

/// <summary>Appends events. The unique index on (persistence id, sequence number) makes it a compare-and-swap.</summary>
internal sealed class AppendOperation(JournalTable table, IReadOnlyList<JournalRow> rows) : WriteOperation
{
    public JournalTable Table => table;

    public IReadOnlyList<JournalRow> Rows => rows;

    public override int Weight => rows.Count;
}

/// <summary>Removes the events of one id up to a sequence number, keeping its highest number known.</summary>
internal sealed class DeleteMessagesOperation(JournalTable table, string persistenceId, long toSequenceNr) : WriteOperation
{
    public JournalTable Table => table;

    public string PersistenceId => persistenceId;

    public long ToSequenceNr => toSequenceNr;
}

/// <summary>Writes a snapshot, over an older one of the same sequence number.</summary>
internal sealed class SaveSnapshotOperation(SnapshotTable table, SnapshotRow row) : WriteOperation
{
    public SnapshotTable Table => table;

    public SnapshotRow Row => row;
}

/// <summary>Removes the snapshots within a range.</summary>
internal sealed class DeleteSnapshotsOperation(SnapshotTable table, SnapshotRange range) : WriteOperation
{
    public SnapshotTable Table => table;

    public SnapshotRange Range => range;
}
