using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>The queue of one cell and the right to run it: at most one thread at a time takes from it.</summary>
public class Mailbox : IRunnable, IThreadPoolWorkItem
{
    private const int Open = 0;
    private const int Closed = 1;
    private const int Scheduled = 2;
    private const int SuspendUnit = 4;
    private static readonly SystemNode NoMoreMessages = new(null, null);
    private ActorCell _actor;
    private SystemNode _systemQueue;
    private int _status = Open;

    // Messages put back by a stash; only the thread that runs the cell touches it.
    private Stack<Envelope> _front;

    public Mailbox(IMessageQueue messageQueue) => MessageQueue = messageQueue;

    public IMessageQueue MessageQueue { get; }
    public MessageDispatcher Dispatcher { get; private set; }
    public bool IsClosed => (Volatile.Read(ref _status) & Closed) != 0;
    public bool IsSuspended => Volatile.Read(ref _status) >= SuspendUnit;
    internal bool IsScheduled => (Volatile.Read(ref _status) & Scheduled) != 0;
    public bool HasMessages => _front is { Count: > 0 } || MessageQueue.HasMessages;
    public int NumberOfMessages => MessageQueue.Count + (_front?.Count ?? 0);
    public bool HasSystemMessages => Volatile.Read(ref _systemQueue) is { } head && !ReferenceEquals(head, NoMoreMessages);

    public virtual void SetActor(ActorCell actorCell) => (_actor, Dispatcher) = (actorCell, actorCell.Dispatcher);

    /// <summary>Whether there is something that this mailbox could now run.</summary>
    public bool CanBeScheduledForExecution(bool hasMessageHint, bool hasSystemMessageHint)
    {
        var status = Volatile.Read(ref _status);
        if ((status & Closed) != 0) return false;
        if (status is Open or Scheduled) return hasMessageHint || hasSystemMessageHint || HasSystemMessages || HasMessages;
        return hasSystemMessageHint || HasSystemMessages;
    }

    /// <summary>Takes the right to run; false when someone has it.</summary>
    public bool SetAsScheduled()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if ((status & (Closed | Scheduled)) != 0) return false;
            if (Interlocked.CompareExchange(ref _status, status | Scheduled, status) == status) return true;
        }
    }

    /// <summary>Gives the right to run back.</summary>
    public void SetAsIdle() => Interlocked.And(ref _status, ~Scheduled);

    public void Suspend()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if ((status & Closed) != 0 || Interlocked.CompareExchange(ref _status, status + SuspendUnit, status) == status) return;
        }
    }

    public void Resume()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if ((status & Closed) != 0 || status < SuspendUnit) return;
            if (Interlocked.CompareExchange(ref _status, status - SuspendUnit, status) == status) return;
        }
    }

    public void BecomeClosed() => Interlocked.Or(ref _status, Closed);

    /// <summary>Puts a message at the front. Only for the thread that runs the cell.</summary>
    internal void EnqueueFirst(Envelope envelope)
    {
        if (MessageQueue is IDequeBasedMessageQueueSemantics deque) deque.EnqueueFirst(envelope);
        else (_front ??= new Stack<Envelope>()).Push(envelope);
    }

    internal void Enqueue(IActorRef receiver, Envelope envelope)
    {
        MessageQueue.Enqueue(receiver, envelope);
        // The cell may have stopped between the sender's look and now; then no one else would find this message.
        if (IsClosed) MessageQueue.CleanUp(receiver, _actor.SystemImpl.Mailboxes.DeadLetterQueue);
    }

    internal void SystemEnqueue(IActorRef receiver, ISystemMessage message)
    {
        while (true)
        {
            var head = Volatile.Read(ref _systemQueue);
            if (ReferenceEquals(head, NoMoreMessages))
            {
                DeadLetter(receiver, message);
                return;
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _systemQueue, new SystemNode(message, head), head), head)) return;
        }
    }

    void IThreadPoolWorkItem.Execute() => Run();

    public void Run()
    {
        var before = InternalCurrentActorCellKeeper.Current;
        InternalCurrentActorCellKeeper.Current = _actor;
        try
        {
            if (!IsClosed)
            {
                ProcessAllSystemMessages();
                ProcessMailbox();
            }
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = before;
            SetAsIdle();
            Dispatcher.RegisterForExecution(this, false, false);
        }
    }

    private void ProcessMailbox()
    {
        var left = Math.Max(Dispatcher.Throughput, 1);
        var deadline = Dispatcher.ThroughputDeadlineTicks is > 0 and var ticks ? Environment.TickCount64 + ticks : long.MaxValue;
        var cell = _actor;
        while (ShouldProcess && TryDequeue(out var envelope))
        {
            cell.Invoke(envelope);
            if (Volatile.Read(ref _systemQueue) is not null) ProcessAllSystemMessages();
            if (--left == 0 || (deadline != long.MaxValue && Environment.TickCount64 >= deadline)) return;
        }
    }

    private bool ShouldProcess => (Volatile.Read(ref _status) & ~Scheduled) == Open;

    private bool TryDequeue(out Envelope envelope)
    {
        if (_front is { Count: > 0 })
        {
            envelope = _front.Pop();
            return true;
        }

        return MessageQueue.TryDequeue(out envelope);
    }

    private void ProcessAllSystemMessages()
    {
        while (!IsClosed && Volatile.Read(ref _systemQueue) is not null)
        {
            var node = Reverse(Interlocked.Exchange(ref _systemQueue, null));
            for (; node is not null; node = node.Next)
            {
                if (IsClosed) DeadLetter(_actor.Self, node.Message);
                else _actor.SystemInvoke(node.Message);
            }
        }

        // Set by CleanUp and taken out above when the cell closed while its messages ran.
        if (IsClosed) CloseSystemQueue();
    }

    private static SystemNode Reverse(SystemNode head)
    {
        SystemNode result = null;
        while (head is not null && !ReferenceEquals(head, NoMoreMessages)) (head.Next, result, head) = (result, head, head.Next);
        return result;
    }

    private void CloseSystemQueue()
    {
        var head = Interlocked.Exchange(ref _systemQueue, NoMoreMessages);
        for (var node = Reverse(head); node is not null; node = node.Next) DeadLetter(_actor.Self, node.Message);
    }

    /// <summary>After the cell closed: what is left becomes dead letters.</summary>
    internal void CleanUp()
    {
        CloseSystemQueue();
        var deadLetters = _actor.SystemImpl.Mailboxes.DeadLetterQueue;
        while (_front is { Count: > 0 }) deadLetters.Enqueue(_actor.Self, _front.Pop());
        MessageQueue.CleanUp(_actor.Self, deadLetters);
    }

    private void DeadLetter(IActorRef receiver, ISystemMessage message)
    {
        switch (message)
        {
            case Watch w when w.Watchee.Equals(receiver) && !w.Watcher.Equals(receiver):
                w.Watcher.SendSystemMessage(new DeathWatchNotification(w.Watchee, existenceConfirmed: true, addressTerminated: false));
                break;
            case Failed or Supervise or Create or Recreate or SysMsg.Suspend or SysMsg.Resume or Unwatch or Watch or NoMessage or ActorTaskSchedulerMessage:
                break;
            default:
                var letters = _actor.SystemImpl.DeadLetters;
                letters.Tell(new Event.DeadLetter(message, letters, receiver), letters);
                break;
        }
    }

    private sealed class SystemNode(ISystemMessage message, SystemNode next)
    {
        public readonly ISystemMessage Message = message;
        public SystemNode Next = next;
    }
}
