using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>Marks what persistent actors, journals and snapshot stores say to each other.</summary>
public interface IPersistenceMessage : INoSerializationVerificationNeeded;

/// <summary>Marks what persistent actors and journals say to each other.</summary>
public interface IJournalMessage : IPersistenceMessage;

/// <summary>Marks a request to a journal.</summary>
public interface IJournalRequest : IJournalMessage;

/// <summary>Marks a journal's answer.</summary>
public interface IJournalResponse : IJournalMessage;

/// <summary>The events up to a sequence number have been deleted.</summary>
public sealed record DeleteMessagesSuccess(long ToSequenceNr);

/// <summary>The events up to a sequence number have not been deleted.</summary>
public sealed record DeleteMessagesFailure(Exception Cause, long ToSequenceNr) : INoSerializationVerificationNeeded;

/// <summary>Asks a journal to delete all events of an id up to and including a sequence number.</summary>
public sealed record DeleteMessagesTo(string PersistenceId, long ToSequenceNr, IActorRef PersistentActor) : IJournalRequest;

/// <summary>A write succeeded; the answers of its events follow.</summary>
public sealed class WriteMessagesSuccessful : IJournalResponse
{
    /// <summary>The only instance.</summary>
    public static readonly WriteMessagesSuccessful Instance = new();

    private WriteMessagesSuccessful()
    {
    }
}

/// <summary>A write failed; the answers of its events follow.</summary>
public sealed record WriteMessagesFailed(Exception Cause, int WriteCount) : IJournalResponse;

/// <summary>An event has been written.</summary>
public sealed record WriteMessageSuccess(IPersistentRepresentation Persistent, int ActorInstanceId)
    : IJournalResponse, INoSerializationVerificationNeeded;

/// <summary>The journal would not take an event, before anything was written.</summary>
public sealed record WriteMessageRejected(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId)
    : IJournalResponse, INoSerializationVerificationNeeded;

/// <summary>An event has not been written, or it is unknown whether it was.</summary>
public sealed record WriteMessageFailure(IPersistentRepresentation Persistent, Exception Cause, int ActorInstanceId)
    : IJournalResponse, INoSerializationVerificationNeeded;

/// <summary>A message that was not to be written has had its turn.</summary>
internal sealed record LoopMessageSuccess(object Message, int ActorInstanceId) : IJournalResponse;

/// <summary>Consecutive events of one sender that have been written.</summary>
internal sealed record WrittenBatch(IReadOnlyList<IPersistentRepresentation> Events, int From, int Count, int ActorInstanceId)
    : IJournalResponse;

/// <summary>Asks a journal for the events of one id within the inclusive bounds, at most <paramref name="Max"/> of them.</summary>
/// <remarks>
/// Anybody may ask: the answer is a <see cref="ReplayedMessage"/> per event, in order, and then either
/// <see cref="RecoverySuccess"/> or <see cref="ReplayMessagesFailure"/>.
/// </remarks>
public sealed record ReplayMessages(long FromSequenceNr, long ToSequenceNr, long Max, string PersistenceId, IActorRef PersistentActor)
    : IJournalRequest
{
    /// <summary>Where the events go in batches and with flow control instead; null for everybody but a recovering actor.</summary>
    internal ReplayFlow? Flow { get; init; }
}

/// <summary>One event of a replay.</summary>
public sealed record ReplayedMessage(IPersistentRepresentation Persistent)
    : IJournalResponse, IDeadLetterSuppression, INoSerializationVerificationNeeded;

/// <summary>Consecutive events of a replay.</summary>
internal sealed record ReplayedBatch(IReadOnlyList<IPersistentRepresentation> Events) : IJournalResponse, IDeadLetterSuppression;

/// <summary>A replay is complete.</summary>
/// <param name="HighestSequenceNr">The highest sequence number of the id, also when the replay ended below it.</param>
public sealed record RecoverySuccess(long HighestSequenceNr) : IJournalResponse, IDeadLetterSuppression;

/// <summary>A replay could not be completed.</summary>
public sealed record ReplayMessagesFailure(Exception Cause) : IJournalResponse, IDeadLetterSuppression;

/// <summary>How far a replay may run ahead of the actor that it recovers.</summary>
/// <remarks>The reader waits without holding a thread: a blocked pool thread per recovery could starve the very actors that it waits for.</remarks>
internal sealed class ReplayFlow
{
    /// <summary>Events per batch (count).</summary>
    public const int BatchSize = 256;

    /// <summary>Events under way at most before the reader waits (count): keeps both sides busy and bounds the memory.</summary>
    private const int AheadMax = 4096;

    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private int _ahead;
    private bool _closed;

    /// <summary>The actor takes no more.</summary>
    public bool Closed
    {
        get
        {
            lock (_gate) return _closed;
        }
    }

    /// <summary>Events are on their way to the actor.</summary>
    public void Sent(int count)
    {
        lock (_gate) _ahead += count;
    }

    /// <summary>The actor has taken events.</summary>
    public void Taken(int count)
    {
        lock (_gate)
        {
            _ahead -= count;
            if (_ahead < AheadMax) Wake();
        }
    }

    /// <summary>Nobody takes events any more: the reader may end.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Wake();
        }
    }

    /// <summary>Ends when there is room for more, or when closed.</summary>
    /// <exception cref="TimeoutException">The actor took nothing for too long.</exception>
    public Task WaitForRoom(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (_closed || _ahead < AheadMax) return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(timeout);
        }
    }

    private void Wake()
    {
        _room?.TrySetResult();
        _room = null;
    }
}
