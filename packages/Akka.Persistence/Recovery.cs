using Akka.Actor;

namespace Akka.Persistence;

/// <summary>How a persistent actor recovers: from which snapshot, up to where, and how many events at most.</summary>
public sealed class Recovery
{
    /// <summary>The newest snapshot and all events after it.</summary>
    public Recovery() : this(null)
    {
    }

    /// <summary>A chosen snapshot and all events after it.</summary>
    public Recovery(SnapshotSelectionCriteria? fromSnapshot) : this(fromSnapshot, long.MaxValue)
    {
    }

    /// <summary>A chosen snapshot and the events after it up to a sequence number.</summary>
    public Recovery(SnapshotSelectionCriteria? fromSnapshot, long toSequenceNr) : this(fromSnapshot, toSequenceNr, long.MaxValue)
    {
    }

    /// <summary>A chosen snapshot and a bounded number of the events after it.</summary>
    public Recovery(SnapshotSelectionCriteria? fromSnapshot = null, long toSequenceNr = long.MaxValue, long replayMax = long.MaxValue)
    {
        FromSnapshot = fromSnapshot ?? SnapshotSelectionCriteria.Latest;
        ToSequenceNr = toSequenceNr;
        ReplayMax = replayMax;
    }

    /// <summary>Everything.</summary>
    public static Recovery Default { get; } = new(SnapshotSelectionCriteria.Latest);

    /// <summary>No snapshot and no events; only the sequence number goes on.</summary>
    public static Recovery None { get; } = new(SnapshotSelectionCriteria.None, 0);

    /// <summary>Which snapshot.</summary>
    public SnapshotSelectionCriteria FromSnapshot { get; }

    /// <summary>The last event (inclusive).</summary>
    public long ToSequenceNr { get; }

    /// <summary>Most events.</summary>
    public long ReplayMax { get; }
}

/// <summary>The last message of a recovery; commands follow.</summary>
public sealed class RecoveryCompleted
{
    /// <summary>The only instance.</summary>
    public static readonly RecoveryCompleted Instance = new();

    private RecoveryCompleted()
    {
    }
}

/// <summary>A recovery has been given up because nothing came for too long.</summary>
public sealed class RecoveryTimedOutException(string message, Exception? cause = null) : AkkaException(message, cause);

/// <summary>Something that has an identity in a journal.</summary>
public interface IPersistentIdentity
{
    /// <summary>Identifies the events in the journal; unique and stable.</summary>
    string PersistenceId { get; }

    /// <summary>Configuration path of the journal; empty for the default one.</summary>
    string JournalPluginId { get; }

    /// <summary>Configuration path of the snapshot store; empty for the default one.</summary>
    string SnapshotPluginId { get; }
}

/// <summary>Something that says how it recovers.</summary>
public interface IPersistenceRecovery
{
    /// <summary>How to recover.</summary>
    Recovery Recovery { get; }
}

/// <summary>A persistent actor has two stashes: its own and one for commands that wait for a write.</summary>
public interface IPersistenceStash : IWithUnboundedStash
{
    /// <summary>What to do with a command that finds the stash full.</summary>
    IStashOverflowStrategy InternalStashOverflowStrategy { get; }
}

/// <summary>Something that saves and loads snapshots.</summary>
public interface ISnapshotter
{
    /// <summary>Whose snapshots.</summary>
    string SnapshotterId { get; }

    /// <summary>Sequence number of the next snapshot.</summary>
    long SnapshotSequenceNr { get; }

    /// <summary>Asks for a snapshot; the answer comes as a message.</summary>
    void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr);

    /// <summary>Saves a snapshot; the answer comes as a message.</summary>
    void SaveSnapshot(object snapshot);

    /// <summary>Deletes one snapshot; the answer comes as a message.</summary>
    void DeleteSnapshot(long sequenceNr);

    /// <summary>Deletes snapshots; the answer comes as a message.</summary>
    void DeleteSnapshots(SnapshotSelectionCriteria criteria);
}

/// <summary>What to do with a command that finds the stash full.</summary>
public interface IStashOverflowStrategy;

/// <summary>Makes an overflow strategy named in the configuration.</summary>
public interface IStashOverflowStrategyConfigurator
{
    /// <summary>The strategy.</summary>
    IStashOverflowStrategy Create(Configuration.Config config);
}

/// <summary>The command goes to the dead letters.</summary>
public sealed class DiscardToDeadLetterStrategy : IStashOverflowStrategy
{
    /// <summary>The only instance.</summary>
    public static DiscardToDeadLetterStrategy Instance { get; } = new();

    private DiscardToDeadLetterStrategy()
    {
    }
}

/// <summary>The persistent actor fails.</summary>
public sealed class ThrowOverflowExceptionStrategy : IStashOverflowStrategy
{
    /// <summary>The only instance.</summary>
    public static ThrowOverflowExceptionStrategy Instance { get; } = new();

    private ThrowOverflowExceptionStrategy()
    {
    }
}

/// <summary>The sender gets a fixed answer.</summary>
public sealed class ReplyToStrategy(object response) : IStashOverflowStrategy
{
    /// <summary>The answer.</summary>
    public object Response { get; } = response;
}

/// <summary>Configures <see cref="ThrowOverflowExceptionStrategy"/>.</summary>
public sealed class ThrowExceptionConfigurator : IStashOverflowStrategyConfigurator
{
    /// <inheritdoc/>
    public IStashOverflowStrategy Create(Configuration.Config config) => ThrowOverflowExceptionStrategy.Instance;
}

/// <summary>Configures <see cref="DiscardToDeadLetterStrategy"/>.</summary>
public sealed class DiscardConfigurator : IStashOverflowStrategyConfigurator
{
    /// <inheritdoc/>
    public IStashOverflowStrategy Create(Configuration.Config config) => DiscardToDeadLetterStrategy.Instance;
}
