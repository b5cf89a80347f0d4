using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>
/// An actor whose state is the sum of its events. Commands are decided into events, events are written to a journal, and
/// only then applied; after a restart the events are replayed.
/// </summary>
/// <remarks>
/// One write of an actor is under way at any time. What is persisted meanwhile is gathered in one request, which the journal
/// takes as it is when its turn comes. The parts: Eventsourced.States.cs is the state machine, Eventsourced.Persist.cs what a command handler calls.
/// </remarks>
public abstract partial class Eventsourced : ActorBase, IPersistentIdentity, IPersistenceStash, IPersistenceRecovery, ISnapshotter
{
    /// <summary>Chooses what is unstashed when the actor restarts or stops: everything but its own traffic with the journal.</summary>
    public static readonly Func<Envelope, bool> UnstashFilterPredicate =
        envelope => envelope.Message is not (WriteMessageSuccess or ReplayedMessage or IJournalResponse);

    private static int _instances;

    private readonly PersistenceExtension _extension;
    private readonly int _instanceId = Interlocked.Increment(ref _instances);
    private readonly string _writerGuid = Guid.NewGuid().ToString("N");
    private readonly IStash _internalStash;
    private readonly ILoggingAdapter _log;
    private IActorRef? _journal;
    private IActorRef? _snapshotStore;
    private long _sequenceNr;

    /// <summary>Binds the actor to the persistence extension of its system.</summary>
    protected Eventsourced()
    {
        _extension = Persistence.Instance.Apply(Context.System);
        _internalStash = InternalStash.Create(Context);
        _log = Logging.GetLogger(Context);
        InternalStashOverflowStrategy = _extension.DefaultInternalStashOverflowStrategy;
        JournalPluginId = "";
        SnapshotPluginId = "";
    }

    /// <inheritdoc/>
    public abstract string PersistenceId { get; }

    /// <inheritdoc/>
    public virtual Recovery Recovery => Recovery.Default;

    /// <inheritdoc/>
    public virtual IStashOverflowStrategy InternalStashOverflowStrategy { get; }

    /// <summary>The stash for the actor's own use.</summary>
    public IStash Stash { get; set; } = null!;

    /// <inheritdoc/>
    public string JournalPluginId { get; protected set; }

    /// <inheritdoc/>
    public string SnapshotPluginId { get; protected set; }

    /// <summary>The journal.</summary>
    public IActorRef Journal => _journal ??= _extension.JournalFor(JournalPluginId);

    /// <summary>The snapshot store.</summary>
    public IActorRef SnapshotStore => _snapshotStore ??= _extension.SnapshotStoreFor(SnapshotPluginId);

    /// <inheritdoc/>
    public string SnapshotterId => PersistenceId;

    /// <summary>True until <see cref="RecoveryCompleted"/> has been handled.</summary>
    public bool IsRecovering => _state.IsRecoveryRunning;

    /// <summary>The opposite of <see cref="IsRecovering"/>.</summary>
    public bool IsRecoveryFinished => !IsRecovering;

    /// <summary>Number of the last event that was replayed or written.</summary>
    public long LastSequenceNr { get; private set; }

    /// <inheritdoc/>
    public long SnapshotSequenceNr => LastSequenceNr;

    /// <summary>The logger of this actor.</summary>
    protected virtual ILoggingAdapter Log => _log;

    /// <inheritdoc/>
    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new LoadSnapshot(persistenceId, criteria, toSequenceNr), Self);

    /// <inheritdoc/>
    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(SnapshotterId, SnapshotSequenceNr, DateTime.UtcNow), snapshot), Self);

    /// <inheritdoc/>
    public void DeleteSnapshot(long sequenceNr) =>
        SnapshotStore.Tell(new DeleteSnapshot(new SnapshotMetadata(SnapshotterId, sequenceNr)), Self);

    /// <inheritdoc/>
    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) => SnapshotStore.Tell(new DeleteSnapshots(SnapshotterId, criteria), Self);

    /// <summary>Deletes the events up to and including a sequence number; the answer comes as a message.</summary>
    public void DeleteMessages(long toSequenceNr)
    {
        if (toSequenceNr == long.MaxValue || toSequenceNr <= LastSequenceNr)
        {
            Journal.Tell(new DeleteMessagesTo(PersistenceId, Math.Min(toSequenceNr, LastSequenceNr), Self), Self);
            return;
        }
        Self.Tell(
            new DeleteMessagesFailure(
                new ArgumentException($"toSequenceNr [{toSequenceNr}] must be at most lastSequenceNr [{LastSequenceNr}]"), toSequenceNr),
            Self);
    }

    /// <summary>Replays the past: gets <see cref="SnapshotOffer"/>, the events and <see cref="RecoveryCompleted"/>.</summary>
    protected abstract bool ReceiveRecover(object message);

    /// <summary>Handles a command.</summary>
    protected abstract bool ReceiveCommand(object message);

    /// <summary>All events have been replayed; <see cref="RecoveryCompleted"/> comes next.</summary>
    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>The recovery failed; the actor is stopped afterwards.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">The event that could not be handled, if that was it.</param>
    protected virtual void OnRecoveryFailure(Exception reason, object? message = null)
    {
        if (message is null)
        {
            _log.Error(reason, "Exception during recovery. Last known sequence number [{0}]. Persistence id [{1}]", LastSequenceNr, PersistenceId);
            return;
        }
        _log.Error(
            reason, "Exception in the recovery of [{0}] with sequence number [{1}]. Persistence id [{2}]", message.GetType(), LastSequenceNr, PersistenceId);
    }

    /// <summary>A write failed, or it is unknown whether it succeeded; the actor is stopped afterwards.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Error(
            cause, "Failed to persist event type [{0}] with sequence number [{1}] for persistence id [{2}]", @event.GetType(), sequenceNr, PersistenceId);

    /// <summary>The journal would not take the event, and nothing was written; the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        _log.Error(
            cause, "Rejected to persist event type [{0}] with sequence number [{1}] for persistence id [{2}] due to [{3}]",
            @event.GetType(), sequenceNr, PersistenceId, cause.Message);

    /// <summary>Runs an asynchronous handler: nothing else is handled until it ends, and what it persisted goes out then.</summary>
    protected void RunTask(Func<Task> action)
    {
        if (_asyncTaskRunning) throw new NotSupportedException("RunTask calls cannot be nested");
        // A handler that ends without waiting is still inside the command that called it, whose own end follows.
        var inline = true;
        async Task Run()
        {
            Exception? failure = null;
            try
            {
                await action();
            }
            catch (Exception e)
            {
                failure = e;
                throw;
            }
            finally
            {
                _asyncTaskRunning = false;
                if (!inline) OnCommandHandled(failure);
            }
        }
        _asyncTaskRunning = true;
        Dispatch.ActorTaskScheduler.RunTask(Run);
        inline = false;
    }

    /// <inheritdoc/>
    public override void AroundPreStart()
    {
        if (string.IsNullOrEmpty(PersistenceId))
        {
            throw new InvalidOperationException($"[{Self.Path}]: PersistenceId is null or empty; it must identify the actor's events");
        }
        // Plugins are resolved now, so that a missing one is an error of the start and not of the first write.
        _ = Journal;
        _ = SnapshotStore;
        AskForPermit();
        base.AroundPreStart();
    }

    /// <inheritdoc/>
    public override void AroundPostRestart(Exception cause, object message)
    {
        AskForPermit();
        base.AroundPostRestart(cause, message);
    }

    /// <inheritdoc/>
    public override void AroundPreRestart(Exception cause, object message)
    {
        try
        {
            LeaveRecovery();
            _internalStash.UnstashAll();
            Stash?.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            object? inner = message switch
            {
                WriteMessageSuccess success => success.Persistent,
                WrittenBatch batch => batch.Events[batch.From],
                LoopMessageSuccess loop => loop.Message,
                ReplayedMessage replayed => replayed.Persistent,
                IJournalMessage => null,
                _ => message,
            };
            base.AroundPreRestart(cause, inner!);
        }
    }

    /// <inheritdoc/>
    public override void AroundPostStop()
    {
        try
        {
            LeaveRecovery();
            _internalStash.UnstashAll();
            Stash?.UnstashAll(UnstashFilterPredicate);
        }
        finally
        {
            base.AroundPostStop();
        }
    }

    /// <inheritdoc/>
    protected internal override bool AroundReceive(Receive receive, object message)
    {
        _state.Handle(this, receive, message);
        return true;
    }

    /// <inheritdoc/>
    protected internal override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted or RecoveryTick:
                return;
            case SaveSnapshotFailure m:
                _log.Warning("Failed to SaveSnapshot given metadata [{0}] due to: [{1}: {2}]", m.Metadata, m.Cause.GetType(), m.Cause.Message);
                break;
            case DeleteSnapshotFailure m:
                _log.Warning("Failed to DeleteSnapshot given metadata [{0}] due to: [{1}: {2}]", m.Metadata, m.Cause.GetType(), m.Cause.Message);
                break;
            case DeleteSnapshotsFailure m:
                _log.Warning("Failed to DeleteSnapshots given criteria [{0}] due to: [{1}: {2}]", m.Criteria, m.Cause.GetType(), m.Cause.Message);
                break;
            case DeleteMessagesFailure m:
                _log.Warning(
                    "Failed to DeleteMessages toSequenceNr [{0}] for persistenceId [{1}] due to: [{2}: {3}]",
                    m.ToSequenceNr, PersistenceId, m.Cause.GetType(), m.Cause.Message);
                break;
        }
        base.Unhandled(message);
    }

    private void StashInternally(object message)
    {
        try
        {
            _internalStash.Stash();
        }
        catch (StashOverflowException e)
        {
            switch (InternalStashOverflowStrategy)
            {
                case DiscardToDeadLetterStrategy:
                    Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
                    break;
                case ReplyToStrategy reply:
                    Sender.Tell(reply.Response);
                    break;
                default:
                    throw new StashOverflowException($"{Self.Path}: {e.Message}", e);
            }
        }
    }
}
