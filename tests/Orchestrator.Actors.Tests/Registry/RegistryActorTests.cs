using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>The mailbox around <see cref="RegistryState"/>, on a real SQLite journal in a folder of its own.</summary>
public sealed class RegistryActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string Folder = Directory.CreateTempSubdirectory("orchestrator-registry").FullName;
    private readonly LocalRegistries _local = new(soleWriter: true);

    public RegistryActorTests() : base(Settings(Path.Combine(Folder, $"{Guid.CreateVersion7():N}.db")))
    {
    }

    [Fact]
    public async Task Writes_FromManyAtOnce_AreAnsweredOnceWithVersionsOfTheirOwn()
    {
        var registry = Start(TestObjects.ConfigMaps);

        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => WriteAsync(registry, TestObjects.Create($"o-{i}"))));

        Assert.All(results, r => Assert.Null(r.Error));
        Assert.Equal(Enumerable.Range(2, 500).Select(i => (long)i), results.Select(r => r.Object!.Revision).Order());
        Assert.Equal(501, _local.RevisionOf(TestObjects.ConfigMaps));
    }

    [Fact]
    public void Answers_ComeWhenDurable_AndARefusalNotBeforeWhatItRestsOn()
    {
        var registry = Start(TestObjects.ConfigMaps);
        registry.Tell(new WriteObjects(TestObjects.ConfigMaps, [TestObjects.Create("first")]), TestActor);
        ExpectMsg<ObjectsWritten>(Patience);

        // The second create of a name is refused by a decision, which needs no disk; the question about the version needs none either.
        for (var i = 0; i < 100; i++) registry.Tell(new WriteObjects(TestObjects.ConfigMaps, [TestObjects.Create($"o-{i / 2}")]), TestActor);
        for (var i = 0; i < 100; i++)
        {
            var result = ExpectMsg<ObjectsWritten>(Patience).Results[0];
            Assert.Equal(i % 2 == 0, result.Error is null);
            if (result.Object is { } written) Assert.Equal(3 + i / 2, written.Revision);
            Assert.True(_local.RevisionOf(TestObjects.ConfigMaps) >= 3 + i / 2);
        }
    }

    [Fact]
    public async Task Restart_RecoversWhatWasAcknowledged()
    {
        var registry = Start(TestObjects.ConfigMaps);
        await WriteAsync(registry, TestObjects.Create("stays"));
        await WriteAsync(registry, TestObjects.Create("goes"));
        await WriteAsync(registry, new RemoveObject(TestObjects.Key("goes")));
        await StopAsync(registry);

        var again = Start(TestObjects.ConfigMaps);
        Assert.Equal("AlreadyExists", (await WriteAsync(again, TestObjects.Create("stays"))).Error!.Reason);
        var created = await WriteAsync(again, TestObjects.Create("goes"));

        Assert.Equal(5, created.Object!.Revision);
    }

    [Fact]
    public async Task Restart_FromASnapshotOfSeveralParts_GivesTheSameState()
    {
        var registry = Start(TestObjects.ConfigMaps, snapshotAfter: 200);
        const int Objects = 2500;
        for (var batch = 0; batch < Objects / 500; batch++)
        {
            var writes = Enumerable.Range(batch * 500, 500).Select(i => (ObjectWrite)TestObjects.Create($"o-{i:0000}")).ToImmutableArray();
            await registry.Ask<ObjectsWritten>(new WriteObjects(TestObjects.ConfigMaps, writes), Patience);
        }
        await WriteAsync(registry, new RemoveObject(TestObjects.Key("o-0007")));
        await StopAsync(registry);

        var again = Start(TestObjects.ConfigMaps, snapshotAfter: 200);
        again.Tell(new FollowObjects(TestObjects.ConfigMaps, -1), TestActor);
        var listed = new List<StoredObject>();
        ObjectsListed part;
        do
        {
            part = ExpectMsg<ObjectsListed>(Patience);
            listed.AddRange(part.Objects);
        }
        while (!part.Last);

        Assert.Equal(Objects - 1, listed.Count);
        Assert.DoesNotContain(listed, o => o.Key.Name == "o-0007");
        Assert.Equal(Objects + 2, part.Revision);
    }

    [Fact]
    public async Task Heartbeats_AreNotJournaled_AndTheirVersionsNeverGoBack()
    {
        var registry = Start(ResourceTypes.Leases);
        await WriteAsync(registry, TestObjects.Create("lease"), ResourceTypes.Leases);
        long last = 0;
        for (var beat = 0; beat < 50; beat++)
        {
            var key = TestObjects.Key("lease");
            last = (await WriteAsync(registry, new ReplaceObject(key, TestObjects.Json(key, data: $"{beat}")), ResourceTypes.Leases)).Object!.Revision;
        }
        await StopAsync(registry);

        var after = await WriteAsync(Start(ResourceTypes.Leases), TestObjects.Create("other"), ResourceTypes.Leases);

        Assert.True(after.Object!.Revision > last, $"{after.Object.Revision} after {last}");
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        // Other tests of the class may still use files beside this one's; what is in use stays, and the folder is temporary.
        foreach (var file in Directory.GetFiles(Folder, "*.db*"))
            File.Delete(file);
    }

    [Fact]
    public async Task History_GoesBackFromRowToRow()
    {
        var registry = Start(TestObjects.ConfigMaps);
        var key = TestObjects.Key("aged");
        var created = (await WriteAsync(registry, TestObjects.Create("aged"))).Object!;
        for (var i = 0; i < 20; i++) await WriteAsync(registry, TestObjects.Create($"other-{i}"));
        var second = (await WriteAsync(registry, new ReplaceObject(key, TestObjects.Json(key, data: "second")))).Object!;
        var third = (await WriteAsync(registry, new ReplaceObject(key, TestObjects.Json(key, data: "third")))).Object!;
        var history = new JournalHistory(Sys, Settings(snapshotAfter: 10_000));
        var type = TestObjects.ConfigMaps;

        Assert.Equal(third.Text(), (await history.BackToAsync(type, third, third.Revision, default))!.Text());
        Assert.Equal(second.Text(), (await history.BackToAsync(type, third, second.Revision, default))!.Text());
        Assert.Equal(created.Text(), (await history.BackToAsync(type, third, second.Revision - 1, default))!.Text());
        Assert.Null(await history.BackToAsync(type, third, created.Revision - 1, default));

        var changes = await history.ReadAsync(type, second.Revision - 1, third.Revision, 10, withPrevious: true, default);
        Assert.Equal([created.Revision, second.Revision], changes!.Select(c => c.Previous!.Revision));
    }

    [Fact]
    public async Task History_TellsTheVersionOfATime()
    {
        var registry = Start(TestObjects.ConfigMaps);
        for (var i = 0; i < 30; i++) await WriteAsync(registry, TestObjects.Create($"o-{i}"));
        var history = new JournalHistory(Sys, Settings(snapshotAfter: 10_000));
        var rows = await history.ChangesAsync(TestObjects.ConfigMaps, 1, null, default);

        foreach (var row in rows)
        {
            // Rows of one commit may carry one time; then the newest of them counts.
            var expected = rows.Last(r => r.At <= row.At).Change.Object.Revision;
            Assert.Equal(expected, await history.RevisionAtAsync(TestObjects.ConfigMaps, row.At, 31, default));
        }
        Assert.Null(await history.RevisionAtAsync(TestObjects.ConfigMaps, DateTimeOffset.UnixEpoch, 31, default));
    }

    private IActorRef Start(ResourceType type, int snapshotAfter = 10_000) => Sys.ActorOf(RegistryActor.Props(
        type, Settings(snapshotAfter), _local, TimeProvider.System));

    private static RegistrySettings Settings(int snapshotAfter) => new() { SnapshotAfterMin = snapshotAfter, Retention = null, WaitingMax = 10_000 };

    private static Task<WriteResult> WriteAsync(IActorRef registry, ObjectWrite write) => WriteAsync(registry, write, TestObjects.ConfigMaps);

    private static async Task<WriteResult> WriteAsync(IActorRef registry, ObjectWrite write, ResourceType type) =>
        (await registry.Ask<ObjectsWritten>(new WriteObjects(type, [write]), Patience)).Results[0];

    private static Task<bool> StopAsync(IActorRef registry) => registry.GracefulStop(Patience, StopRegistry.Instance);

    private static Config Settings(string file) => ConfigurationFactory.ParseString($$"""
        akka.actor {
          serializers.orchestrator = "Orchestrator.Actors.Serialization.OrchestratorSerializer, Orchestrator.Actors"
          serialization-bindings { "Orchestrator.Actors.Serialization.IWireMessage, Orchestrator.Actors" = orchestrator }
        }
        akka.persistence.journal {
          plugin = "akka.persistence.journal.sql"
          sql { class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql", provider-name = "SQLite.MS", connection-string = "Data Source={{file}}" }
        }
        akka.persistence.snapshot-store {
          plugin = "akka.persistence.snapshot-store.sql"
          sql { class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql", provider-name = "SQLite.MS", connection-string = "Data Source={{file}}" }
        }
        """);
}
