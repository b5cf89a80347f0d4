using Akka.Actor;
using Packages.Conformance.Persistence;

namespace Packages.Conformance.PersistenceSql;

public sealed class PostgresJournalTests : IClassFixture<PostgresServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PostgresServer _server;
    private readonly SqlJournalContract _contract;

    public PostgresJournalTests(PostgresServer server)
    {
        _server = server;
        _contract = new SqlJournalContract(
            () => $"connection-string = \"{server.ConnectionString}\"\nprovider-name = \"PostgreSQL.15\"\n");
    }

    [SkippableFact]
    public async Task EventsAndSnapshots_SurviveTheSystem()
    {
        _server.Require();
        await _contract.EventsAndSnapshotsSurviveTheSystem("survive");
    }

    [SkippableFact]
    public async Task LostRace_FailsOnlyTheLoser()
    {
        _server.Require();
        await _contract.LostRaceFailsOnlyTheLoser("race");
    }

    [SkippableFact]
    public async Task ManyActors_WriteAtOnce()
    {
        _server.Require();
        await _contract.ManyActorsWriteAtOnce("many");
    }

    [SkippableFact]
    public async Task LongHistory_IsReplayedInOrder()
    {
        _server.Require();
        await _contract.LongHistoryIsReplayedInOrder("long");
    }

    [SkippableFact]
    public async Task DeletedEvents_AreGone_AndTheNumberStays()
    {
        _server.Require();
        await _contract.DeletedEventsAreGone_AndTheNumberStays("deleted");
    }

    [SkippableFact]
    public async Task RestartedServer_FailsWhatItMissed_AndServesAfterwards()
    {
        _server.Require();
        var system = _contract.System();
        using var observer = new Observer(system);
        var actor = SqlJournalContract.Counter(system, "restarted", observer.Ref);
        Assert.Equal("recovered", observer.Next());
        Assert.Equal(new Sum(1, 1), await actor.Ask<Sum>(new Add(1), Patience));

        _server.Stop();
        actor.Tell(new Add(2));
        Assert.Contains("failed ", observer.Next<string>(), StringComparison.Ordinal);

        _server.Start();
        Assert.Equal(new Sum(4, 2), await SqlJournalContract.Counter(system, "restarted").Ask<Sum>(new Add(3), Patience));
        await system.Terminate();
    }
}
