using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Asks a journal to write. One such message is written wholly or not at all.</summary>
/// <remarks>
/// It stays open while it waits for its turn: what its actor persists meanwhile goes in. So the journal begins its next write
/// with all that there is at the end of the one before, without asking the actor first. The first look at the messages closes it.
/// </remarks>
public sealed class WriteMessages : IJournalRequest, INoSerializationVerificationNeeded
{
    private readonly Lock _gate = new();
    private readonly IEnumerable<IPersistentEnvelope> _messages;
    private bool _closed;

    /// <summary>A request by anybody.</summary>
    public WriteMessages(IEnumerable<IPersistentEnvelope> messages, IActorRef persistentActor, int actorInstanceId)
    {
        _messages = messages;
        PersistentActor = persistentActor;
        ActorInstanceId = actorInstanceId;
        Writer = new JournalWriter();
    }

    /// <summary>A request of a persistent actor. The list is the request's from now on.</summary>
    internal WriteMessages(List<IPersistentEnvelope> messages, IActorRef persistentActor, int actorInstanceId, JournalWriter writer)
        : this(messages, persistentActor, actorInstanceId)
    {
        Writer = writer;
        AnswerInBatches = true;
    }

    /// <summary>What to write, in order. Nothing is added to it any more once it has been looked at.</summary>
    public IEnumerable<IPersistentEnvelope> Messages
    {
        get
        {
            lock (_gate) _closed = true;
            return _messages;
        }
    }

    /// <summary>Who gets the answers.</summary>
    public IActorRef PersistentActor { get; }

    /// <summary>Tells incarnations of a persistent actor apart; the answers carry it.</summary>
    public int ActorInstanceId { get; }

    /// <summary>The one who asks understands <see cref="WrittenBatch"/>, which spares a message per event.</summary>
    internal bool AnswerInBatches { get; }

    /// <summary>Whose requests this one is in line with.</summary>
    internal JournalWriter Writer { get; }

    /// <summary>True once the journal has looked.</summary>
    internal bool IsClosed
    {
        get
        {
            lock (_gate) return _closed;
        }
    }

    /// <summary>Adds what was persisted since; false when the journal has begun to write.</summary>
    internal bool TryAdd(List<IPersistentEnvelope> messages)
    {
        lock (_gate)
        {
            if (_closed || _messages is not List<IPersistentEnvelope> list) return false;
            list.AddRange(messages);
            return true;
        }
    }
}

/// <summary>One incarnation of a persistent actor, as its journal sees it: its requests are written one after another.</summary>
/// <remarks>What it asks for after a failure rests on what was not written, and is not written either.</remarks>
internal sealed class JournalWriter
{
    private Task _last = Task.CompletedTask;
    private volatile Exception? _failure;

    /// <summary>Why a request failed; null while none has.</summary>
    public Exception? Failure
    {
        get => _failure;
        set => _failure = value;
    }

    /// <summary>Takes a place in the line. For the journal's own thread.</summary>
    /// <param name="turn">To be completed when the request has been answered.</param>
    /// <returns>Ends when the request before this one has been answered.</returns>
    public Task Enter(out TaskCompletionSource turn)
    {
        var before = _last;
        // The next request begins on the thread that ended this one: a thread pool in between would leave the disk idle meanwhile.
        turn = new TaskCompletionSource();
        _last = turn.Task;
        return before;
    }
}
