using Akka.Actor;
using Akka.Event;

namespace Packages.Conformance.AkkaCore;

public sealed class MessagingTests : ActorSpec
{
    [Fact]
    public void Tell_FromOneSender_KeepsOrder()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, m) => a.From.Tell(m)));
        for (var i = 0; i < 1000; i++) actor.Tell(i, TestActor);
        for (var i = 0; i < 1000; i++) ExpectMsg(i);
        Assert.Equal(actor, LastSender);
    }

    [Fact]
    public void Tell_WithoutSender_ComesFromDeadLetters()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, _) => TestActor.Tell(a.From.Path.Name)));
        actor.Tell("x", ActorRefs.NoSender);
        ExpectMsg("deadLetters");
    }

    [Fact]
    public void Tell_Null_IsRefused() => Assert.Throws<InvalidMessageException>(() => TestActor.Tell(null));

    [Fact]
    public void Forward_KeepsTheFirstSender()
    {
        var last = Sys.ActorOf(Scripted.Props((a, m) => a.From.Tell("got " + m)));
        var first = Sys.ActorOf(Scripted.Props((_, m) => last.Forward(m)));
        first.Tell("x", TestActor);
        ExpectMsgFrom(last, "got x");
    }

    [Fact]
    public async Task Ask_Answered_GivesTheAnswer()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, m) => a.From.Tell((int)m + 1)));
        Assert.Equal(42, await actor.Ask<int>(41, Long));
    }

    [Fact]
    public async Task Ask_NotAnswered_TimesOut()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }));
        await Assert.ThrowsAsync<AskTimeoutException>(() => actor.Ask<int>("?", TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Ask_AnsweredWithFailure_Throws()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, _) => a.From.Tell(new Status.Failure(new InvalidOperationException("no")))));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => actor.Ask<int>("?", Long));
        Assert.Equal("no", error.Message);
    }

    [Fact]
    public async Task Ask_Cancelled_Throws()
    {
        var actor = Sys.ActorOf(Scripted.Props((_, _) => { }));
        using var source = new CancellationTokenSource();
        var asked = actor.Ask<int>("?", source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public void PipeTo_SendsResultAndFailure()
    {
        Task.FromResult("done").PipeTo(TestActor);
        ExpectMsg("done");
        Task.FromException<string>(new InvalidOperationException("bad")).PipeTo(TestActor);
        Assert.Equal("bad", ExpectMsg<Status.Failure>().Cause.Message);
        Task.FromException<string>(new InvalidOperationException("bad")).PipeTo(TestActor, failure: e => e.Message);
        ExpectMsg("bad");
        Task.FromResult(3).PipeTo(TestActor, success: i => i * 2);
        ExpectMsg(6);
    }

    [Fact]
    public void Become_ReplacesAndStacksBehaviours()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, m) =>
        {
            if (m is "push") a.Cx.BecomeStacked(x =>
            {
                if (x is "pop") a.Cx.UnbecomeStacked();
                else a.From.Tell("second " + x);
            });
            else a.From.Tell("first " + m);
        }));
        actor.Tell("1", TestActor);
        ExpectMsg("first 1");
        actor.Tell("push", TestActor);
        actor.Tell("2", TestActor);
        ExpectMsg("second 2");
        actor.Tell("pop", TestActor);
        actor.Tell("3", TestActor);
        ExpectMsg("first 3");
    }

    private class Animal;

    private sealed class Dog : Animal;

    [Fact]
    public void EventStream_SubscribedToAClass_GetsItsSubclasses()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));
        Sys.EventStream.Publish(new Dog());
        ExpectMsg<Dog>();
        Sys.EventStream.Publish("not an animal");
        Assert.True(Sys.EventStream.Unsubscribe(TestActor, typeof(Animal)));
        Sys.EventStream.Publish(new Dog());
        TestActor.Tell("end");
        ExpectMsg("end");
    }

    [Fact]
    public void EventStream_SubscriberStopped_IsUnsubscribed()
    {
        var subscriber = Watch(Sys.ActorOf(Scripted.Props((_, _) => { })));
        Sys.EventStream.Subscribe(subscriber, typeof(Animal));
        Sys.Stop(subscriber);
        ExpectTerminated(subscriber);
        AwaitAssert(() => Assert.False(Sys.EventStream.Unsubscribe(subscriber, typeof(Animal))));
    }

    [Fact]
    public void DeadLetters_OfAStoppedActor_ArePublishedWithSenderAndRecipient()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var actor = Watch(Sys.ActorOf(Scripted.Props((_, _) => { })));
        actor.Tell(PoisonPill.Instance);
        FishForMessage<Terminated>(t => t.ActorRef.Equals(actor));
        actor.Tell("late", TestActor);
        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal(("late", TestActor, actor), (letter.Message, letter.Sender, letter.Recipient));
    }

    [Fact]
    public void EventFilter_CountsWhatIsLogged()
    {
        var actor = Sys.ActorOf(Scripted.Props((a, m) => a.Cx.GetLogger().Warning("seen {0}", m)));
        EventFilter.Warning(contains: "seen x").Expect(2, () =>
        {
            actor.Tell("x");
            actor.Tell("x");
        });
    }

    [Fact]
    public async Task EventFilter_NothingLogged_Fails() =>
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
            EventFilter.Error().ExpectOneAsync(TimeSpan.FromMilliseconds(50), () => Task.CompletedTask));

    [Fact]
    public void Unhandled_IsPublished()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf(Scripted.Props((a, m) => a.Refuse(m)));
        actor.Tell("what", TestActor);
        Assert.Equal("what", ExpectMsg<UnhandledMessage>().Message);
    }
}
