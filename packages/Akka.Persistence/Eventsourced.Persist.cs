namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    /// <summary>What to call once an event is written, and whether commands wait for it.</summary>
    private readonly record struct Invocation(Action<object> Handler, bool Stashing);

    private readonly Queue<Invocation> _pendingInvocations = new();

    /// <summary>Number of invocations in the queue that commands wait for.</summary>
    private int _stashingInvocations;

    /// <summary>What the current command handler has persisted so far.</summary>
    private List<IPersistentEnvelope> _eventBatch = [];

    private readonly JournalWriter _writer = new();

    /// <summary>The newest request; the journal takes more into it until it begins to write it.</summary>
    private WriteMessages? _request;

    private bool _asyncTaskRunning;

    /// <summary>Writes the event and then calls the handler. Commands wait meanwhile, so the handler sees what its command saw.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler)
    {
        RefuseDuringRecovery();
        _pendingInvocations.Enqueue(new Invocation(Untyped(handler), Stashing: true));
        _stashingInvocations++;
        _eventBatch.Add(new AtomicWrite(Represent(@event!)));
    }

    /// <summary>As <see cref="Persist{TEvent}"/> for several events, written all or not at all.</summary>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        RefuseDuringRecovery();
        AddAll(events, handler, stashing: true);
    }

    /// <summary>Writes the event and later calls the handler. Commands go on being handled meanwhile.</summary>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler)
    {
        RefuseDuringRecovery();
        _pendingInvocations.Enqueue(new Invocation(Untyped(handler), Stashing: false));
        _eventBatch.Add(new AtomicWrite(Represent(@event!)));
    }

    /// <summary>As <see cref="PersistAsync{TEvent}"/> for several events, written all or not at all.</summary>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        RefuseDuringRecovery();
        AddAll(events, handler, stashing: false);
    }

    /// <summary>Calls the handler once everything persisted before it has been handled; nothing is written.</summary>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        RefuseDuringRecovery();
        if (_pendingInvocations.Count == 0)
        {
            handler(evt);
            return;
        }
        _pendingInvocations.Enqueue(new Invocation(Untyped(handler), Stashing: false));
        _eventBatch.Add(new NonPersistentMessage(evt!, Sender));
    }

    private static Action<object> Untyped<TEvent>(Action<TEvent> handler) => handler as Action<object> ?? (o => handler((TEvent)o));

    private void AddAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler, bool stashing)
    {
        ArgumentNullException.ThrowIfNull(events);
        var list = events as IReadOnlyCollection<TEvent> ?? [.. events];
        if (list.Count == 0) return;
        var untyped = Untyped(handler);
        var representations = new IPersistentRepresentation[list.Count];
        var i = 0;
        foreach (var e in list)
        {
            representations[i++] = Represent(e!);
            _pendingInvocations.Enqueue(new Invocation(untyped, stashing));
        }
        if (stashing) _stashingInvocations += list.Count;
        _eventBatch.Add(AtomicWrite.Of(representations));
    }

    private Persistent Represent(object @event) =>
        new(@event, ++_sequenceNr, PersistenceId, sender: Sender, writerGuid: _writerGuid, timestamp: DateTime.UtcNow.Ticks);

    private void RefuseDuringRecovery()
    {
        if (IsRecovering) throw new InvalidOperationException("Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
    }

    /// <summary>Hands what a handler persisted to the journal.</summary>
    private void FlushBatch()
    {
        if (_request is { } waiting && waiting.TryAdd(_eventBatch))
        {
            _eventBatch.Clear();
            return;
        }
        _request = new WriteMessages(_eventBatch, Self, _instanceId, _writer);
        _eventBatch = [];
        Journal.Tell(_request, Self);
    }

    private void TakeInvocation(object payload)
    {
        var invocation = _pendingInvocations.Dequeue();
        if (invocation.Stashing) _stashingInvocations--;
        invocation.Handler(payload);
    }
}
