using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

/// <summary>The registry when its journal fails, when another wins its log, and when an answer got lost.</summary>
public sealed class RegistryFailureTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly ResourceType Type = TestObjects.ConfigMaps;

    private readonly string _folder;
    private readonly JournalGate _gate;
    private readonly LocalRegistries _local = new();

    public RegistryFailureTests() : this(Directory.CreateTempSubdirectory("orchestrator-failing-journal").FullName)
    {
    }

    private RegistryFailureTests(string folder) : base(ConfigurationFactory.ParseString($$"""
        akka.persistence.journal.sql.class = "Orchestrator.Actors.Tests.Registry.GatedJournal, Orchestrator.Actors.Tests"
        """).WithFallback(JournalConfig.Sqlite(Path.Combine(folder, "journal.db"))))
    {
        _folder = folder;
        _gate = JournalGate.Of($"Data Source={Path.Combine(folder, "journal.db")}");
    }

    [Fact]
    public async Task FailedWrite_FailsAllThatWasDecidedOnTopOfIt_AndNothingOfItIsEverRead()
    {
        var registry = Start();
        await WriteAsync(registry, TestObjects.Create("before"));
        var follower = CreateTestProbe();
        registry.Tell(new FollowObjects(Type, -1), follower);
        follower.ExpectMsg<ObjectsListed>(Patience);
        Watch(registry);

        _gate.Close();
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        registry.Tell(Write(TestObjects.Create("a")), first);
        await _gate.AwaitWriteAsync(Patience);
        // Decided on top of what is being written: a change of it, and a refusal that only it explains.
        registry.Tell(Write(new RemoveObject(TestObjects.Key("a"))), second);
        registry.Tell(Write(TestObjects.Create("a", uid: "u2")), second);
        registry.Tell(new GetRevision(Type, Confirmed: false), TestActor);
        Assert.Equal(2, ExpectMsg<CurrentRevision>(Patience).Revision);
        _gate.Fail();

        Assert.Equal("Timeout", ErrorTo(first));
        Assert.Equal("Timeout", ErrorTo(second));
        Assert.Equal("Timeout", ErrorTo(second));
        ExpectTerminated(registry, Patience);
        Assert.False(follower.HasMessages, "a follower was told of what is not in the journal");

        var again = Start();
        var names = await ListAsync(again);
        Assert.Equal(["before"], names);
        Assert.Equal(3, (await WriteAsync(again, TestObjects.Create("a"))).Object!.Revision);
    }

    [Fact]
    public async Task Loser_OfTheCompareAndSwap_StopsAndRecoversWhatTheWinnerWrote()
    {
        var winner = Start();
        await WriteAsync(winner, TestObjects.Create("shared"));
        var loser = Start();
        // It has recovered before the winner's next write.
        Assert.Equal(2, await RevisionAsync(loser));
        var won = await WriteAsync(winner, TestObjects.Create("won"));
        Watch(loser);

        var lost = await WriteAsync(loser, TestObjects.Create("lost"));

        Assert.Equal("Timeout", lost.Error!.Reason);
        ExpectTerminated(loser, Patience);
        var next = Start();
        Assert.Equal(["shared", "won"], await ListAsync(next));
        Assert.Equal(won.Object!.Revision + 1, (await WriteAsync(next, TestObjects.Create("lost"))).Object!.Revision);
    }

    [Fact]
    public async Task Again_WhileTheFirstIsUnderWay_IsAnsweredOnce()
    {
        var registry = Start();
        await WriteAsync(registry, TestObjects.Create("before"));
        _gate.Close();
        var write = Write(TestObjects.Create("a"));
        registry.Tell(write, TestActor);
        await _gate.AwaitWriteAsync(Patience);
        registry.Tell(write with { Again = true }, TestActor);
        _gate.Open();

        Assert.Equal(3, ExpectMsg<ObjectsWritten>(Patience).Results[0].Object!.Revision);
        registry.Tell(new GetRevision(Type, Confirmed: false), TestActor);
        Assert.Equal(3, ExpectMsg<CurrentRevision>(Patience).Revision);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Again_AfterTheOwnersDeath_NeitherDoublesNorLoses(bool committed)
    {
        var registry = Start();
        await WriteAsync(registry, TestObjects.Create("kept"));
        ObjectWrite[] writes =
        [
            TestObjects.Create("a", uid: "u7"),
            new ReplaceObject(TestObjects.Key("kept"), TestObjects.Json(TestObjects.Key("kept"), data: "new"), IfRevision: 2),
        ];
        var command = new WriteObjects(Type, [.. writes]);
        // The owner dies with the answer on its lips, or before it has written.
        if (committed) await registry.Ask<ObjectsWritten>(command, Patience);
        Watch(registry);
        Sys.Stop(registry);
        ExpectTerminated(registry, Patience);

        var again = Start();
        var answer = await again.Ask<ObjectsWritten>(command with { Again = true }, Patience);

        Assert.All(answer.Results, r => Assert.Null(r.Error));
        Assert.Equal([3L, 4L], answer.Results.Select(r => r.Object!.Revision));
        Assert.Equal(4, await RevisionAsync(again));
        // A stranger who wants the name is refused all the same.
        Assert.Equal("AlreadyExists", (await again.Ask<ObjectsWritten>(Write(TestObjects.Create("a", uid: "u8")) with { Again = true }, Patience)).Results[0].Error!.Reason);
    }

    [Fact]
    public async Task Confirmation_WhileTheOwnWriteIsUnderWay_WaitsForItsOutcome()
    {
        var registry = Start();
        await WriteAsync(registry, TestObjects.Create("before"));
        _gate.Close();
        registry.Tell(Write(TestObjects.Create("a")), TestActor);
        await _gate.AwaitWriteAsync(Patience);
        // The journal does not have it yet, so a reader need not wait for it.
        Assert.Equal(2, await RevisionAsync(registry));
        _gate.Open();
        ExpectMsg<ObjectsWritten>(Patience);
        Assert.Equal(3, await RevisionAsync(registry));
    }

    [Fact]
    public async Task Retention_RemovesOldChanges_AndAWatchFromBeforeIsExpired()
    {
        var settings = new RegistrySettings { SnapshotAfterMin = 10, Retention = TimeSpan.FromHours(1), WaitingMax = 10_000 };
        var clock = new SteppedClock();
        var registry = Sys.ActorOf(RegistryActor.Props(Type, settings, _local, clock));
        var history = new JournalHistory(Sys, settings);
        for (var n = 0; n < 15; n++) await WriteAsync(registry, TestObjects.Create($"old-{n}"));
        Assert.NotNull(await history.ReadAsync(Type, 1, 16, 100, false, CancellationToken.None));

        clock.Now += TimeSpan.FromHours(2);
        // A snapshot of now lets go of what lies before the one of two hours ago; rows go after it, in the background.
        var key = TestObjects.Key("old-1");
        for (var n = 0; n < 40; n++) await WriteAsync(registry, new ReplaceObject(key, TestObjects.Json(key, data: $"{n}")));
        await AwaitAssertAsync(async () =>
        {
            Assert.Null(await history.ReadAsync(Type, 1, 16, 100, false, CancellationToken.None));
        }, Patience);

        var newest = await RevisionAsync(registry);
        Assert.NotEmpty((await history.ReadAsync(Type, newest - 1, newest, 100, false, CancellationToken.None))!);
        var informer = new Informer(Type, history);
        informer.Reset([], newest);
        var late = informer.Watch(1);
        Assert.Null(await late.NextAsync(CancellationToken.None));
        var oldest = await late.OldestAsync(CancellationToken.None);
        Assert.InRange(oldest, 2, newest);
        Assert.NotNull(await history.ReadAsync(Type, oldest, newest, 100, false, CancellationToken.None));
        Assert.Null(await history.ReadAsync(Type, oldest - 1, newest, 100, false, CancellationToken.None));
        Sys.Stop(Watch(registry));
        ExpectTerminated(registry, Patience);
        Assert.Contains("old-0", await ListAsync(Start()));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private static WriteObjects Write(ObjectWrite write) => new(Type, [write]);

    private static string ErrorTo(TestProbe writer) => writer.ExpectMsg<ObjectsWritten>(Patience).Results[0].Error?.Reason ?? "none";

    private static async Task<WriteResult> WriteAsync(IActorRef registry, ObjectWrite write) =>
        (await registry.Ask<ObjectsWritten>(Write(write), Patience)).Results[0];

    private static async Task<long> RevisionAsync(IActorRef registry) =>
        (await registry.Ask<CurrentRevision>(new GetRevision(Type, Confirmed: true), Patience)).Revision;

    private async Task<string[]> ListAsync(IActorRef registry)
    {
        var probe = CreateTestProbe();
        registry.Tell(new FollowObjects(Type, -1), probe);
        var listed = await probe.ExpectMsgAsync<ObjectsListed>(Patience);
        return [.. listed.Objects.Select(o => o.Key.Name).Order(StringComparer.Ordinal)];
    }

    private IActorRef Start() => Sys.ActorOf(RegistryActor.Props(
        Type, new RegistrySettings { SnapshotAfterMin = 10_000, Retention = null, WaitingMax = 10_000 }, _local, TimeProvider.System));

    private sealed class SteppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
