using Akka.Actor;

namespace Akka.TestKit;

/// <summary>A message that a probe received, with its sender.</summary>
public abstract class MessageEnvelope
{
    public abstract object Message { get; }
    public abstract IActorRef Sender { get; }
}

/// <summary>No message came.</summary>
public sealed class NullMessageEnvelope : MessageEnvelope
{
    private NullMessageEnvelope() { }

    public static NullMessageEnvelope Instance { get; } = new();

    public override object Message => null;
    public override IActorRef Sender => ActorRefs.NoSender;

    public override string ToString() => "No message";
}

public sealed class RealMessageEnvelope(object message, IActorRef sender) : MessageEnvelope
{
    public override object Message => message;
    public override IActorRef Sender => sender;

    public override string ToString() => $"<{Message ?? "null"}> from {(Sender.IsNobody() ? "NoSender" : Sender.ToString())}";
}
