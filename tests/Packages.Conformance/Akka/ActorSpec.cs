using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace Packages.Conformance.AkkaCore;

/// <summary>Base of the tests of the core: long waits, since the machine may be busy, and quiet logs.</summary>
public abstract class ActorSpec(Config? config = null) : TestKit((config ?? ConfigurationFactory.Empty).WithFallback(Common))
{
    private static readonly Config Common = ConfigurationFactory.ParseString("""
        akka.loglevel = WARNING
        akka.stdout-loglevel = OFF
        akka.test { single-expect-default = 20s, default-timeout = 30s, filter-leeway = 20s }
        """);

    protected static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    protected static readonly TimeSpan Never = TimeSpan.FromHours(1);
}

/// <summary>An actor whose behaviour a test gives as functions.</summary>
public sealed class Scripted : UntypedActor
{
    private readonly Action<Scripted, object> _receive;
    private readonly Hooks _hooks;

    public Scripted(Action<Scripted, object> receive, Hooks? hooks = null)
    {
        (_receive, _hooks) = (receive, hooks ?? new Hooks());
        _hooks.Created?.Invoke(this);
    }

    public sealed class Hooks
    {
        public Action<Scripted>? Created { get; init; }
        public Action<Scripted>? Started { get; init; }
        public Action<Scripted, Exception, object>? BeforeRestart { get; init; }
        public Action<Scripted, Exception>? AfterRestart { get; init; }
        public Action<Scripted>? Stopped { get; init; }
        public Func<SupervisorStrategy>? Strategy { get; init; }
    }

    public IUntypedActorContext Cx => Context;
    public IActorRef From => Sender;
    public IActorRef Me => Self;

    public static Props Props(Action<Scripted, object> receive, Hooks? hooks = null) =>
        Akka.Actor.Props.Create(() => new Scripted(receive, hooks));

    public void Refuse(object message) => Unhandled(message);

    protected override void OnReceive(object message) => _receive(this, message);

    protected override void PreStart()
    {
        base.PreStart();
        _hooks.Started?.Invoke(this);
    }

    protected override void PreRestart(Exception reason, object message)
    {
        _hooks.BeforeRestart?.Invoke(this, reason, message);
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        _hooks.AfterRestart?.Invoke(this, reason);
        base.PostRestart(reason);
    }

    protected override void PostStop()
    {
        _hooks.Stopped?.Invoke(this);
        base.PostStop();
    }

    protected override SupervisorStrategy SupervisorStrategy() => _hooks.Strategy?.Invoke() ?? base.SupervisorStrategy();
}
