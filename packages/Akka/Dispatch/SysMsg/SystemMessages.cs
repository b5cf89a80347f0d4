using Akka.Actor;
using Akka.Event;

namespace Akka.Dispatch.SysMsg;

/// <summary>A message of the system to a cell; handled before all other messages.</summary>
public interface ISystemMessage : INoSerializationVerificationNeeded;

/// <summary>Base of the system messages.</summary>
public abstract class SystemMessage : ISystemMessage;

/// <summary>A system message that may arrive at an actor that is starting anew without being stored up for it.</summary>
public interface IStashWhenWaitingForChildren;

/// <summary>A system message that waits until an actor handled its failure.</summary>
public interface IStashWhenFailed;

/// <summary>A child failed.</summary>
public sealed class Failed(IActorRef child, Exception cause, long uid) : SystemMessage, IStashWhenFailed, IStashWhenWaitingForChildren
{
    public IActorRef Child => child;
    public Exception Cause => cause;
    public long Uid => uid;

    public override string ToString() => $"<Failed>: {Child} ({Uid}) {Cause.GetType().Name}: {Cause.Message}";
}

/// <summary>A watched actor is gone.</summary>
public sealed class DeathWatchNotification(IActorRef actor, bool existenceConfirmed, bool addressTerminated)
    : SystemMessage, IDeadLetterSuppression
{
    public IActorRef Actor => actor;
    public bool ExistenceConfirmed => existenceConfirmed;
    public bool AddressTerminated => addressTerminated;

    public override string ToString() => $"<DeathWatchNotification>: {Actor}, ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>Create the actor; carries what already went wrong.</summary>
public sealed class Create(ActorInitializationException failure) : SystemMessage
{
    public ActorInitializationException Failure => failure;
}

/// <summary>Restart the actor.</summary>
public sealed class Recreate(Exception cause) : SystemMessage, IStashWhenWaitingForChildren
{
    public Exception Cause => cause;
}

/// <summary>Continue after a suspension.</summary>
public sealed class Resume(Exception causedByFailure) : SystemMessage, IStashWhenWaitingForChildren
{
    public Exception CausedByFailure => causedByFailure;
}

/// <summary>Take no messages for now.</summary>
public sealed class Suspend : SystemMessage, IStashWhenWaitingForChildren;

/// <summary>Stop the actor.</summary>
public sealed class Terminate : SystemMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    public override string ToString() => "<Terminate>";
}

/// <summary>Stop the actor, as sent from another node.</summary>
public sealed class Stop : SystemMessage;

/// <summary>Stop a child.</summary>
public sealed class StopChild(IActorRef child) : SystemMessage
{
    public IActorRef Child => child;
}

/// <summary>Hand a failure to the parent.</summary>
public sealed class Escalate(Exception reason) : SystemMessage
{
    public Exception Reason => reason;
}

/// <summary>A new child is to be supervised.</summary>
public sealed class Supervise(IActorRef child, bool async) : SystemMessage
{
    public IActorRef Child => child;
    public bool Async => async;
}

/// <summary>The watcher wants to know when the watchee stops.</summary>
public class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee => watchee;
    public IInternalActorRef Watcher => watcher;

    public override string ToString() => $"<Watch>: {Watcher} wants to watch {Watchee}";
}

/// <summary>The watcher no longer wants to know.</summary>
public sealed class Unwatch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee => watchee;
    public IInternalActorRef Watcher => watcher;

    public override string ToString() => $"<Unwatch>: {Watcher} wants to unwatch {Watchee}";
}

/// <summary>Means nothing.</summary>
public sealed class NoMessage : SystemMessage;

/// <summary>A continuation of an async handler, or the error with which the handler ended.</summary>
public sealed class ActorTaskSchedulerMessage : SystemMessage
{
    private readonly Action _run;

    internal ActorTaskSchedulerMessage(Action run) => _run = run;

    internal ActorTaskSchedulerMessage(Exception exception) => Exception = exception;

    public Exception Exception { get; }

    internal void ExecuteTask() => _run();
}
