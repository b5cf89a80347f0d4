using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Registry;

namespace Orchestrator.Actors.Tests.Controllers;

/// <summary>The entity around a controller: triggers, passes, retries, and a journal that survives it.</summary>
public sealed class ControllerActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DecisionCause Cause = new("configmaps", "d/x", 7);

    private readonly string _folder;
    private readonly HeldRegistries _registries = new();
    private readonly ScriptedController _controller = new();

    public ControllerActorTests() : this(Directory.CreateTempSubdirectory("orchestrator-controllers").FullName)
    {
    }

    private ControllerActorTests(string folder) : base(JournalConfig.Sqlite(Path.Combine(folder, "journal.db"))) => _folder = folder;

    [Fact]
    public async Task Triggers_DuringAPass_AreCollapsedIntoOneMore()
    {
        await NamespaceAsync();
        var held = _registries.Hold();
        _controller.Script = pass => pass == 1 ? [Create("made")] : [];
        var entity = Start();
        entity.Tell(Trigger());
        await held.Arrived.WaitAsync(Patience);
        for (var n = 0; n < 20; n++) entity.Tell(Trigger());
        // One message after them: they have been taken in when it is answered.
        await entity.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience);
        Assert.Equal(1, _controller.Passes);
        held.Release();

        await AwaitAssertAsync(() => Assert.Equal(2, _controller.Passes), Patience);
        entity.Tell(Trigger());
        await AwaitAssertAsync(() => Assert.Equal(3, _controller.Passes), Patience);
        Assert.Equal(1, _controller.AtOnceMax);
    }

    [Fact]
    public async Task Refusals_AreRetriedWithGrowingPauses_UntilTheyEnd()
    {
        await NamespaceAsync();
        var refusals = 3;
        var configMaps = await _registries.InformerAsync(ResourceTypes.ConfigMaps);
        _registries.Inner.BeforeWrite = (type, _) => type == ResourceTypes.ConfigMaps && refusals-- > 0 ? ApiError.Internal("not now") : null;
        _controller.Script = _ => configMaps.Get(new ObjectKey("d", "made")) is null ? [Create("made")] : [];
        var entity = Start();

        entity.Tell(Trigger());

        await AwaitAssertAsync(() => Assert.NotNull(configMaps.Get(new ObjectKey("d", "made"))), Patience);
        var starts = _controller.Starts;
        // 50, 100 and 200 ms, a quarter less at most by the jitter, and timers may be a little early.
        for (var n = 0; n < 3; n++)
            Assert.True(Stopwatch.GetElapsedTime(starts[n], starts[n + 1]) > TimeSpan.FromMilliseconds(50 * (1 << n) * 0.7), $"pass {n + 1} came too early");
        ControllerDecisions decisions = null!;
        await AwaitAssertAsync(async () =>
        {
            decisions = await entity.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience);
            Assert.Equal(4, decisions.Count);
        }, Patience);
        Assert.Equal(["Internal error occurred: not now", "Internal error occurred: not now", "Internal error occurred: not now", ""], decisions.Recent.Select(d => d.Outcome));
    }

    // A timer of centuries overflows and is due at once, and the clock on the wall may be set while one of months runs.
    [Theory]
    [InlineData(-1, 10)]
    [InlineData(0, 10)]
    [InlineData(500, 500)]
    [InlineData(long.MaxValue / 10_000, 86_400_000)]
    public void Sleep_IsBounded(long askedMs, long sleptMs) =>
        Assert.Equal(TimeSpan.FromMilliseconds(sleptMs), ControllerActor.SleepOf(TimeSpan.FromTicks(askedMs * TimeSpan.TicksPerMillisecond)));

    [Fact]
    public async Task Decisions_SurviveARestart_WithTheirCauses()
    {
        await NamespaceAsync();
        _controller.Script = pass => [Create($"made-{pass}")];
        var entity = Start();
        for (var n = 1; n <= 3; n++)
        {
            entity.Tell(Trigger());
            var count = n;
            await AwaitAssertAsync(async () =>
                Assert.Equal(count, (await entity.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience)).Count), Patience);
        }
        var before = await entity.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience);
        await StopAsync(entity);

        var after = await Start().Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience);

        Assert.Equal(3, after.Count);
        Assert.Equal(before.Recent.Select(d => (d.At, d.Cause, d.Actions[0])), after.Recent.Select(d => (d.At, d.Cause, d.Actions[0])));
        Assert.All(after.Recent, d => Assert.Equal(Cause, d.Cause));
        Assert.Equal("create configmaps d/made-1", after.Recent[0].Actions[0]);
    }

    [Fact]
    public async Task DeathBetweenTheWriteAndTheJournal_CreatesNothingTwice()
    {
        await NamespaceAsync();
        // A controller that has not seen what it made decides the same again, as after a fail-over with an empty cache.
        _controller.ScriptNamed = seed => [Create(DecidedNames.Generate("made-", seed, 0)), Create(DecidedNames.Generate("made-", seed, 1))];
        var held = _registries.HoldAnswers();
        var entity = Start();
        entity.Tell(Trigger());
        await held.Arrived.WaitAsync(Patience);
        await StopAsync(entity);
        held.Release();

        var again = Start();
        Assert.Equal(0, (await again.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience)).Count);
        again.Tell(Trigger());
        await AwaitAssertAsync(async () =>
            Assert.Equal(1, (await again.Ask<ControllerDecisions>(new GetDecisions("test", "d", "x"), Patience)).Count), Patience);

        Assert.Equal(2, (await _registries.InformerAsync(ResourceTypes.ConfigMaps)).Objects.EnumerateFrom().Count());
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task NamespaceAsync()
    {
        var store = Store();
        Assert.Null((await store.CreateAsync(store.SchemaOf(ResourceTypes.Namespaces), "",
            new JsonObject { ["metadata"] = new JsonObject { ["name"] = "d" } })).Error);
    }

    private async Task StopAsync(IActorRef entity)
    {
        Watch(entity);
        Sys.Stop(entity);
        await ExpectTerminatedAsync(entity, Patience);
    }

    private ResourceStore Store() => new(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System);

    private IActorRef Start()
    {
        var settings = new ControllerSettings { RetryMin = TimeSpan.FromMilliseconds(50), PauseMax = TimeSpan.Zero };
        var runner = new ActionRunner(Store(), new EventRecorder(_registries, TimeProvider.System, ""));
        return Sys.ActorOf(ControllerActor.Props("test/d/x", new ControllerServices(
            ImmutableDictionary<string, KindController>.Empty.Add("test", _controller), new ControllerCaches(_registries), runner, settings, TimeProvider.System)));
    }

    private static TriggerReconcile Trigger() => new("test", "d", "x", Cause);

    private static CreateAction Create(string name) => new(ResourceTypes.ConfigMaps, new ObjectKey("d", name),
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "d" } });

    private sealed class ScriptedController : KindController
    {
        private readonly List<long> _starts = [];
        private int _atOnce;

        public Func<int, ImmutableArray<ControllerAction>> Script { get; set; } = static _ => [];
        public Func<string, ImmutableArray<ControllerAction>>? ScriptNamed { get; set; }
        public int AtOnceMax { get; private set; }
        public int Passes { get { lock (_starts) return _starts.Count; } }
        public long[] Starts { get { lock (_starts) return [.. _starts]; } }

        public override string Name => "test";
        public override ImmutableArray<ResourceType> Reads { get; } = [];

        public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) => [];

        public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
        {
            AtOnceMax = Math.Max(AtOnceMax, Interlocked.Increment(ref _atOnce));
            int pass;
            lock (_starts)
            {
                _starts.Add(Stopwatch.GetTimestamp());
                pass = _starts.Count;
            }
            var result = new ReconcileResult(ScriptNamed?.Invoke(context.NameSeed) ?? Script(pass));
            Interlocked.Decrement(ref _atOnce);
            return result;
        }
    }

    /// <summary>Registries that can be held before they write, or before they answer.</summary>
    private sealed class HeldRegistries : IRegistries
    {
        private Hold? _before, _after;

        public InMemoryRegistries Inner { get; } = new();

        public IChangeHistory History => Inner.History;

        public IEnumerable<Informer> Informers => Inner.Informers;

        public Held Hold() => (_before = new Hold()).Handle;

        public Held HoldAnswers() => (_after = new Hold()).Handle;

        public async Task<ImmutableArray<WriteResult>> WriteAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default)
        {
            if (type == ResourceTypes.ConfigMaps && Interlocked.Exchange(ref _before, null) is { } before) await before.PassAsync();
            var results = await Inner.WriteAsync(type, writes, cancellationToken);
            if (type == ResourceTypes.ConfigMaps && Interlocked.Exchange(ref _after, null) is { } after) await after.PassAsync();
            return results;
        }

        public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default) => Inner.InformerAsync(type, cancellationToken);

        public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default) => Inner.ConsistentAsync(type, cancellationToken);
    }

    private sealed class Hold
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Held Handle => new(_arrived.Task, () => _released.TrySetResult());

        public Task PassAsync()
        {
            _arrived.TrySetResult();
            return _released.Task;
        }
    }

    private sealed record Held(Task Arrived, Action Release);
}
