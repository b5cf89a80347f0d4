using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class SupervisionTests : ActorSpec
{
    private IActorRef Supervisor(SupervisorStrategy strategy, out IActorRef child, Scripted.Hooks? hooks = null)
    {
        var made = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        var supervisor = Sys.ActorOf(Scripted.Props((_, _) => { }, new Scripted.Hooks
        {
            Strategy = () => strategy,
            Created = a => made.SetResult(a.Cx.ActorOf(Counter(hooks), "child")),
        }));
        child = made.Task.WaitAsync(Long).GetAwaiter().GetResult();
        return supervisor;
    }

    // Counts "inc" and tells the count; throws what it is sent.
    private static Props Counter(Scripted.Hooks? hooks)
    {
        return Props.Create(() => new CountingActor(hooks));
    }

    private sealed class CountingActor(Scripted.Hooks? hooks) : UntypedActor
    {
        private int _count;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "inc": _count++; break;
                case "get": Sender.Tell(_count); break;
                case Exception e: throw e;
            }
        }

        protected override void PreRestart(Exception reason, object message)
        {
            hooks?.BeforeRestart?.Invoke(null!, reason, message);
            base.PreRestart(reason, message);
        }
    }

    [Theory]
    [InlineData(Directive.Resume, 1)]
    [InlineData(Directive.Restart, 0)]
    public void Directive_ResumeKeepsStateAndRestartLosesIt(Directive directive, int expected)
    {
        Supervisor(new OneForOneStrategy(_ => directive, loggingEnabled: false), out var child);
        child.Tell("inc");
        child.Tell(new InvalidOperationException("x"));
        child.Tell("get", TestActor);
        ExpectMsg(expected);
    }

    [Fact]
    public void Directive_Stop_StopsTheChild()
    {
        Supervisor(new OneForOneStrategy(_ => Directive.Stop, loggingEnabled: false), out var child);
        Watch(child);
        child.Tell(new InvalidOperationException("x"));
        ExpectTerminated(child);
    }

    [Fact]
    public void Directive_Escalate_FailsTheSupervisor()
    {
        var supervisor = Supervisor(new OneForOneStrategy(_ => Directive.Escalate, loggingEnabled: false), out var child);
        Watch(child);
        // The guardian restarts the supervisor, which by default stops its children first.
        child.Tell(new InvalidOperationException("x"));
        ExpectTerminated(child);
        Assert.False(supervisor.IsNobody());
    }

    [Fact]
    public void Restart_KeepsTheMailboxAndTellsTheMessage()
    {
        Supervisor(
            new OneForOneStrategy(_ => Directive.Restart, loggingEnabled: false), out var child,
            new Scripted.Hooks { BeforeRestart = (_, e, m) => TestActor.Tell((e.Message, ReferenceEquals(m, e))) });
        child.Tell(new InvalidOperationException("boom"));
        for (var i = 0; i < 10; i++) child.Tell("inc");
        child.Tell("get", TestActor);
        ExpectMsg(("boom", true));
        ExpectMsg(10);
    }

    [Fact]
    public void OneForOne_MoreRestartsThanAllowed_Stops()
    {
        Supervisor(new OneForOneStrategy(2, TimeSpan.FromMinutes(5), _ => Directive.Restart), out var child);
        Watch(child);
        for (var i = 0; i < 2; i++) child.Tell(new InvalidOperationException("x"));
        child.Tell("get", TestActor);
        ExpectMsg(0);
        child.Tell(new InvalidOperationException("x"));
        ExpectTerminated(child);
    }

    [Fact]
    public void Kill_FailsTheActorAndTheDefaultStopsIt()
    {
        var actor = Watch(Sys.ActorOf(Scripted.Props((_, _) => { })));
        actor.Tell(Kill.Instance);
        ExpectTerminated(actor);
    }

    [Fact]
    public void Constructor_Throwing_StopsTheActor()
    {
        var actor = Watch(Sys.ActorOf(Scripted.Props((_, _) => { }, new Scripted.Hooks { Created = _ => throw new InvalidOperationException("no") })));
        ExpectTerminated(actor);
    }

    [Fact]
    public void Hooks_RunInOrder()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, m) => { if (m is "fail") throw new InvalidOperationException("x"); }, new Scripted.Hooks
        {
            Created = _ => TestActor.Tell("created"),
            Started = _ => TestActor.Tell("started"),
            BeforeRestart = (_, _, m) => TestActor.Tell("before " + m),
            AfterRestart = (_, _) => TestActor.Tell("after"),
            Stopped = _ => TestActor.Tell("stopped"),
        }));
        actor.Tell("fail");
        actor.Tell(PoisonPill.Instance);
        foreach (var expected in new[] { "created", "started", "before fail", "stopped", "created", "after", "started", "stopped" }) ExpectMsg(expected);
    }
}
