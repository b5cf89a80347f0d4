using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Packages.Conformance.Persistence;

namespace Packages.Conformance.PersistenceSql;

/// <summary>What a journal in a SQL database must do, whichever database it is.</summary>
internal sealed class SqlJournalContract(Func<string> settings)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ActorSystem System(string extra = "") => ActorSystem.Create("sql", ConfigurationFactory.ParseString($$"""
        {{extra}}
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.actor {
          serializers.plain = "Packages.Conformance.PersistenceSql.PlainEventSerializer, Packages.Conformance"
          serialization-bindings {
            "Packages.Conformance.Persistence.Added, Packages.Conformance" = plain
            "System.Int32" = plain
          }
        }
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          {{settings()}}
        }
        akka.persistence.snapshot-store.sql {
          class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
          {{settings()}}
        }
        """));

    public static IActorRef Counter(ActorSystem system, string id, IActorRef? observer = null) =>
        system.ActorOf(Props.Create(() => new PersistentCounter(id, observer, null, "")));

    public async Task EventsAndSnapshotsSurviveTheSystem(string id)
    {
        var first = System();
        using (var observer = new Observer(first))
        {
            var actor = Counter(first, id, observer.Ref);
            Assert.Equal("recovered", observer.Next());
            Assert.Equal(new Sum(5, 5), await actor.Ask<Sum>(new Add(1, 5), Patience));
            actor.Tell(new TakeSnapshot());
            Assert.IsType<SaveSnapshotSuccess>(observer.Next());
            Assert.Equal(new Sum(7, 6), await actor.Ask<Sum>(new Add(2), Patience));
        }
        await first.Terminate();

        var second = System();
        using (var observer = new Observer(second))
        {
            Counter(second, id, observer.Ref);
            Assert.Equal(new object[] { "snapshot 5", new Added(2), "recovered" }, observer.Next(3));
        }
        await second.Terminate();
    }

    public async Task LostRaceFailsOnlyTheLoser(string id)
    {
        var (first, second) = (System(), System());
        using var observer = new Observer(second);
        var winner = Counter(first, id);
        var loser = Counter(second, id, observer.Ref);
        Assert.Equal("recovered", observer.Next());
        Assert.Equal(new Sum(1, 1), await winner.Ask<Sum>(new Add(1), Patience));

        var neighbours = Enumerable.Range(0, 20).Select(i => Counter(second, $"{id}-neighbour{i}")).ToList();
        await Task.WhenAll(neighbours.Select(n => n.Ask<Sum>(new GetSum(), Patience)));
        var stopped = loser.WatchAsync();
        // Many requests: what follows the lost one rests on it, and must not be written behind the winner's back either.
        for (var i = 0; i < 200; i++) loser.Tell(new AddAsync(9));
        var sums = await Task.WhenAll(neighbours.Select(n => n.Ask<Sum>(new Add(1), Patience)));

        Assert.StartsWith("failed ", observer.Next<string>());
        Assert.True(await stopped.WaitAsync(Patience));
        Assert.All(sums, s => Assert.Equal(new Sum(1, 1), s));
        Assert.Equal(new Sum(3, 2), await winner.Ask<Sum>(new Add(2), Patience));

        var again = Counter(second, id, observer.Ref);
        Assert.Equal(new object[] { new Added(1), new Added(2), "recovered" }, observer.Next(3));
        Assert.Equal(new Sum(4, 3), await again.Ask<Sum>(new Add(1), Patience));
        await Task.WhenAll(first.Terminate(), second.Terminate());
    }

    public async Task ManyActorsWriteAtOnce(string id)
    {
        var system = System();
        var actors = Enumerable.Range(0, 50).Select(i => Counter(system, id + i)).ToList();
        for (var round = 1; round <= 4; round++)
        {
            var expected = new Sum(round * 3, round * 3);
            var sums = await Task.WhenAll(actors.Select(a => a.Ask<Sum>(new AddAsync(1, 3), Patience)));
            Assert.All(sums, s => Assert.Equal(expected, s));
        }
        await system.Terminate();
    }

    public async Task LongHistoryIsReplayedInOrder(string id)
    {
        const int events = 20_000;
        var first = System();
        var actor = Counter(first, id);
        for (var i = 0; i < events; i += 500) await actor.Ask<Sum>(new AddAsync(1, 500), Patience);
        await first.Terminate();

        var second = System("akka.persistence.journal.sql.replay-batch-size = 777");
        Assert.Equal(new Sum(events, events), await Counter(second, id).Ask<Sum>(new GetSum(), Patience));

        using var observer = new Observer(second);
        var journal = Akka.Persistence.Persistence.Instance.Apply(second).JournalFor("");
        journal.Tell(new ReplayMessages(700, 2400, 1650, id, observer.Ref), observer.Ref);
        for (var n = 700; n < 700 + 1650; n++) Assert.Equal(n, observer.Next<ReplayedMessage>().Persistent.SequenceNr);
        Assert.Equal(events, observer.Next<RecoverySuccess>().HighestSequenceNr);
        await second.Terminate();
    }

    public async Task DeletedEventsAreGone_AndTheNumberStays(string id)
    {
        var first = System();
        using (var observer = new Observer(first))
        {
            var actor = Counter(first, id, observer.Ref);
            Assert.Equal("recovered", observer.Next());
            await actor.Ask<Sum>(new Add(1, 6), Patience);
            actor.Tell(new DeleteUpTo(6));
            Assert.Equal(new DeleteMessagesSuccess(6), observer.Next());
        }
        await first.Terminate();

        var second = System();
        using (var observer = new Observer(second))
        {
            var actor = Counter(second, id, observer.Ref);
            Assert.Equal("recovered", observer.Next());
            Assert.Equal(new Sum(1, 7), await actor.Ask<Sum>(new Add(1), Patience));
        }
        await second.Terminate();
    }
}
