using Akka.Actor;
using Microsoft.Data.Sqlite;
using Packages.Conformance.Persistence;

namespace Packages.Conformance.PersistenceSql;

public sealed class SqliteJournalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScratchDirectory _scratch = new();
    private readonly SqlJournalContract _contract;

    public SqliteJournalTests() => _contract = new SqlJournalContract(() => Settings());

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public Task EventsAndSnapshots_SurviveTheSystem() => _contract.EventsAndSnapshotsSurviveTheSystem("survive");

    [Fact]
    public Task LostRace_FailsOnlyTheLoser() => _contract.LostRaceFailsOnlyTheLoser("race");

    [Fact]
    public Task ManyActors_WriteAtOnce() => _contract.ManyActorsWriteAtOnce("many");

    [Fact]
    public Task LongHistory_IsReplayedInOrder() => _contract.LongHistoryIsReplayedInOrder("long");

    [Fact]
    public Task DeletedEvents_AreGone_AndTheNumberStays() => _contract.DeletedEventsAreGone_AndTheNumberStays("deleted");

    [Fact]
    public async Task Tables_AreTheDocumentedOnes()
    {
        var system = _contract.System();
        await SqlJournalContract.Counter(system, "tables").Ask<Sum>(new Add(41), Patience);
        await system.Terminate();

        using var connection = Open();
        Assert.Equal("wal", Scalar(connection, "PRAGMA journal_mode"));
        Assert.Equal(8192L, Scalar(connection, "PRAGMA page_size"));
        Assert.Equal(
            "1|0|tables|1",
            Scalar(connection, "SELECT ordering || '|' || deleted || '|' || persistence_id || '|' || sequence_number FROM journal"));
        Assert.Contains("41", (string)Scalar(connection, "SELECT CAST(message AS TEXT) FROM journal")!, StringComparison.Ordinal);
        // Both are the words of PlainEventSerializer, which wrote the event.
        Assert.Equal("99001|added", Scalar(connection, "SELECT identifier || '|' || manifest FROM journal"));
        Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM journal WHERE created > 0 AND length(writer_uuid) > 0"));
        Assert.Equal(0L, Scalar(connection, "SELECT count(*) FROM snapshot"));
        Assert.Equal(0L, Scalar(connection, "SELECT count(*) FROM tags"));
    }

    [Fact]
    public async Task FullDatabase_FailsTheWrite_AndTheJournalGoesOn()
    {
        var contract = new SqlJournalContract(() => Settings("sqlite-pragma.max_page_count = 60"));
        var system = contract.System();
        using var observer = new Observer(system);
        var actor = SqlJournalContract.Counter(system, "full", observer.Ref);
        Assert.Equal("recovered", observer.Next());
        var stopped = actor.WatchAsync();
        actor.Tell(new Add(1, 5000));
        Assert.Contains("full", observer.Next<string>(), StringComparison.Ordinal);
        Assert.True(await stopped.WaitAsync(Patience));
        Assert.Equal(new Sum(2, 1), await SqlJournalContract.Counter(system, "small").Ask<Sum>(new Add(2), Patience));
        await system.Terminate();
    }

    [Fact]
    public async Task LockedDatabase_FailsTheWriteInTime_AndTheJournalGoesOn()
    {
        var contract = new SqlJournalContract(() => Settings("sqlite-pragma.busy_timeout = 2s"));
        var system = contract.System();
        using var observer = new Observer(system);
        var actor = SqlJournalContract.Counter(system, "locked", observer.Ref);
        Assert.Equal("recovered", observer.Next());
        await actor.Ask<Sum>(new Add(1), Patience);
        using (var other = Open())
        {
            Scalar(other, "BEGIN IMMEDIATE");
            actor.Tell(new Add(2));
            Assert.Contains("locked by another process", observer.Next<string>(), StringComparison.Ordinal);
            Scalar(other, "ROLLBACK");
        }
        Assert.Equal(new Sum(4, 2), await SqlJournalContract.Counter(system, "locked").Ask<Sum>(new Add(3), Patience));
        await system.Terminate();
    }

    [Fact]
    public async Task SeveralSystems_StartAndWriteOnOneNewFile()
    {
        var systems = Enumerable.Range(0, 3).Select(_ => _contract.System()).ToList();
        var sums = await Task.WhenAll(systems.SelectMany((system, i) => Enumerable.Range(0, 10).Select(
            n => SqlJournalContract.Counter(system, $"shared-{i}-{n}").Ask<Sum>(new Add(1, 4), Patience))));
        Assert.All(sums, s => Assert.Equal(new Sum(4, 4), s));
        await Task.WhenAll(systems.Select(s => s.Terminate()));
    }

    private string Settings(string extra = "") =>
        $"connection-string = \"Data Source={_scratch.File("journal.db")}\"\nprovider-name = \"SQLite.MS\"\n{extra}\n";

    private SqliteConnection Open()
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection($"Data Source={_scratch.File("journal.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
