using Akka.Actor;
using Akka.TestKit;

namespace Packages.Conformance.AkkaCore;

public sealed class TestKitTests : ActorSpec
{
    public TestKitTests() : base(Akka.Configuration.ConfigurationFactory.ParseString(
        "akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\""))
    { }

    [Fact]
    public void Probe_RepliesAndForwards()
    {
        var probe = CreateTestProbe();
        probe.Ref.Tell("ping", TestActor);
        probe.ExpectMsg("ping");
        probe.Reply("pong");
        ExpectMsgFrom(probe, "pong");
        probe.Forward(TestActor);
        ExpectMsg("ping");
    }

    [Fact]
    public void AutoPilot_Answers()
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell("auto " + message);
            return AutoPilot.KeepRunning;
        }));
        probe.Ref.Tell("1", TestActor);
        probe.Ref.Tell("2", TestActor);
        ExpectMsg("auto 1");
        ExpectMsg("auto 2");
    }

    [Fact]
    public void Expectations_ThatDoNotHold_Fail()
    {
        TestActor.Tell("text");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ExpectMsg<int>());
        TestActor.Tell("text");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ExpectMsg("other"));
        TestActor.Tell("text");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ExpectNoMsg(10));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ExpectMsg<string>(TimeSpan.FromMilliseconds(20)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AwaitCondition(() => false, TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void ReceiveWhile_LeavesTheFirstThatDoesNotFit()
    {
        foreach (var m in new object[] { "a", "b", 3 }) TestActor.Tell(m);
        Assert.Equal(["a", "b"], ReceiveWhile(m => m as string, Long));
        ExpectMsg(3);
    }

    [Fact]
    public void FishForMessage_DropsOthers()
    {
        foreach (var m in new object[] { 1, "x", 2 }) TestActor.Tell(m);
        Assert.Equal(2, FishForMessage<int>(i => i > 1));
    }

    [Fact]
    public async Task ImplicitSender_AfterAnAwait_IsStillTheTestActor()
    {
        var echo = Sys.ActorOf(Scripted.Props((a, m) => a.From.Tell(m)));
        await Task.Yield();
        echo.Tell("x");
        await ExpectMsgAsync("x");
    }

    [Fact]
    public void Within_BoundsWhatIsInside()
    {
        TestActor.Tell("x");
        Assert.Equal("x", Within(Long, () => ExpectMsg<string>()));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Within(TimeSpan.FromMilliseconds(30), () => ExpectMsg<string>()));
        Assert.Throws<InvalidOperationException>(() => Remaining);
    }

    [Fact]
    public void TestScheduler_OnlyMovesWhenTold()
    {
        var scheduler = (TestScheduler)Sys.Scheduler;
        scheduler.ScheduleTellOnce(TimeSpan.FromHours(1), TestActor, "hour", ActorRefs.NoSender);
        scheduler.ScheduleTellRepeatedly(TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(25), TestActor, "25", ActorRefs.NoSender);
        scheduler.Advance(TimeSpan.FromMinutes(59));
        ExpectMsg("25");
        ExpectMsg("25");
        Assert.False(HasMessages);
        scheduler.Advance(TimeSpan.FromMinutes(1));
        ExpectMsg("hour");
    }

    [Fact]
    public void TestActorRef_RunsOnTheCallingThread()
    {
        var actor = ActorOfAsTestActorRef<Counter>(Props.Create<Counter>());
        actor.Tell("x", ActorRefs.NoSender);
        Assert.Equal(1, actor.UnderlyingActor.Count);
        Assert.Throws<FormatException>(() => actor.Receive("throw"));
    }

    private sealed class Counter : UntypedActor
    {
        public int Count { get; private set; }

        protected override void OnReceive(object message)
        {
            if (message is "throw") throw new FormatException();
            Count++;
        }
    }
}
