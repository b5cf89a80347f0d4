using Akka.Dispatch;
using Akka.Util;

namespace Akka.Actor;

/// <summary>An actor whose handlers are registered by message type; the first that matches takes the message.</summary>
public abstract class ReceiveActor : UntypedActor, IInitializableActor
{
    private readonly Stack<HandlerTable> _building = new();
    private HandlerTable _initial;
    private bool _initialized;

    protected ReceiveActor() => _building.Push(new HandlerTable());

    void IInitializableActor.Init()
    {
        if (_initialized) return;
        _initialized = true;
        _initial = _building.Pop();
        var table = _initial;
        base.Become(new Receive(m => Execute(table, m)));
    }

    private bool Execute(HandlerTable table, object message)
    {
        if (!table.Handle(message)) Unhandled(message);
        return true;
    }

    protected sealed override bool Receive(object message)
    {
        // Only a message handled before Init gets here: the constructor itself took longer than a first message.
        if (_initial is not null) return Execute(_initial, message);
        Unhandled(message);
        return true;
    }

    protected sealed override void OnReceive(object message) => Receive(message);

    protected void Become(Action configure)
    {
        var table = Build(configure);
        base.Become(new Receive(m => Execute(table, m)));
    }

    protected void BecomeStacked(Action configure)
    {
        var table = Build(configure);
        base.BecomeStacked(new Receive(m => Execute(table, m)));
    }

    protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null) =>
        Table.Add(typeof(T), shouldHandle is null
            ? m => { handler((T)m); return true; }
    : m =>
    {
        if (!shouldHandle((T)m)) return false;
        handler((T)m);
        return true;
    });

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);
    protected void Receive<T>(Func<T, bool> handler) => Table.Add(typeof(T), m => handler((T)m));

    protected void Receive(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Table.Add(messageType, m =>
        {
            if (shouldHandle is not null && !shouldHandle(m)) return false;
            handler(m);
            return true;
        });

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) => Receive(messageType, handler, shouldHandle);
    protected void Receive(Type messageType, Func<object, bool> handler) => Table.Add(messageType, handler);
    protected void ReceiveAny(Action<object> handler) => Table.AddAny(m => { handler(m); return true; });

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) =>
        Receive<T>(m => ActorTaskScheduler.RunTask(() => handler(m)), shouldHandle);

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => ReceiveAsync(handler, shouldHandle);

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Receive(messageType, m => ActorTaskScheduler.RunTask(() => handler(m)), shouldHandle);

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        ReceiveAsync(messageType, handler, shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => ReceiveAny(m => ActorTaskScheduler.RunTask(() => handler(m)));

    private HandlerTable Table => _building.Count > 0 ? _building.Peek()
        : throw new InvalidOperationException("Handlers can be registered only in the constructor and in Become");

    private HandlerTable Build(Action configure)
    {
        var table = new HandlerTable();
        _building.Push(table);
        try
        {
            configure();
        }
        finally
        {
            _building.Pop();
        }

        return table;
    }
}
