using Akka.Actor;

namespace Akka.TestKit;

/// <summary>An actor that handles its messages on the thread of the test, and whose instance can be looked at.</summary>
public abstract class TestActorRefBase<TActor> : ICanTell, IEquatable<IActorRef> where TActor : ActorBase
{
    private readonly LocalActorRef _ref;

    protected TestActorRefBase(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
    {
        var props = actorProps.WithDispatcher(CallingThreadDispatcher.Id);
        _ref = (LocalActorRef)(supervisor is LocalActorRef parent
            ? parent.Cell.AttachChild(props, systemService: false, name)
            : system.ActorOf(props, name));
    }

    public IActorRef Ref => _ref;
    public ActorPath Path => _ref.Path;

    /// <exception cref="IllegalActorStateException">The actor does not run.</exception>
    public TActor UnderlyingActor => _ref.Cell.ActorInstance as TActor
        ?? throw new IllegalActorStateException($"{_ref} has no actor: it could not be created, or it is stopped");

    public static implicit operator LocalActorRef(TestActorRefBase<TActor> actor) => actor._ref;

    /// <summary>Calls the behaviour directly; what it throws comes to the caller and not to the supervisor.</summary>
    public void Receive(object message, IActorRef sender = null)
    {
        var cell = _ref.Cell;
        var before = cell.CurrentEnvelope;
        cell.UseEnvelope(new Envelope(message, sender));
        try
        {
            cell.UseThreadContext(() => cell.ReceiveMessage(message));
        }
        finally
        {
            cell.UseEnvelope(before);
        }
    }

    public void Tell(object message, IActorRef sender) => _ref.Tell(message, sender);
    public void Tell(object message) => _ref.Tell(message);
    public void Watch(IActorRef subject) => _ref.Cell.UseThreadContext(() => _ref.Cell.Watch(subject));
    public void Unwatch(IActorRef subject) => _ref.Cell.UseThreadContext(() => _ref.Cell.Unwatch(subject));
    public void Stop() => _ref.Stop();

    public bool Equals(IActorRef other) => _ref.Equals(other);
    public override bool Equals(object obj) => obj is TestActorRefBase<TActor> test ? _ref.Equals(test._ref) : _ref.Equals(obj);
    public override int GetHashCode() => _ref.GetHashCode();
    public override string ToString() => $"TestActor[{_ref}]";
}

/// <summary>A <see cref="TestActorRefBase{TActor}"/> that a test can make.</summary>
public class TestActorRef<TActor>(ActorSystem system, Props actorProps, IActorRef supervisor = null, string name = null)
    : TestActorRefBase<TActor>(system, actorProps, supervisor, name)
    where TActor : ActorBase;
