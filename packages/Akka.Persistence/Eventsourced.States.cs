using Akka.Actor;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    private static readonly State WaitingForPermit = new("waiting for recovery permit", true, static (me, _, m) => me.OnWaitingForPermit(m));
    private static readonly State LoadingSnapshot = new("recovery started", true, static (me, _, m) => me.OnLoadingSnapshot(m));
    private static readonly State Replaying = new("replay started", true, static (me, _, m) => me.OnReplaying(m));
    private static readonly State ProcessingCommands = new("processing commands", false, static (me, r, m) => me.OnProcessingCommands(r, m));
    private static readonly State PersistingEvents = new("persisting events", false, static (me, _, m) => me.OnPersistingEvents(m));

    private State _state = WaitingForPermit;
    private ReplayFlow? _flow;
    private ICancelable? _recoveryTimer;
    private bool _holdsPermit;
    private bool _eventSeen;

    private sealed record State(string Name, bool IsRecoveryRunning, Action<Eventsourced, Receive, object> Handle);

    private void AskForPermit()
    {
        _state = WaitingForPermit;
        _extension.RecoveryPermitter.Tell(RequestRecoveryPermit.Instance, Self);
    }

    private void OnWaitingForPermit(object message)
    {
        if (message is not RecoveryPermitGranted)
        {
            StashInternally(message);
            return;
        }
        _holdsPermit = true;
        var timeout = _extension.RecoveryEventTimeoutFor(JournalPluginId);
        _recoveryTimer = new Cancelable(Context.System.Scheduler.Advanced);
        Context.System.Scheduler.ScheduleTellRepeatedly(timeout, timeout, Self, RecoveryTick.Instance, Self, _recoveryTimer);
        _state = LoadingSnapshot;
        var recovery = Recovery;
        if (recovery.FromSnapshot == SnapshotSelectionCriteria.None)
        {
            StartReplay(recovery);
            return;
        }
        LoadSnapshot(SnapshotterId, recovery.FromSnapshot, recovery.ToSequenceNr);
    }

    private void OnLoadingSnapshot(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult result:
                _eventSeen = true;
                if (result.Snapshot is { } snapshot && !Offer(snapshot)) return;
                StartReplay(Recovery);
                break;
            case LoadSnapshotFailed failed:
                FailRecovery(failed.Cause, null);
                break;
            case RecoveryTick:
                FailRecovery(new RecoveryTimedOutException($"Recovery of {PersistenceId} timed out: no snapshot came in time"), null);
                break;
            default:
                StashInternally(message);
                break;
        }
    }

    private bool Offer(SelectedSnapshot snapshot)
    {
        _sequenceNr = LastSequenceNr = snapshot.Metadata.SequenceNr;
        var offer = new SnapshotOffer(snapshot.Metadata, snapshot.Snapshot);
        try
        {
            base.AroundReceive(ReceiveRecover, offer);
            return true;
        }
        catch (Exception e)
        {
            FailRecovery(e, offer);
            return false;
        }
    }

    private void StartReplay(Recovery recovery)
    {
        _state = Replaying;
        _flow = new ReplayFlow();
        Journal.Tell(
            new ReplayMessages(LastSequenceNr + 1, recovery.ToSequenceNr, recovery.ReplayMax, PersistenceId, Self) { Flow = _flow }, Self);
    }

    private void OnReplaying(object message)
    {
        switch (message)
        {
            case ReplayedBatch batch:
                _eventSeen = true;
                for (var i = 0; i < batch.Events.Count; i++)
                {
                    if (!Replay(batch.Events[i])) return;
                }
                _flow?.Taken(batch.Events.Count);
                break;
            case ReplayedMessage replayed:
                _eventSeen = true;
                Replay(replayed.Persistent);
                break;
            case RecoverySuccess success:
                CompleteRecovery(success.HighestSequenceNr);
                break;
            case ReplayMessagesFailure failure:
                FailRecovery(failure.Cause, null);
                break;
            case RecoveryTick when _eventSeen:
                _eventSeen = false;
                break;
            case RecoveryTick:
                FailRecovery(
                    new RecoveryTimedOutException($"Recovery of {PersistenceId} timed out: nothing was replayed in time after {LastSequenceNr}"), null);
                break;
            default:
                StashInternally(message);
                break;
        }
    }

    private bool Replay(IPersistentRepresentation persistent)
    {
        try
        {
            LastSequenceNr = persistent.SequenceNr;
            base.AroundReceive(ReceiveRecover, persistent.Payload);
            return true;
        }
        catch (Exception e)
        {
            FailRecovery(e, persistent.Payload);
            return false;
        }
    }

    private void CompleteRecovery(long highestSequenceNr)
    {
        LeaveRecovery();
        OnReplaySuccess();
        _sequenceNr = Math.Max(highestSequenceNr, LastSequenceNr);
        LastSequenceNr = _sequenceNr;
        _internalStash.UnstashAll();
        _state = ProcessingCommands;
        Exception? failure = null;
        try
        {
            base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            if (!_asyncTaskRunning) OnCommandHandled(failure);
        }
    }

    private void FailRecovery(Exception reason, object? message)
    {
        LeaveRecovery();
        try
        {
            OnRecoveryFailure(reason, message);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    /// <summary>Gives back what a recovery holds: its permit, its timer and the reader on the other side.</summary>
    private void LeaveRecovery()
    {
        _recoveryTimer?.Cancel();
        _recoveryTimer = null;
        _flow?.Close();
        _flow = null;
        if (_holdsPermit) _extension.RecoveryPermitter.Tell(ReturnRecoveryPermit.Instance, Self);
        _holdsPermit = false;
    }

    private void OnProcessingCommands(Receive receive, object message)
    {
        if (OnJournalAnswer(message)) return;
        Exception? failure = null;
        try
        {
            base.AroundReceive(receive, message);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            if (!_asyncTaskRunning) OnCommandHandled(failure);
        }
    }

    private void OnPersistingEvents(object message)
    {
        if (!OnJournalAnswer(message)) StashInternally(message);
    }

    /// <summary>A handler has run: what it persisted goes out, and commands wait if it asked for that.</summary>
    private void OnCommandHandled(Exception? failure)
    {
        if (_eventBatch.Count > 0) FlushBatch();
        if (_stashingInvocations > 0)
        {
            _state = PersistingEvents;
            return;
        }
        UnstashOne(failure);
    }

    /// <summary>After a failure everything comes back at the restart; otherwise one stashed command at a time keeps the order.</summary>
    private void UnstashOne(Exception? failure)
    {
        if (failure is null) _internalStash.Unstash();
    }

    /// <summary>Handles what comes from the journal; false for anything else.</summary>
    private bool OnJournalAnswer(object message)
    {
        switch (message)
        {
            case WrittenBatch batch:
                if (batch.ActorInstanceId == _instanceId) OnWritten(batch);
                return true;
            case WriteMessageSuccess success:
                if (success.ActorInstanceId == _instanceId) OnWritten(success.Persistent);
                return true;
            case LoopMessageSuccess loop:
                if (loop.ActorInstanceId == _instanceId) RunHandler(loop.Message);
                return true;
            case WriteMessageRejected rejected:
                if (rejected.ActorInstanceId == _instanceId) OnRejected(rejected);
                return true;
            case WriteMessageFailure failure:
                if (failure.ActorInstanceId == _instanceId) OnFailed(failure);
                return true;
            case WriteMessagesSuccessful:
                // What is written need not be held until the next request.
                if (_request is { IsClosed: true }) _request = null;
                return true;
            case WriteMessagesFailed:
                // The failures of the single events follow and stop the actor.
                return true;
            case RecoveryTick or RecoveryPermitGranted or ReplayedBatch or RecoverySuccess:
                return true;
            default:
                return false;
        }
    }

    private void OnWritten(WrittenBatch batch)
    {
        for (var i = batch.From; i < batch.From + batch.Count; i++) OnWritten(batch.Events[i]);
    }

    private void OnWritten(IPersistentRepresentation persistent)
    {
        if (persistent.SequenceNr > LastSequenceNr) LastSequenceNr = persistent.SequenceNr;
        RunHandler(persistent.Payload);
    }

    private void RunHandler(object payload)
    {
        Exception? failure = null;
        try
        {
            TakeInvocation(payload);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            OnWriteHandled(failure);
        }
    }

    private void OnRejected(WriteMessageRejected rejected)
    {
        if (rejected.Persistent.SequenceNr > LastSequenceNr) LastSequenceNr = rejected.Persistent.SequenceNr;
        if (_pendingInvocations.TryDequeue(out var invocation) && invocation.Stashing) _stashingInvocations--;
        try
        {
            OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
        }
        finally
        {
            OnWriteHandled(null);
        }
    }

    private void OnFailed(WriteMessageFailure failure)
    {
        try
        {
            OnPersistFailure(failure.Cause, failure.Persistent.Payload, failure.Persistent.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void OnWriteHandled(Exception? failure)
    {
        if (_eventBatch.Count > 0) FlushBatch();
        if (_state == PersistingEvents && _stashingInvocations == 0)
        {
            _state = ProcessingCommands;
            UnstashOne(failure);
        }
        else if (_state == ProcessingCommands && _stashingInvocations > 0)
        {
            _state = PersistingEvents;
        }
    }
}

/// <summary>Looks whether a recovery is still moving.</summary>
internal sealed class RecoveryTick
{
    public static readonly RecoveryTick Instance = new();
}
