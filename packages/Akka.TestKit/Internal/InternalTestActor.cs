using Akka.Actor;
using Akka.Event;

namespace Akka.TestKit.Internal;

/// <summary>Puts what it receives into the queue of the test.</summary>
internal sealed class InternalTestActor(MessageQueue queue) : ActorBase
{
    private AutoPilot _pilot = AutoPilot.NoAutoPilot;
    private Predicate<object> _ignored = _ => false;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case SetIgnored s:
                _ignored = s.Ignored ?? (_ => false);
                return true;
            case SetPilot s:
                _pilot = s.Pilot;
                return true;
            case WatchActor w:
                Context.Watch(w.Actor);
                w.Done.TrySetResult();
                return true;
            case UnwatchActor w:
                Context.Unwatch(w.Actor);
                w.Done.TrySetResult();
                return true;
        }

        var sender = Cell.HasSender ? Sender : ActorRefs.NoSender;
        var next = _pilot.Run(sender, message);
        if (next is not KeepRunning) _pilot = next;
        if (!_ignored(message)) queue.Enqueue(new RealMessageEnvelope(message, sender));
        return true;
    }

    protected override void PostStop()
    {
        foreach (var left in queue.TakeAll())
            Context.System.DeadLetters.Tell(new DeadLetter(left.Message, left.Sender ?? Context.System.DeadLetters, Self), left.Sender);
    }

    internal sealed record SetIgnored(Predicate<object> Ignored) : INoSerializationVerificationNeeded;

    internal sealed record SetPilot(AutoPilot Pilot) : INoSerializationVerificationNeeded;

    internal sealed record WatchActor(IActorRef Actor, TaskCompletionSource Done) : INoSerializationVerificationNeeded;

    internal sealed record UnwatchActor(IActorRef Actor, TaskCompletionSource Done) : INoSerializationVerificationNeeded;
}
