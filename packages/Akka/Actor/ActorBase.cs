using Akka.Actor.Internal;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Handles one message; false when it does not know it.</summary>
public delegate bool Receive(object message);

/// <summary>Handles one message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>An actor that the system sets up after its constructor.</summary>
public interface IInitializableActor
{
    void Init();
}

/// <summary>What the system sees of an actor.</summary>
public interface IInternalActor
{
    IActorContext ActorContext { get; }
}

/// <summary>Base of all actors. One message at a time; everything here is called by the cell only.</summary>
public abstract class ActorBase : IInternalActor
{
    private readonly ActorCell _cell;
    private bool _hasBeenCleared;

    protected ActorBase()
    {
        _cell = ActorCell.Current
            ?? throw new ActorInitializationException($"{GetType()} cannot be created with new; use ActorOf and Props");
        _cell.Become(Receive);
    }

    IActorContext IInternalActor.ActorContext => _cell;

    protected static IActorContext Context => ActorCell.Current
        ?? throw new NotSupportedException("There is no active actor context; it is there only while an actor handles a message");

    protected static Receive EmptyReceive { get; } = _ => false;

    protected IActorRef Sender => _cell.Sender;
    protected IActorRef Self => _hasBeenCleared ? ActorRefs.Nobody : _cell.Self;

    internal ActorCell Cell => _cell;

    internal SupervisorStrategy SupervisorStrategyInternal => field ??= _cell.Props.SupervisorStrategy ?? SupervisorStrategy();

    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        var handled = receive(message);
        if (!handled) Unhandled(message);
        return handled;
    }

    protected abstract bool Receive(object message);

    /// <summary>Called for a message that no behaviour took: publishes it; a death that was not handled ends this actor too.</summary>
    protected internal virtual void Unhandled(object message)
    {
        if (message is Terminated terminated) throw new DeathPactException(terminated.ActorRef);
        _cell.SystemImpl.EventStream.Publish(new UnhandledMessage(message, Sender ?? _cell.System.DeadLetters, Self));
    }

    protected void Become(Receive receive) => _cell.Become(receive);
    protected void BecomeStacked(Receive receive) => _cell.BecomeStacked(receive);
    protected void UnbecomeStacked() => _cell.UnbecomeStacked();
    protected void SetReceiveTimeout(TimeSpan? timeout) => _cell.SetReceiveTimeout(timeout);

    public virtual void AroundPreStart() => PreStart();
    public virtual void AroundPreRestart(Exception cause, object message) => PreRestart(cause, message);
    public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);
    public virtual void AroundPostStop() => PostStop();

    protected virtual void PreStart() { }

    protected virtual void PostStop() { }

    /// <summary>Called on the failed instance: stops the children and then this instance.</summary>
    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in _cell.GetChildren().ToList())
        {
            _cell.Unwatch(child);
            _cell.Stop(child);
        }

        PostStop();
    }

    /// <summary>Called on the new instance.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    internal void Clear() => _hasBeenCleared = true;
}
