using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// Runs the continuations of an async handler inside its actor. While the handler runs the actor takes no other message;
/// system messages are handled, and continuations arrive as such.
/// </summary>
public class ActorTaskScheduler : TaskScheduler
{
    private readonly ActorCell _cell;
    private Envelope _envelope;

    // Counts restarts: what an old instance still has to run is dropped.
    private int _generation;

    internal ActorTaskScheduler(ActorCell cell) => _cell = cell;

    public object CurrentMessage => _envelope.Message;
    public override int MaximumConcurrencyLevel => 1;
    internal bool IsRunning { get; private set; }

    public static void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Starts an async handler in the current actor; its error is handled as if it was thrown by a plain handler.</summary>
    public static void RunTask(Func<Task> asyncAction)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException("RunTask must be called from an actor");
        cell.TaskScheduler.Start(asyncAction);
    }

    private void Start(Func<Task> asyncAction)
    {
        if (IsRunning) throw new InvalidOperationException("An async handler of this actor is already running");
        IsRunning = true;
        _envelope = _cell.CurrentEnvelope;
        var generation = _generation;
        // The first part runs here and now: QueueTask sees that it is in its own actor.
        var task = Task.Factory.StartNew(asyncAction, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();
        if (task.IsCompleted)
        {
            IsRunning = false;
            task.GetAwaiter().GetResult();
            return;
        }

        _cell.Mailbox.Suspend();
        task.ContinueWith(
            static (t, state) =>
            {
                var (self, generation) = ((ActorTaskScheduler, int))state;
                var error = t.IsCanceled ? new TaskCanceledException(t) : t.Exception is { InnerExceptions.Count: 1 } e ? e.InnerException : t.Exception;
                self.Post(generation, () => self.Finish(error));
            },
            (this, generation), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, Default);
    }

    internal void Handle(ActorTaskSchedulerMessage message)
    {
        if (message.Exception is { } e) throw e;
        message.ExecuteTask();
    }

    /// <summary>The instance whose handler ran is gone.</summary>
    internal void Forget()
    {
        _generation++;
        if (!IsRunning) return;
        IsRunning = false;
        _cell.Mailbox.Resume();
    }

    protected override void QueueTask(Task task)
    {
        if ((task.CreationOptions & TaskCreationOptions.LongRunning) != 0)
        {
            new Thread(() => TryExecuteTask(task)) { IsBackground = true }.Start();
            return;
        }

        if (ReferenceEquals(ActorCell.Current, _cell) && !_executing)
        {
            Execute(task);
            return;
        }

        Post(_generation, () => Execute(task));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(ActorCell.Current, _cell) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => null;

    private bool _executing;

    private void Execute(Task task)
    {
        var before = _executing;
        _executing = true;
        try
        {
            TryExecuteTask(task);
        }
        finally
        {
            _executing = before;
        }
    }

    private void Post(int generation, Action run) => ((IInternalActorRef)_cell.Self).SendSystemMessage(new ActorTaskSchedulerMessage(() =>
    {
        if (generation != _generation) return;
        // System messages in between may have used the cell's envelope.
        _cell.UseEnvelope(_envelope);
        run();
    }));

    private void Finish(Exception error)
    {
        if (!IsRunning) return;
        IsRunning = false;
        _cell.Mailbox.Resume();
        if (error is null)
        {
            _cell.CheckReceiveTimeout(true);
            _cell.UseEnvelope(default);
            _envelope = default;
            return;
        }

        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
    }
}
