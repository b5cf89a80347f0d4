using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>A reference with a cell behind it.</summary>
public abstract class ActorRefWithCell : InternalActorRefBase
{
    public abstract ICell Underlying { get; }
    public abstract IEnumerable<IActorRef> Children { get; }

    public abstract IInternalActorRef GetSingleChild(string name);
}

/// <summary>An actor in this process.</summary>
public class LocalActorRef : ActorRefWithCell, ILocalRef
{
    private readonly ActorCell _cell;
    private readonly ActorPath _path;
    private readonly IInternalActorRef _supervisor;

    public LocalActorRef(ActorSystemImpl system, Props props, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path)
    {
        (System, Props, Dispatcher, MailboxType, _supervisor, _path) = (system, props, dispatcher, mailboxType, supervisor, path);
        _cell = MakeCell(system, this, props, dispatcher, supervisor);
        _cell.Init(sendSupervise: false, mailboxType);
    }

    protected ActorSystem System { get; }
    protected Props Props { get; }
    protected MessageDispatcher Dispatcher { get; }
    protected MailboxType MailboxType { get; }
    protected IInternalActorRef Supervisor => _supervisor;

    public override ActorPath Path => _path;
    public ActorCell Cell => _cell;
    public override ICell Underlying => _cell;
    public override IActorRefProvider Provider => _cell.SystemImpl.Provider;
    public override IInternalActorRef Parent => _supervisor;
    public override bool IsLocal => true;
    public override bool IsTerminated => _cell.IsTerminated;
    public override IEnumerable<IActorRef> Children => _cell.GetChildren();

    protected virtual ActorCell MakeCell(ActorSystemImpl system, IInternalActorRef self, Props props, MessageDispatcher dispatcher, IInternalActorRef supervisor) =>
        new(system, self, props, dispatcher, supervisor);

    public override IInternalActorRef GetSingleChild(string name) => _cell.GetSingleChild(name);

    public override IActorRef GetChild(IReadOnlyList<string> name)
    {
        IInternalActorRef at = this;
        for (var i = 0; i < name.Count; i++)
        {
            if (name[i].Length == 0) continue;
            if (at is not ActorRefWithCell withCell) return at.GetChild([.. name.Skip(i)]);
            at = name[i] == ".." ? withCell.Parent : withCell.GetSingleChild(name[i]);
            if (at is Nobody) return at;
        }

        return at;
    }

    public override void Start() => _cell.Start();
    public override void Suspend() => _cell.Suspend();
    public override void Resume(Exception causedByFailure = null) => _cell.Resume(causedByFailure);
    public override void Restart(Exception cause) => _cell.Restart(cause);
    public override void Stop() => _cell.Stop();
    public override void SendSystemMessage(ISystemMessage message) => _cell.SendSystemMessage(message);

    protected override void TellInternal(object message, IActorRef sender) => _cell.SendMessage(new Envelope(message, sender));
}

/// <summary>An actor of the system that others may replace; here the same as a local one.</summary>
public class RepointableActorRef(ActorSystemImpl system, Props props, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path)
    : LocalActorRef(system, props, dispatcher, mailboxType, supervisor, path), IRepointableRef
{
    public bool IsStarted => true;
}
