using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Something that takes messages.</summary>
public interface ICanTell
{
    void Tell(object message, IActorRef sender);
}

/// <summary>The address of one incarnation of an actor.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, ISurrogated, IComparable
{
    ActorPath Path { get; }
}

/// <summary>Whether the actor is in this process.</summary>
public interface IActorRefScope
{
    bool IsLocal { get; }
}

/// <summary>An actor in this process.</summary>
public interface ILocalRef : IActorRefScope;

/// <summary>An actor that may be in another process.</summary>
public interface IRepointableRef : IActorRefScope
{
    bool IsStarted { get; }
}

/// <summary>What the system itself does with references.</summary>
public interface IInternalActorRef : IActorRef, IActorRefScope
{
    IInternalActorRef Parent { get; }
    IActorRefProvider Provider { get; }
    bool IsTerminated { get; }

    /// <summary>The actor below this one at the given names; ".." goes up, an empty name is this one.</summary>
    IActorRef GetChild(IReadOnlyList<string> name);

    void Start();
    void Resume(Exception causedByFailure = null);
    void Suspend();
    void Restart(Exception cause);
    void Stop();
    void SendSystemMessage(ISystemMessage message);
    void SendSystemMessage(ISystemMessage message, IActorRef sender);
}

/// <summary>Equality by path and uid, and null messages refused.</summary>
public abstract class ActorRefBase : IActorRef
{
    public abstract ActorPath Path { get; }

    public void Tell(object message, IActorRef sender)
    {
        if (message is null) ThrowNull();
        TellInternal(message, sender ?? ActorRefs.NoSender);
    }

    protected abstract void TellInternal(object message, IActorRef sender);

    private static void ThrowNull() => throw new InvalidMessageException();

    public bool Equals(IActorRef other) =>
        ReferenceEquals(this, other) || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    public override bool Equals(object obj) => obj is IActorRef other && Equals(other);
    public override int GetHashCode() => HashCode.Combine(Path.GetHashCode(), Path.Uid);

    public int CompareTo(IActorRef other)
    {
        if (other is null) return 1;
        var order = Path.CompareTo(other.Path);
        return order != 0 ? order : Path.Uid.CompareTo(other.Path.Uid);
    }

    public int CompareTo(object obj) => CompareTo(obj as IActorRef);
    public override string ToString() =>
        Path.Uid == ActorPath.UndefinedUid ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    public virtual ISurrogate ToSurrogate(ActorSystem system) => new Surrogate { Path = Serialization.Serialization.SerializedActorPath(this) };

    /// <summary>The path of a reference.</summary>
    public sealed class Surrogate : ISurrogate
    {
        public string Path { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => ((ExtendedActorSystem)system).Provider.ResolveActorRef(Path);
    }
}

/// <summary>Base of the references of the system.</summary>
public abstract class InternalActorRefBase : ActorRefBase, IInternalActorRef
{
    public abstract IInternalActorRef Parent { get; }
    public abstract IActorRefProvider Provider { get; }
    public abstract bool IsLocal { get; }
    public abstract bool IsTerminated { get; }
    public abstract IActorRef GetChild(IReadOnlyList<string> name);
    public abstract void Start();
    public abstract void Resume(Exception causedByFailure = null);
    public abstract void Suspend();
    public abstract void Restart(Exception cause);
    public abstract void Stop();
    public abstract void SendSystemMessage(ISystemMessage message);

    public virtual void SendSystemMessage(ISystemMessage message, IActorRef sender) => SendSystemMessage(message);
}

/// <summary>A reference without an actor behind it.</summary>
public abstract class MinimalActorRef : InternalActorRefBase, ILocalRef
{
    public override IInternalActorRef Parent => ActorRefs.Nobody;
    public override bool IsLocal => true;
    public override bool IsTerminated => false;

    public override IActorRef GetChild(IReadOnlyList<string> name) =>
        name.All(string.IsNullOrEmpty) ? this : ActorRefs.Nobody;

    public override void Start() { }
    public override void Resume(Exception causedByFailure = null) { }
    public override void Suspend() { }
    public override void Restart(Exception cause) { }
    public override void Stop() { }
    public override void SendSystemMessage(ISystemMessage message) { }

    protected override void TellInternal(object message, IActorRef sender) { }
}

/// <summary>Nobody: drops every message.</summary>
public sealed class Nobody : MinimalActorRef
{
    private Nobody() { }

    public static Nobody Instance { get; } = new();

    public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "all-systems"), "/Nobody");
    public override IActorRefProvider Provider => throw new NotSupportedException("Nobody has no provider");

    protected override void TellInternal(object message, IActorRef sender) { }
}

/// <summary>Drops every message, quietly, and can be sent to other nodes.</summary>
public sealed class IgnoreActorRef(IActorRefProvider provider) : MinimalActorRef
{
    public static readonly ActorPath StaticPath = new RootActorPath(new Address("akka", "all-systems")) / "ignore";

    public override ActorPath Path => StaticPath;
    public override IActorRefProvider Provider => provider;

    public static bool IsIgnoreRefPath(string path) => path == StaticPath.ToString();
    public static bool IsIgnoreRefPath(ActorPath path) => path == StaticPath;
}

/// <summary>Well-known references.</summary>
public static class ActorRefs
{
    public static readonly Nobody Nobody = Nobody.Instance;
    public static readonly IActorRef NoSender = null;
}

/// <summary>Telling from inside an actor: the sender is that actor.</summary>
public static class ActorRefImplicitSenderExtensions
{
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.GetCurrentSelfOrNoSender());

    /// <summary>Sends on with the sender of the message now being handled.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.GetCurrentSenderOrNoSender());
}

/// <summary>Tests for "no one".</summary>
public static class ActorRefExtensions
{
    public static bool IsNobody(this IActorRef actorRef) => actorRef is null or Nobody;
    public static IActorRef GetOrElse(this IActorRef actorRef, Func<IActorRef> elseValue) => actorRef.IsNobody() ? elseValue() : actorRef;
}

/// <summary>A place without an actor: what it receives becomes a dead letter.</summary>
public class EmptyLocalActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream) : MinimalActorRef
{
    public override ActorPath Path => path;
    public override IActorRefProvider Provider => provider;
    public override bool IsTerminated => true;

    protected EventStream Stream => eventStream;

    protected override void TellInternal(object message, IActorRef sender)
    {
        if (message is DeadLetter letter) SpecialHandle(letter.Message, letter.Sender);
        else if (!SpecialHandle(message, sender)) Publish(message, sender);
    }

    public override void SendSystemMessage(ISystemMessage message) => SpecialHandle(message, Provider.DeadLetters);

    protected void Publish(object message, IActorRef sender)
    {
        if (message is IDeadLetterSuppression suppressed)
            eventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? Provider.DeadLetters, this));
        else
            eventStream.Publish(new DeadLetter(message, sender ?? Provider.DeadLetters, this));
    }

    protected virtual bool SpecialHandle(object message, IActorRef sender)
    {
        switch (message)
        {
            case Watch watch:
                if (watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
                    watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
                return true;
            case Unwatch:
                return true;
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                return true;
            case ActorSelectionMessage selection:
                if (selection.Identify is { } wanted)
                {
                    if (!selection.WildcardFanOut) sender?.Tell(new ActorIdentity(wanted.MessageId, null), ActorRefs.NoSender);
                }
                else Publish(selection.Message, sender);
                return true;
            default:
                return false;
        }
    }
}

/// <summary>Where messages without a receiver go: they are published as <see cref="DeadLetter"/>.</summary>
public class DeadLetterActorRef(IActorRefProvider provider, ActorPath path, EventStream eventStream)
    : EmptyLocalActorRef(provider, path, eventStream)
{
    public override bool IsTerminated => false;

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                break;
            case DeadLetter letter:
                if (!SpecialHandle(letter.Message, letter.Sender)) Stream.Publish(letter);
                break;
            case SuppressedDeadLetter suppressed:
                Stream.Publish(suppressed);
                break;
            default:
                if (!SpecialHandle(message, sender)) Publish(message, sender);
                break;
        }
    }

    protected override bool SpecialHandle(object message, IActorRef sender)
    {
        if (message is not Watch watch) return base.SpecialHandle(message, sender);
        if (!watch.Watchee.Equals(this) && !watch.Watcher.Equals(this))
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
        return true;
    }
}
