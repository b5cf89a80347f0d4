using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>What dispatchers are made from.</summary>
public interface IDispatcherPrerequisites
{
    Event.EventStream EventStream { get; }
    IScheduler Scheduler { get; }
    Settings Settings { get; }
    Mailboxes Mailboxes { get; }
}

internal sealed class DefaultDispatcherPrerequisites(ActorSystem system) : IDispatcherPrerequisites
{
    public Event.EventStream EventStream => system.EventStream;
    public IScheduler Scheduler => system.Scheduler;
    public Settings Settings => system.Settings;
    public Mailboxes Mailboxes => system.Mailboxes;
}

/// <summary>Makes the dispatcher of one section of the configuration.</summary>
public abstract class MessageDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
{
    public Config Config => config;
    public IDispatcherPrerequisites Prerequisites => prerequisites;

    public abstract MessageDispatcher Dispatcher();
}

/// <summary>Decides on which threads cells run.</summary>
public abstract class MessageDispatcher
{
    protected MessageDispatcher(MessageDispatcherConfigurator configurator)
    {
        Configurator = configurator;
        Id = configurator.Config.GetString("id");
        Throughput = configurator.Config.GetInt("throughput", 30);
        ThroughputDeadlineTicks = (long)configurator.Config.GetTimeSpan("throughput-deadline-time", TimeSpan.Zero).TotalMilliseconds;
    }

    public MessageDispatcherConfigurator Configurator { get; }
    public string Id { get; protected set; }

    /// <summary>Messages of one actor before another one gets the thread.</summary>
    public int Throughput { get; protected set; }

    internal long ThroughputDeadlineTicks { get; }

    internal Mailbox CreateMailbox(ActorCell cell, MailboxType mailboxType) => NewMailbox(mailboxType.Create(cell.Self, cell.System));

    protected virtual Mailbox NewMailbox(MessageQueues.IMessageQueue queue) => new(queue);

    public virtual void Dispatch(ActorCell cell, Envelope envelope)
    {
        var mailbox = cell.Mailbox;
        mailbox.Enqueue(cell.Self, envelope);
        if (!mailbox.IsScheduled) RegisterForExecution(mailbox, true, false);
    }

    public virtual void SystemDispatch(ActorCell cell, ISystemMessage message)
    {
        var mailbox = cell.Mailbox;
        mailbox.SystemEnqueue(cell.Self, message);
        RegisterForExecution(mailbox, false, true);
    }

    internal virtual bool RegisterForExecution(Mailbox mailbox, bool hasMessageHint, bool hasSystemMessageHint)
    {
        if (!mailbox.CanBeScheduledForExecution(hasMessageHint, hasSystemMessageHint) || !mailbox.SetAsScheduled()) return false;
        ExecuteMailbox(mailbox);
        return true;
    }

    /// <summary>Runs something on a thread of this dispatcher.</summary>
    public void Schedule(Action run) => ExecuteTask(new ActionRunnable(run));

    public void Schedule(IRunnable run) => ExecuteTask(run);

    public virtual void Attach(ActorCell cell) => RegisterForExecution(cell.Mailbox, false, true);

    public virtual void Detach(ActorCell cell)
    {
        cell.Mailbox.BecomeClosed();
        cell.Mailbox.CleanUp();
    }

    protected internal virtual void ExecuteMailbox(Mailbox mailbox) => ExecuteTask(mailbox);

    protected abstract void ExecuteTask(IRunnable run);

    public virtual void Shutdown() { }
}

/// <summary>Runs cells on the thread pool of .NET.</summary>
public class Dispatcher(MessageDispatcherConfigurator configurator) : MessageDispatcher(configurator)
{
    protected internal override void ExecuteMailbox(Mailbox mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: false);

    protected override void ExecuteTask(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), run, preferLocal: false);
}

internal sealed class ThreadPoolDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly Dispatcher _dispatcher;

    public ThreadPoolDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites) : base(config, prerequisites) =>
        _dispatcher = new Dispatcher(this);

    public override MessageDispatcher Dispatcher() => _dispatcher;
}
