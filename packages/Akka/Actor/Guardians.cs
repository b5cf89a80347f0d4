using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The root of the tree; below it are also places that are no actors.</summary>
internal sealed class RootGuardianActorRef(
    ActorSystemImpl system, Props props, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path,
    IActorRef deadLetters, IInternalActorRef tempContainer)
    : LocalActorRef(system, props, dispatcher, mailboxType, supervisor, path)
{
    public override IInternalActorRef GetSingleChild(string name) => name switch
    {
        "temp" => tempContainer,
        "deadLetters" => (IInternalActorRef)deadLetters,
        _ => base.GetSingleChild(name),
    };
}

/// <summary>/: ends once /system has ended.</summary>
internal sealed class RootGuardianActor : UntypedActor
{
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Watch watch: Context.Watch(watch.Guardian); break;
            case Terminated: Context.Stop(Self); break;
            default: Context.System.DeadLetters.Tell(message, Sender); break;
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        Context.GetLogger().Error(e, "A guardian failed; the system stops");
        return Directive.Stop;
    });

    public sealed record Watch(IActorRef Guardian) : INoSerializationVerificationNeeded;
}

/// <summary>/user: parent of the top-level actors.</summary>
internal sealed class UserGuardianActor(SupervisorStrategy strategy) : UntypedActor
{
    protected override void OnReceive(object message) => Context.System.DeadLetters.Tell(message, Sender);

    protected override SupervisorStrategy SupervisorStrategy() => strategy;

    // Children outlive a restart of the guardian.
    protected override void PreRestart(Exception reason, object message) { }
}

/// <summary>/system: parent of the system's own actors. It outlives /user and lets those that registered finish first.</summary>
internal sealed class SystemGuardianActor : UntypedActor
{
    private readonly IActorRef _userGuardian;
    private readonly HashSet<IActorRef> _hooks = [];

    public SystemGuardianActor(IActorRef userGuardian) => _userGuardian = userGuardian;

    protected override void PreStart() => Context.Watch(_userGuardian);

    protected override void PreRestart(Exception reason, object message) { }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RegisterTerminationHook when !Sender.Equals(Context.System.DeadLetters):
                _hooks.Add(Context.Watch(Sender));
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_userGuardian):
                Become(Terminating);
                foreach (var hook in _hooks) hook.Tell(TerminationHook.Instance);
                StopWhenAllDone();
                break;
            case Terminated terminated:
                _hooks.Remove(terminated.ActorRef);
                break;
            default:
                Context.System.DeadLetters.Tell(message, Sender);
                break;
        }
    }

    private void Terminating(object message)
    {
        switch (message)
        {
            case TerminationHookDone: Remove(Sender); break;
            case Terminated terminated: Remove(terminated.ActorRef); break;
            default: Context.System.DeadLetters.Tell(message, Sender); break;
        }
    }

    private void Remove(IActorRef hook)
    {
        _hooks.Remove(hook);
        StopWhenAllDone();
    }

    private void StopWhenAllDone()
    {
        if (_hooks.Count == 0) Context.Stop(Self);
    }
}

/// <summary>Asks /system to wait at the end until the sender is done.</summary>
public sealed class RegisterTerminationHook : INoSerializationVerificationNeeded
{
    private RegisterTerminationHook() { }

    public static RegisterTerminationHook Instance { get; } = new();
}

/// <summary>The system ends; answer with <see cref="TerminationHookDone"/>.</summary>
public sealed class TerminationHook : INoSerializationVerificationNeeded
{
    private TerminationHook() { }

    public static TerminationHook Instance { get; } = new();
}

/// <summary>The answer to <see cref="TerminationHook"/>.</summary>
public sealed class TerminationHookDone : INoSerializationVerificationNeeded
{
    private TerminationHookDone() { }

    public static TerminationHookDone Instance { get; } = new();
}
