namespace Akka.Persistence.Sql.Db;

/// <summary>A database product behind the journal and the snapshot store.</summary>
internal interface ISqlBackend : IDisposable
{
    /// <summary>Number of threads that may write at the same time.</summary>
    int WriterCount { get; }

    /// <summary>Creates the journal's tables where they are missing. Safe to run in several processes at once.</summary>
    void CreateTables(JournalTable table);

    /// <summary>Creates the snapshot table where it is missing. Safe to run in several processes at once.</summary>
    void CreateTables(SnapshotTable table);

    /// <summary>A session used by one writer thread.</summary>
    IWriteSession OpenWriter();

    /// <summary>A session used by one reader at a time.</summary>
    IReadSession OpenReader();

    /// <summary>The error as a caller should see it: with what happened in words, and a known type for a lost race.</summary>
    Exception Translate(Exception error);

    /// <summary>
    /// Whether the error means that the connection is gone. If so, no connection of its age is handed out again, and a query
    /// that failed on one which had been idle deserves another try on a new one.
    /// </summary>
    bool ForgetLostConnections(Exception error);
}

/// <summary>A connection that writes.</summary>
internal interface IWriteSession : IDisposable
{
    /// <summary>Applies all operations in one transaction. When it throws, none of them is applied.</summary>
    void Commit(IReadOnlyList<WriteOperation> operations);
}

/// <summary>A connection that reads. After an exception it is to be disposed.</summary>
internal interface IReadSession : IDisposable
{
    /// <summary>Adds up to <paramref name="limit"/> events, not deleted, ordered by sequence number.</summary>
    void ReadEvents(JournalTable table, string persistenceId, long fromSequenceNr, long toSequenceNr, int limit, List<JournalRow> rows);

    /// <summary>The highest sequence number ever written, or 0.</summary>
    long HighestSequenceNr(JournalTable table, string persistenceId);

    /// <summary>The newest snapshot within the range, or null.</summary>
    SnapshotRow? ReadSnapshot(SnapshotTable table, SnapshotRange range);
}

/// <summary>Another writer has already written this sequence number of this persistence id.</summary>
/// <remarks>The one who gets it has lost: it must stop and recover, never try again with another number.</remarks>
internal sealed class SequenceConflictException(string message, Exception cause) : Exception(message, cause);

/// <summary>The database refused or failed; nothing of the operation was applied, unless the message says that this is unknown.</summary>
internal sealed class SqlJournalException(string message, Exception? cause = null, bool outage = false) : Exception(message, cause)
{
    /// <summary>The database as a whole did not serve (full, locked, gone), so trying the neighbours one by one is pointless.</summary>
    public bool Outage => outage;
}
