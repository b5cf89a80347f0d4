using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>The journal's answers to a write, in the order of the request.</summary>
internal static class Answers
{
    public static void Written(WriteMessages message, IImmutableList<Exception>? rejections, IActorRef journal)
    {
        var target = message.PersistentActor;
        target.Tell(WriteMessagesSuccessful.Instance, journal);
        var index = 0;
        foreach (var envelope in message.Messages)
        {
            if (envelope is not AtomicWrite write)
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, message.ActorInstanceId), envelope.Sender);
                continue;
            }
            var rejection = rejections is { Count: > 0 } ? rejections[index++] : null;
            if (rejection is not null)
            {
                foreach (var e in write.Events) target.Tell(new WriteMessageRejected(e, rejection, message.ActorInstanceId), e.Sender);
            }
            else if (message.AnswerInBatches && write.Size > 1)
            {
                InBatches(write.Events, message);
            }
            else
            {
                foreach (var e in write.Events) target.Tell(new WriteMessageSuccess(e, message.ActorInstanceId), e.Sender);
            }
        }
    }

    public static void Failed(WriteMessages message, Exception cause, int size, IActorRef journal)
    {
        var target = message.PersistentActor;
        target.Tell(new WriteMessagesFailed(cause, size), journal);
        foreach (var envelope in message.Messages)
        {
            if (envelope is AtomicWrite write)
            {
                foreach (var e in write.Events) target.Tell(new WriteMessageFailure(e, cause, message.ActorInstanceId), e.Sender);
            }
            else
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, message.ActorInstanceId), envelope.Sender);
            }
        }
    }

    /// <summary>One message per run of events with the same sender, since the sender of the answer is the sender of the command.</summary>
    private static void InBatches(IReadOnlyList<IPersistentRepresentation> events, WriteMessages message)
    {
        var from = 0;
        for (var i = 1; i <= events.Count; i++)
        {
            if (i < events.Count && ReferenceEquals(events[i].Sender, events[from].Sender)) continue;
            message.PersistentActor.Tell(new WrittenBatch(events, from, i - from, message.ActorInstanceId), events[from].Sender);
            from = i;
        }
    }
}

/// <summary>Hands replayed events to who asked: in batches to a recovering actor, one by one to anybody else.</summary>
internal sealed class ReplaySink(ReplayMessages request, IActorRef journal)
{
    private List<IPersistentRepresentation> _batch = [];

    public void Add(IPersistentRepresentation persistent)
    {
        if (request.Flow is null)
        {
            request.PersistentActor.Tell(new ReplayedMessage(persistent), journal);
            return;
        }
        _batch.Add(persistent);
        if (_batch.Count >= ReplayFlow.BatchSize) Flush();
    }

    public void Flush()
    {
        if (_batch.Count == 0) return;
        request.Flow!.Sent(_batch.Count);
        request.PersistentActor.Tell(new ReplayedBatch(_batch), journal);
        _batch = new List<IPersistentRepresentation>(ReplayFlow.BatchSize);
    }
}
