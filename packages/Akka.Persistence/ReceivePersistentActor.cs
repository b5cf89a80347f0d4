using Akka.Actor;
using Akka.Util;

namespace Akka.Persistence;

/// <summary>A persistent actor that registers a handler per type of message in its constructor.</summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor
{
    private readonly HandlerTable _recover = new();
    private HandlerTable _command = new();
    private Receive? _firstBehavior;

    /// <inheritdoc/>
    protected sealed override void OnCommand(object message)
    {
        if (!_command.Handle(message)) Unhandled(message);
    }

    /// <inheritdoc/>
    protected sealed override void OnRecover(object message)
    {
        if (!_recover.Handle(message)) Unhandled(message);
    }

    /// <summary>The handlers of the constructor are what the actor starts with.</summary>
    protected sealed override bool Receive(object message)
    {
        _firstBehavior ??= _command.Handle;
        return _firstBehavior(message);
    }

    /// <summary>Replaces the command handlers by those that <paramref name="configure"/> registers.</summary>
    protected void Become(Action configure) => Become(Configured(configure));

    /// <summary>Puts the command handlers that <paramref name="configure"/> registers over the present ones.</summary>
    protected void BecomeStacked(Action configure) => BecomeStacked(Configured(configure));

    /// <summary>Handles what is replayed.</summary>
    protected void Recover<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _recover.Add(typeof(T), Typed(handler, shouldHandle));

    /// <summary>Handles what is replayed.</summary>
    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) => Recover(handler, shouldHandle);

    /// <summary>Handles what is replayed; the handler says whether it took the message.</summary>
    protected void Recover<T>(Func<T, bool> handler) => _recover.Add(typeof(T), o => handler((T)o));

    /// <summary>Handles what is replayed.</summary>
    protected void Recover(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) =>
        _recover.Add(messageType, Typed(handler, shouldHandle));

    /// <summary>Handles what is replayed.</summary>
    protected void Recover(Type messageType, Predicate<object> shouldHandle, Action<object> handler) => Recover(messageType, handler, shouldHandle);

    /// <summary>Handles what is replayed; the handler says whether it took the message.</summary>
    protected void Recover(Type messageType, Func<object, bool> handler) => _recover.Add(messageType, handler);

    /// <summary>Handles everything else that is replayed.</summary>
    protected void RecoverAny(Action<object> handler) => _recover.AddAny(Taking(handler));

    /// <summary>Handles a command.</summary>
    protected void Command<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _command.Add(typeof(T), Typed(handler, shouldHandle));

    /// <summary>Handles a command.</summary>
    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => Command(handler, shouldHandle);

    /// <summary>Handles a command; the handler says whether it took it.</summary>
    protected void Command<T>(Func<T, bool> handler) => _command.Add(typeof(T), o => handler((T)o));

    /// <summary>Handles a command.</summary>
    protected void Command(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) =>
        _command.Add(messageType, Typed(handler, shouldHandle));

    /// <summary>Handles a command.</summary>
    protected void Command(Type messageType, Predicate<object> shouldHandle, Action<object> handler) => Command(messageType, handler, shouldHandle);

    /// <summary>Handles a command; the handler says whether it took it.</summary>
    protected void Command(Type messageType, Func<object, bool> handler) => _command.Add(messageType, handler);

    /// <summary>Handles every command.</summary>
    protected void Command(Action<object> handler) => _command.AddAny(Taking(handler));

    /// <summary>Handles every other command.</summary>
    protected void CommandAny(Action<object> handler) => _command.AddAny(Taking(handler));

    /// <summary>Handles a command asynchronously; nothing else is handled until the task ends.</summary>
    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) => Command(Awaited(handler), shouldHandle);

    /// <summary>Handles a command asynchronously; nothing else is handled until the task ends.</summary>
    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Command(Awaited(handler), shouldHandle);

    /// <summary>Handles a command asynchronously; nothing else is handled until the task ends.</summary>
    protected void CommandAsync(Type messageType, Func<object, Task> handler, Predicate<object>? shouldHandle = null) =>
        Command(messageType, Awaited(handler), shouldHandle);

    /// <summary>Handles a command asynchronously; nothing else is handled until the task ends.</summary>
    protected void CommandAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        Command(messageType, Awaited(handler), shouldHandle);

    /// <summary>Handles every other command asynchronously; nothing else is handled until the task ends.</summary>
    protected void CommandAnyAsync(Func<object, Task> handler) => CommandAny(Awaited(handler));

    private static Func<object, bool> Typed<T>(Action<T> handler, Predicate<T>? shouldHandle) => o =>
    {
        var message = (T)o;
        if (shouldHandle is not null && !shouldHandle(message)) return false;
        handler(message);
        return true;
    };

    private static Func<object, bool> Taking(Action<object> handler) => o =>
    {
        handler(o);
        return true;
    };

    private Action<T> Awaited<T>(Func<T, Task> handler) => message => RunTask(() => handler(message));

    private UntypedReceive Configured(Action configure)
    {
        // The handlers of the constructor stay with the behavior that they belong to.
        _firstBehavior ??= _command.Handle;
        var handlers = new HandlerTable();
        _command = handlers;
        configure();
        return message =>
        {
            if (!handlers.Handle(message)) Unhandled(message);
        };
    }
}
