using Akka.Actor;

namespace Akka.Event;

/// <summary>A message that reached no one.</summary>
public abstract class AllDeadLetters : IWrappedMessage
{
    protected AllDeadLetters(object message, IActorRef sender, IActorRef recipient) => (Message, Sender, Recipient) = (message, sender, recipient);

    public object Message { get; }
    public IActorRef Recipient { get; }
    public IActorRef Sender { get; }

    public override string ToString() => $"{GetType().Name} from {Sender} to {Recipient}: <{Message}>";
}

public sealed class DeadLetter(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>A message whose loss is no news.</summary>
public interface IDeadLetterSuppression;

public sealed class SuppressedDeadLetter(IDeadLetterSuppression message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>A message given up on purpose, as for lack of room.</summary>
public sealed class Dropped : AllDeadLetters
{
    public Dropped(object message, string reason, IActorRef sender, IActorRef recipient) : base(message, sender, recipient) => Reason = reason;

    public Dropped(object message, string reason, IActorRef recipient) : this(message, reason, ActorRefs.NoSender, recipient) { }

    public string Reason { get; }
}

/// <summary>A message that its receiver did not know.</summary>
public sealed class UnhandledMessage(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>Logs dead letters, the first few of them.</summary>
public class DeadLetterListener : ActorBase
{
    private int _count;

    protected override void PreStart()
    {
        var stream = Context.System.EventStream;
        stream.Subscribe(Self, typeof(DeadLetter));
        stream.Subscribe(Self, typeof(Dropped));
        if (Context.System.Settings.DebugUnhandledMessage) stream.Subscribe(Self, typeof(UnhandledMessage));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override bool Receive(object message)
    {
        if (message is not AllDeadLetters letter) return false;
        if (letter is UnhandledMessage)
        {
            Context.System.EventStream.Publish(new Debug(letter.Recipient?.Path.ToString(), letter.Recipient?.GetType(), $"Unhandled message from {letter.Sender} : {letter.Message}"));
            return true;
        }

        var max = Context.System.Settings.LogDeadLetters;
        if (_count >= max) return true;
        _count++;
        var last = _count == max && max != int.MaxValue ? "; no more dead letters will be logged" : "";
        Context.System.EventStream.Publish(new Info(letter.Recipient?.Path.ToString() ?? "", letter.Recipient?.GetType() ?? typeof(DeadLetterListener),
            $"Message [{letter.Message.GetType().Name}] from {letter.Sender} to {letter.Recipient} was not delivered{(letter is Dropped d ? ": " + d.Reason : "")}. [{_count}] dead letters encountered{last}"));
        return true;
    }
}
