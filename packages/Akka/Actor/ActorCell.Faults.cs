using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    private IActorRef _perpetrator;
    private bool _failedFatally;
    private bool _failedKeepsMessage;

    private bool IsFailed => _perpetrator is not null;

    /// <summary>Handles one system message.</summary>
    public void SystemInvoke(ISystemMessage message)
    {
        try
        {
            switch (message)
            {
                case Create c: CreateActor(c.Failure); break;
                case Supervise s: HandleSupervise(s.Child); break;
                case Watch w: AddWatcher(w.Watchee, w.Watcher); break;
                case Unwatch u: RemoveWatcher(u.Watchee, u.Watcher); break;
                case DeathWatchNotification d: WatchedActorTerminated(d.Actor, d.ExistenceConfirmed, d.AddressTerminated); break;
                case Failed f: HandleFailed(f); break;
                case Recreate r: FaultRecreate(r.Cause); break;
                case Dispatch.SysMsg.Suspend: FaultSuspend(); break;
                case Resume r: FaultResume(r.CausedByFailure); break;
                case Terminate or Dispatch.SysMsg.Stop: TerminateCell(); break;
                case StopChild s: Stop(s.Child); break;
                case ActorTaskSchedulerMessage t: TaskScheduler.Handle(t); break;
                case NoMessage: break;
                default: throw new NotSupportedException($"Unknown system message {message.GetType()}");
            }
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause);
        }
    }

    private void CreateActor(ActorInitializationException failure)
    {
        if (failure is not null) throw failure;
        try
        {
            var created = NewActor();
            UseThreadContext(created.AroundPreStart);
            CheckReceiveTimeout(true);
            if (SystemImpl.Settings.DebugLifecycle) Debug(_actor, "Started (" + created.GetType() + ")");
        }
        catch (Exception e)
        {
            if (_actor is not null)
            {
                ClearActor(_actor, recreate: false);
                _actor = null;
            }

            _failedFatally = true;
            throw new ActorInitializationException(_self, "Exception during creation", e);
        }
    }

    private ActorBase NewActor()
    {
        ActorBase created = null;
        _stacked = null;
        UseThreadContext(() =>
        {
            created = Props.NewActor();
            if (created is IActorStash stashing) stashing.Stash ??= Internal.StashFactory.Create(this);
            if (created is IWithTimers timed) timed.Timers = new Scheduler.TimerScheduler(this);
            if (created is IInitializableActor initializable) initializable.Init();
        });
        _failedFatally = false;
        _actor = created;
        return created;
    }

    /// <summary>Takes the error of a message to the parent; this actor waits for the decision.</summary>
    internal void HandleInvokeFailure(Exception cause)
    {
        if (IsFailed) return;
        try
        {
            Mailbox.Suspend();
            _failedKeepsMessage = true;
            if (_current.Message is Failed f) SetFailed(f.Child);
            else SetFailed(_self);
            SuspendChildren(_perpetrator);
            Parent.SendSystemMessage(new Failed(_self, cause, _self.Path.Uid));
        }
        catch (Exception e)
        {
            SystemImpl.EventStream.Publish(new Error(e, _self.Path.ToString(), _actor?.GetType(),
                "Emergency stop: exception in failure handling for " + cause.GetType()));
            foreach (var child in GetChildren()) Stop(child);
            FinishTerminate();
        }
    }

    private void SetFailed(IActorRef perpetrator) => _perpetrator = perpetrator;

    private void ClearFailed()
    {
        _perpetrator = null;
        _failedKeepsMessage = false;
        _current = default;
    }

    private void FaultRecreate(Exception cause)
    {
        if (_actor is null)
        {
            FaultCreate();
            return;
        }

        if (IsTerminating)
        {
            // Restarted while it waits for its children: the restart comes last.
            FaultResume(null);
            return;
        }

        var failed = _actor;
        if (SystemImpl.Settings.DebugLifecycle) Debug(failed, "Restarting");
        if (!_failedFatally)
        {
            try
            {
                UseThreadContext(() =>
                {
                    (failed as IWithTimers)?.Timers?.CancelAll();
                    failed.AroundPreRestart(cause, _current.Message);
                    if (failed is IActorStash { Stash: { } stash }) stash.UnstashAll();
                });
            }
            catch (Exception e)
            {
                var message = _current.Message;
                ClearFailed();
                HandleInvokeFailure(new PreRestartException(_self, e, cause, message));
                return;
            }
        }

        _taskScheduler?.Forget();
        ClearActor(failed, recreate: true);
        if (!SetWaitingForChildren(new WaitingFor.Recreation(cause))) FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = ChildRefs();
        try
        {
            Mailbox.Resume();
            ClearFailed();
            CancelReceiveTimeoutTask();
            _receiveTimeout = null;
            var fresh = NewActor();
            UseThreadContext(() => fresh.AroundPostRestart(cause, null));
            CheckReceiveTimeout(true);
            if (SystemImpl.Settings.DebugLifecycle) Debug(fresh, "Restarted");
            foreach (var child in survivors) child.Restart(cause);
        }
        catch (Exception e)
        {
            if (_actor is not null) ClearActor(_actor, recreate: false);
            _failedFatally = true;
            HandleInvokeFailure(new PostRestartException(_self, e, cause));
        }
    }

    // A restart of an actor that never came to be: children of the constructor go first.
    private void FaultCreate()
    {
        foreach (var child in GetChildren()) Stop(child);
        if (!SetWaitingForChildren(WaitingFor.Creation)) FinishCreate();
    }

    private void FinishCreate()
    {
        try
        {
            Mailbox.Resume();
        }
        finally
        {
            ClearFailed();
        }

        try
        {
            CreateActor(null);
        }
        catch (Exception e)
        {
            HandleInvokeFailure(e);
        }
    }

    private void FaultSuspend()
    {
        Mailbox.Suspend();
        SuspendChildren(null);
    }

    private void FaultResume(Exception causedByFailure)
    {
        if (_actor is null)
        {
            SystemImpl.EventStream.Publish(new Error(null, _self.Path.ToString(), null, "Changing Resume into Create after " + causedByFailure));
            FaultCreate();
            return;
        }

        if (_failedFatally && causedByFailure is not null)
        {
            SystemImpl.EventStream.Publish(new Error(null, _self.Path.ToString(), _actor.GetType(), "Changing Resume into Restart after " + causedByFailure));
            FaultRecreate(causedByFailure);
            return;
        }

        var perpetrator = _perpetrator;
        try
        {
            Mailbox.Resume();
        }
        finally
        {
            if (causedByFailure is not null) ClearFailed();
        }

        ResumeChildren(causedByFailure, perpetrator);
    }

    private void HandleFailed(Failed failed)
    {
        _current = new Envelope(failed, failed.Child);
        if (!TryGetChildStats(failed.Child, out var stats) || stats.Uid != failed.Uid)
        {
            _current = default;
            return;
        }

        var handled = false;
        UseThreadContext(() => handled = _actor is not null
            && _actor.SupervisorStrategyInternal.HandleFailure(this, failed.Cause, failed.Child, stats, ChildStats()));
        if (!handled) throw failed.Cause;
        _current = default;
    }

    private void TerminateCell()
    {
        CancelReceiveTimeoutTask();
        _receiveTimeout = null;
        UnwatchAll();
        foreach (var child in ChildRefs()) Stop(child);
        if (SystemImpl.Aborting)
            foreach (var child in ChildRefs()) RemoveChild(child);
        var already = IsTerminating;
        if (SetWaitingForChildren(WaitingFor.Termination))
        {
            if (already) return;
            // No user messages until the children are gone; a failure now has no one to decide about it.
            Mailbox.Suspend();
            SetFailed(_self);
            if (SystemImpl.Settings.DebugLifecycle) Debug(_actor, "Stopping");
            return;
        }

        FinishTerminate();
    }

    private void FinishTerminate()
    {
        if (Mailbox.IsClosed) return;
        var actor = _actor;
        // Messages of the stash must become dead letters with those of the mailbox.
        try
        {
            if (actor is not null)
                UseThreadContext(() =>
                {
                    (actor as IWithTimers)?.Timers?.CancelAll();
                    actor.AroundPostStop();
                });
        }
        catch (Exception e)
        {
            SystemImpl.EventStream.Publish(new Error(e, _self.Path.ToString(), actor.GetType(), e.Message));
        }
        finally
        {
            try
            {
                if (actor is IActorStash { Stash: { } stash }) UseThreadContext(stash.UnstashAll);
            }
            finally
            {
                Dispatcher.Detach(this);
                SystemImpl.EventStream.Forget(_self);
                Parent.SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
                TellWatchersWeDied();
                UnwatchAll();
                if (SystemImpl.Settings.DebugLifecycle) Debug(actor, "Stopped");
                if (actor is not null) ClearActor(actor, recreate: false);
                _actor = null;
                _current = default;
                _behavior = _ => false;
            }
        }
    }

    private void ClearActor(ActorBase actor, bool recreate)
    {
        if (recreate) _stacked = null;
        Props.Release(actor);
        if (!recreate) actor.Clear();
    }

    private void Debug(ActorBase actor, string text) => SystemImpl.EventStream.Publish(new Debug(_self.Path.ToString(), actor?.GetType() ?? typeof(ActorCell), text));
}
