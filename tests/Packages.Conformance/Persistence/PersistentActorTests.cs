using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;

namespace Packages.Conformance.Persistence;

public sealed class PersistentActorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ActorSystem _system = ActorSystem.Create("persistence", ConfigurationFactory.ParseString("""
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.persistence.max-concurrent-recoveries = 2
        faulty-journal.class = "Packages.Conformance.Persistence.FaultyJournal, Packages.Conformance"
        held-journal.class = "Packages.Conformance.Persistence.HeldJournal, Packages.Conformance"
        """));

    public void Dispose() => _system.Terminate().Wait(Patience);

    [Fact]
    public async Task Persist_AnswersAfterTheWrite_AndReplaysInOrder()
    {
        using var observer = new Observer(_system);
        var first = _system.ActorOf(Props.Create(() => new PersistentCounter("order", null, null, "")));
        for (var i = 1; i <= 5; i++) Assert.Equal(new Sum(i * (i + 1) / 2, i), await first.Ask<Sum>(new Add(i), Patience));
        await first.GracefulStop(Patience);

        _system.ActorOf(Props.Create(() => new PersistentCounter("order", observer.Ref, null, "")));
        Assert.Equal(new object[] { new Added(1), new Added(2), new Added(3), new Added(4), new Added(5), "recovered" }, observer.Next(6));
    }

    [Fact]
    public async Task PersistAll_OfManyCommands_KeepsEveryCommandsOwnSender()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("senders", null, null, "")));
        var answers = await Task.WhenAll(Enumerable.Range(1, 200).Select(_ => actor.Ask<Sum>(new Add(1, 3), Patience)));
        Assert.Equal(Enumerable.Range(1, 200).Select(i => i * 3), answers.Select(a => a.Value).Order());
        Assert.All(answers, a => Assert.Equal(a.Value, a.LastSequenceNr));
    }

    [Fact]
    public async Task PersistAllAsync_OfALargeBatch_IsAppliedWhollyAndCounted()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("batch", null, null, "")));
        Assert.Equal(new Sum(500, 500), await actor.Ask<Sum>(new AddAsync(1, 500), Patience));
        Assert.Equal(new Sum(1000, 1000), await actor.Ask<Sum>(new AddAsync(1, 500), Patience));
    }

    [Fact]
    public async Task CommandAsync_ThatPersists_HoldsLaterCommandsBack()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("awaiting", null, null, "")));
        var first = actor.Ask<Sum>(new AddWhileAwaiting(5), Patience);
        var second = actor.Ask<Sum>(new Add(1), Patience);
        var third = actor.Ask<Sum>(new GetSum(), Patience);
        Assert.Equal(new Sum(5, 1), await first);
        Assert.Equal(new Sum(6, 2), await second);
        Assert.Equal(new Sum(6, 2), await third);
    }

    [Fact]
    public async Task DeferAsync_RunsAfterWhatWasPersistedBefore()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("defer", null, null, "")));
        Assert.Equal("deferred 7", await actor.Ask<string>(new AddThenDefer(7), Patience));
    }

    [Fact]
    public async Task Snapshot_IsOffered_AndOnlyLaterEventsAreReplayed()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("snapshot", observer.Ref, null, "")));
        Assert.Equal("recovered", observer.Next());
        await actor.Ask<Sum>(new Add(10), Patience);
        actor.Tell(new TakeSnapshot());
        Assert.Equal(1, observer.Next<SaveSnapshotSuccess>().Metadata.SequenceNr);
        await actor.Ask<Sum>(new Add(5), Patience);
        await actor.GracefulStop(Patience);

        var again = _system.ActorOf(Props.Create(() => new PersistentCounter("snapshot", observer.Ref, null, "")));
        Assert.Equal(new object[] { "snapshot 10", new Added(5), "recovered" }, observer.Next(3));
        Assert.Equal(new Sum(15, 2), await again.Ask<Sum>(new GetSum(), Patience));
    }

    [Fact]
    public async Task Recovery_WithLimits_StopsThereButKeepsCounting()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("limits", null, null, "")));
        await actor.Ask<Sum>(new Add(1, 10), Patience);
        await actor.GracefulStop(Patience);

        var limited = _system.ActorOf(Props.Create(() => new PersistentCounter("limits", observer.Ref, new Recovery(null, 8, 3), "")));
        Assert.Equal(new object[] { new Added(1), new Added(1), new Added(1), "recovered" }, observer.Next(4));
        Assert.Equal(new Sum(4, 11), await limited.Ask<Sum>(new Add(1), Patience));
    }

    [Fact]
    public async Task DeleteMessages_RemovesTheEvents_ButNotTheSequenceNumber()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("delete", observer.Ref, null, "")));
        Assert.Equal("recovered", observer.Next());
        await actor.Ask<Sum>(new Add(1, 4), Patience);
        actor.Tell(new DeleteUpTo(3));
        Assert.Equal(new DeleteMessagesSuccess(3), observer.Next());
        actor.Tell(new DeleteUpTo(99));
        Assert.Equal(99, observer.Next<DeleteMessagesFailure>().ToSequenceNr);
        await actor.GracefulStop(Patience);

        var again = _system.ActorOf(Props.Create(() => new PersistentCounter("delete", observer.Ref, null, "")));
        Assert.Equal(new object[] { new Added(1), "recovered" }, observer.Next(2));
        Assert.Equal(new Sum(2, 5), await again.Ask<Sum>(new Add(1), Patience));
    }

    [Fact]
    public async Task Restart_ReplaysAndKeepsTheCommandsThatWaited()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("restart", null, null, "")));
        var before = actor.Ask<Sum>(new Add(1), Patience);
        actor.Tell(new Crash());
        var after = actor.Ask<Sum>(new Add(2), Patience);
        Assert.Equal(new Sum(1, 1), await before);
        Assert.Equal(new Sum(3, 2), await after);
    }

    [Fact]
    public async Task FailedWrite_StopsTheActor_AndNothingOfItIsKept()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("failing", observer.Ref, null, "faulty-journal")));
        Assert.Equal("recovered", observer.Next());
        await actor.Ask<Sum>(new Add(1), Patience);
        var stopped = actor.WatchAsync();
        actor.Tell(new Add(FaultyJournal.FailingValue, 2));
        Assert.Equal("failed the disk is gone", observer.Next());
        Assert.True(await stopped.WaitAsync(Patience));

        var again = _system.ActorOf(Props.Create(() => new PersistentCounter("failing", null, null, "faulty-journal")));
        Assert.Equal(new Sum(1, 1), await again.Ask<Sum>(new GetSum(), Patience));
    }

    [Fact]
    public async Task WhatIsPersistedDuringAWrite_FollowsInOneWrite_AndIsAnsweredInOrder()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("line", null, null, "held-journal")));
        var first = actor.Ask<Sum>(new AddAsync(1), Patience);
        var held = await HeldJournal.NextAsync();
        var later = Enumerable.Range(2, 9).Select(i => actor.Ask<Sum>(new AddAsync(i), Patience)).ToList();
        // The answer comes behind the nine commands.
        Assert.Equal(new Sum(0, 0), await actor.Ask<Sum>(new GetSum(), Patience));
        held.Released.SetResult();

        Assert.Equal(new Sum(1, 1), await first);
        var next = await HeldJournal.NextAsync();
        Assert.Equal(Enumerable.Range(2, 9), next.Values);
        next.Released.SetResult();
        Assert.Equal(Enumerable.Range(2, 9).Select(i => new Sum(i * (i + 1) / 2, i)), await Task.WhenAll(later));
    }

    [Fact]
    public async Task WhatWasPersistedDuringAFailedWrite_IsNotWritten()
    {
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("line-failed", null, null, "held-journal")));
        actor.Tell(new AddAsync(1));
        var held = await HeldJournal.NextAsync();
        for (var i = 2; i < 10; i++) actor.Tell(new AddAsync(i));
        Assert.Equal(new Sum(0, 0), await actor.Ask<Sum>(new GetSum(), Patience));
        var stopped = actor.WatchAsync();
        held.Released.SetException(new IOException("the disk is gone"));
        Assert.True(await stopped.WaitAsync(Patience));

        var again = _system.ActorOf(Props.Create(() => new PersistentCounter("line-failed", null, null, "held-journal")));
        var added = again.Ask<Sum>(new AddAsync(100), Patience);
        var next = await HeldJournal.NextAsync();
        Assert.Equal(100, Assert.Single(next.Values));
        next.Released.SetResult();
        Assert.Equal(new Sum(100, 1), await added);
    }

    [Fact]
    public async Task RefusedWrite_LetsTheActorGoOn()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("refusing", observer.Ref, null, "faulty-journal")));
        Assert.Equal("recovered", observer.Next());
        actor.Tell(new Add(FaultyJournal.RefusedValue));
        Assert.Equal("rejected not that one", observer.Next());
        Assert.Equal(1, (await actor.Ask<Sum>(new Add(1), Patience)).Value);
    }

    [Fact]
    public async Task ManyRecoveries_WithFewPermits_AllEnd()
    {
        var actors = Enumerable.Range(0, 20)
            .Select(i => _system.ActorOf(Props.Create(() => new PersistentCounter("many" + i, null, null, "")))).ToList();
        var sums = await Task.WhenAll(actors.Select(a => a.Ask<Sum>(new Add(1), Patience)));
        Assert.All(sums, s => Assert.Equal(new Sum(1, 1), s));
    }

    [Fact]
    public async Task ReplayMessages_FromAnybody_GivesEachEventAndTheEnd()
    {
        using var observer = new Observer(_system);
        var actor = _system.ActorOf(Props.Create(() => new PersistentCounter("read", null, null, "")));
        await actor.Ask<Sum>(new Add(3, 5), Patience);
        var journal = Akka.Persistence.Persistence.Instance.Apply(_system).JournalFor("");

        journal.Tell(new ReplayMessages(2, 4, 2, "read", observer.Ref), observer.Ref);
        Assert.Equal(2, observer.Next<ReplayedMessage>().Persistent.SequenceNr);
        Assert.Equal(3, observer.Next<ReplayedMessage>().Persistent.SequenceNr);
        Assert.Equal(5, observer.Next<RecoverySuccess>().HighestSequenceNr);

        journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "nobody", observer.Ref), observer.Ref);
        Assert.Equal(0, observer.Next<RecoverySuccess>().HighestSequenceNr);
    }
}
