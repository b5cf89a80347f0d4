using Akka.Actor;

namespace Packages.Conformance.AkkaCore;

public sealed class LifecycleTests : ActorSpec
{
    [Fact]
    public void PoisonPill_ComesAfterEarlierMessages()
    {
        var actor = Watch(Sys.ActorOf(Scripted.Props((_, m) => TestActor.Tell(m))));
        for (var i = 0; i < 100; i++) actor.Tell(i);
        actor.Tell(PoisonPill.Instance);
        for (var i = 0; i < 100; i++) ExpectMsg(i);
        ExpectTerminated(actor);
    }

    [Fact]
    public void Watch_OfAnActorAlreadyDead_TellsAtOnce()
    {
        var actor = Watch(Sys.ActorOf(Scripted.Props((_, _) => { })));
        Sys.Stop(actor);
        ExpectTerminated(actor);
        CreateTestProbe().Watch(actor);
        Watch(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void WatchWith_SendsTheGivenMessage()
    {
        var target = Sys.ActorOf(Scripted.Props((_, _) => { }));
        var watcher = Sys.ActorOf(Scripted.Props((a, m) =>
        {
            if (m is "watch") a.Cx.WatchWith(target, "gone");
            TestActor.Tell(m);
        }));
        watcher.Tell("watch");
        ExpectMsg("watch");
        Sys.Stop(target);
        ExpectMsg("gone");
    }

    [Fact]
    public void Unwatch_TellsNothing()
    {
        var target = Sys.ActorOf(Scripted.Props((_, _) => { }));
        Watch(target);
        Unwatch(target);
        var other = CreateTestProbe();
        other.Watch(target);
        Sys.Stop(target);
        other.ExpectTerminated(target);
        TestActor.Tell("end");
        ExpectMsg("end");
    }

    [Fact]
    public void Terminated_NotHandled_FailsTheWatcher()
    {
        var target = Sys.ActorOf(Scripted.Props((_, _) => { }));
        var watcher = Sys.ActorOf(Scripted.Props((a, m) =>
        {
            if (m is "watch") a.From.Tell(a.Cx.Watch(target));
            else a.Refuse(m);
        }));
        watcher.Tell("watch", TestActor);
        ExpectMsg(target);
        Watch(watcher);
        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(target));
        ExpectTerminated(watcher);
    }

    [Fact]
    public void Name_TakenUntilTheActorIsGone()
    {
        var first = Sys.ActorOf(Scripted.Props((_, _) => { }), "same");
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Scripted.Props((_, _) => { }), "same"));
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);
        AwaitAssert(() => Assert.NotEqual(first, Sys.ActorOf(Scripted.Props((_, _) => { }), "same")));
    }

    [Fact]
    public void Stop_StopsChildrenBeforeTheParent()
    {
        var parent = Watch(Sys.ActorOf(Scripted.Props((_, _) => { }, new Scripted.Hooks
        {
            Started = a => a.Cx.ActorOf(Scripted.Props((_, _) => { }, new Scripted.Hooks { Stopped = _ => TestActor.Tell("child") })),
            Stopped = _ => TestActor.Tell("parent"),
        })));
        Sys.Stop(parent);
        ExpectMsg("child");
        ExpectMsg("parent");
        ExpectTerminated(parent);
    }

    [Fact]
    public async Task GracefulStop_CompletesOnceStopped()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }));
        Assert.True(await actor.GracefulStop(Long));
    }

    [Fact]
    public async Task GracefulStop_OfAnActorThatStays_TimesOut()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }));
        await Assert.ThrowsAnyAsync<Exception>(() => actor.GracefulStop(TimeSpan.FromMilliseconds(50), "ignored"));
    }

    [Fact]
    public void ReceiveTimeout_ComesAfterSilenceAndCanBeSwitchedOff()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, m) =>
        {
            if (m is TimeSpan t) a.Cx.SetReceiveTimeout(t);
            if (m is not ReceiveTimeout) return;
            a.Cx.SetReceiveTimeout(null);
            TestActor.Tell("silent");
        }));
        actor.Tell(TimeSpan.FromMilliseconds(50));
        ExpectMsg("silent");
    }

    [Fact]
    public void Child_IsFoundByNameAndNobodyOtherwise()
    {
        var parent = Sys.ActorOf(Scripted.Props(
            (a, m) => a.From.Tell(a.Cx.Child((string)m)),
            new Scripted.Hooks { Created = a => a.Cx.ActorOf(Scripted.Props((_, _) => { }), "kid") }));
        parent.Tell("kid", TestActor);
        Assert.Equal("kid", ExpectMsg<IActorRef>().Path.Name);
        parent.Tell("other", TestActor);
        Assert.True(ExpectMsg<IActorRef>().IsNobody());
    }
}
