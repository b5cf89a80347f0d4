using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class TimerAndStashTests : ActorSpec
{
    public TimerAndStashTests() : base(Akka.Configuration.ConfigurationFactory.ParseString(
        "small-stash { mailbox-type = \"Akka.Dispatch.UnboundedDequeBasedMailbox\", stash-capacity = 2 }"))
    { }

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        public Stashing(IActorRef probe)
        {
            Receive<string>(s => s == "open", _ =>
            {
                Become(() => ReceiveAny(m => probe.Tell(m)));
                Stash.UnstashAll();
            });
            Receive<string>(s => s == "overflow", _ =>
            {
                try
                {
                    Stash.Stash();
                }
                catch (StashOverflowException)
                {
                    probe.Tell("full");
                }
            });
            Receive<string>(s => s == "fail", _ => throw new InvalidOperationException("x"));
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;
    }

    [Fact]
    public void Stash_UnstashAll_PutsThemBackInOrderBeforeOthers()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));
        for (var i = 0; i < 5; i++) actor.Tell(i);
        actor.Tell("open");
        actor.Tell("after");
        for (var i = 0; i < 5; i++) ExpectMsg(i);
        ExpectMsg("after");
    }

    [Fact]
    public void MessageThatIsNeverDue_DoesNotComeAtOnce()
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.MaxValue, TestActor, "never", ActorRefs.NoSender);
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(50), TestActor, "soon", ActorRefs.NoSender);
        ExpectMsg("soon");
    }

    [Fact]
    public void Stash_Restart_PutsThemBack()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("fail");
        actor.Tell("open");
        ExpectMsg(1);
        ExpectMsg(2);
    }

    [Fact]
    public void Stash_MoreThanItsCapacity_Overflows()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)).WithMailbox("small-stash"));
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("overflow");
        ExpectMsg("full");
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef probe)
        {
            Receive<Action<Timed>>(a => a(this));
            ReceiveAny(probe.Tell);
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }

    private static void Do(IActorRef actor, Action<Timed> action) => actor.Tell(action);

    [Fact]
    public void Timer_Started_SendsOnce()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        Do(actor, t => t.Timers.StartSingleTimer("k", "tick", TimeSpan.FromMilliseconds(20)));
        ExpectMsg("tick");
        Do(actor, t => TestActor.Tell(t.Timers.IsTimerActive("k")));
        ExpectMsg(false);
    }

    [Fact]
    public void Timer_SameKey_ReplacesEvenWhatIsAlreadyInTheMailbox()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        Do(actor, t =>
        {
            t.Timers.StartSingleTimer("k", "old", TimeSpan.Zero);
            // Gives the scheduler the time to put the old one into the mailbox.
            SpinWait.SpinUntil(() => false, 100);
            t.Timers.StartSingleTimer("k", "new", TimeSpan.FromMilliseconds(20));
        });
        ExpectMsg("new");
    }

    [Fact]
    public void Timer_Periodic_RepeatsUntilCancelled()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        Do(actor, t => t.Timers.StartPeriodicTimer("k", "tick", TimeSpan.FromMilliseconds(10)));
        for (var i = 0; i < 3; i++) ExpectMsg("tick");
        Do(actor, t =>
        {
            t.Timers.Cancel("k");
            TestActor.Tell("cancelled");
        });
        FishForMessage<string>(m => m == "cancelled");
        ExpectNoMsg(100);
    }

    [Fact]
    public void Timer_Restart_CancelsAll()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));
        Do(actor, t => t.Timers.StartSingleTimer("k", "tick", TimeSpan.FromMilliseconds(300)));
        Do(actor, _ => throw new InvalidOperationException("x"));
        Do(actor, t => TestActor.Tell(t.Timers.IsTimerActive("k")));
        ExpectMsg(false);
        ExpectNoMsg(500);
    }

    [Fact]
    public void Scheduler_SendsOnceRepeatedlyAndNotAfterCancel()
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(20), TestActor, "once", ActorRefs.NoSender);
        ExpectMsg("once");
        var cancel = new Cancelable(Sys.Scheduler);
        Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(10), TestActor, "again", ActorRefs.NoSender, cancel);
        for (var i = 0; i < 3; i++) ExpectMsg("again");
        cancel.Cancel();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), TestActor, "end", ActorRefs.NoSender);
        FishForMessage<string>(m => m == "end");
        ExpectNoMsg(100);
    }
}
