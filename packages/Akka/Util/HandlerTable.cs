namespace Akka.Util;

/// <summary>Handlers in the order in which they were registered, looked up by the type of the message.</summary>
internal sealed class HandlerTable
{
    private readonly List<(Type Type, Func<object, bool> Handler)> _handlers = [];
    private readonly Dictionary<Type, Func<object, bool>[]> _byType = [];
    private bool _hasAny;

    public void Add(Type type, Func<object, bool> handler)
    {
        if (_hasAny) throw new InvalidOperationException("A handler for all messages is registered; one after it would never be called");
        _handlers.Add((type, handler));
        _byType.Clear();
    }

    public void AddAny(Func<object, bool> handler)
    {
        Add(typeof(object), handler);
        _hasAny = true;
    }

    public bool Handle(object message)
    {
        var type = message.GetType();
        if (!_byType.TryGetValue(type, out var handlers))
            _byType[type] = handlers = [.. _handlers.Where(h => h.Type.IsAssignableFrom(type)).Select(h => h.Handler)];
        foreach (var handler in handlers)
            if (handler(message))
                return true;
        return false;
    }
}
