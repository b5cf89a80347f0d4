using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Events;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Actors.Tests.Registry;

namespace Orchestrator.Actors.Tests.Controllers;

/// <summary>What a controller must be sure of before it acts, and what is left to do when its journal is away.</summary>
public sealed class ControllerFailureTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TriggerReconcile Trigger = new("test", "d", "x", new DecisionCause("configmaps", "d/x", 7));

    private readonly string _folder;
    private readonly JournalGate _gate;
    private readonly InMemoryRegistries _registries = new();
    private readonly ControllerCaches _caches;
    private readonly RecordingController _controller = new();

    public ControllerFailureTests() : this(Directory.CreateTempSubdirectory("orchestrator-failing-controller").FullName)
    {
    }

    private ControllerFailureTests(string folder) : base(ConfigurationFactory.ParseString("""
        akka.persistence.journal.sql.class = "Orchestrator.Actors.Tests.Registry.GatedJournal, Orchestrator.Actors.Tests"
        """).WithFallback(JournalConfig.Sqlite(Path.Combine(folder, "journal.db"))))
    {
        _folder = folder;
        _gate = JournalGate.Of($"Data Source={Path.Combine(folder, "journal.db")}");
        _caches = new ControllerCaches(_registries);
    }

    [Fact]
    public async Task Adoption_IsDecidedAgain_WithItsOwnTypeUpToDate()
    {
        var cache = await _caches.OpenAsync(ResourceTypes.ConfigMaps);
        cache.Reset((await _registries.InformerAsync(ResourceTypes.ConfigMaps)).Objects);
        var patch = new PatchAction(ResourceTypes.ConfigMaps, new ObjectKey("d", "child"), "u", new JsonObject()) { Adopts = true };
        // By the second look the owner is known to be on its way out.
        _controller.Script = context => context.Confirmed ? [] : [patch];
        Start().Tell(Trigger);
        await AwaitAssertAsync(() => Assert.Equal([false, true], _controller.Confirmed), Patience);
    }

    [Fact]
    public async Task JournalIsAway_TheTriggerComesAgain()
    {
        await _caches.OpenAsync(ResourceTypes.ConfigMaps);
        (await _caches.OpenAsync(ResourceTypes.ConfigMaps)).Reset((await _registries.InformerAsync(ResourceTypes.ConfigMaps)).Objects);
        _controller.Script = static _ => [new CreateAction(ResourceTypes.ConfigMaps, new ObjectKey("d", "made"),
            new JsonObject { ["metadata"] = new JsonObject { ["name"] = "made", ["namespace"] = "d" } })];
        _gate.Close();
        var entity = Start();
        Watch(entity);
        entity.Tell(Trigger);
        await _gate.AwaitWriteAsync(Patience);
        _gate.Fail();
        await ExpectTerminatedAsync(entity, Patience);
        Assert.Equal(Trigger, await ExpectMsgAsync<TriggerReconcile>(Patience));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private IActorRef Start()
    {
        var store = new ResourceStore(_registries, static () => SchemaCatalog.BuiltIn, TimeProvider.System);
        var services = new ControllerServices(
            ImmutableDictionary<string, KindController>.Empty.Add("test", _controller), _caches,
            new ActionRunner(store, new EventRecorder(_registries, TimeProvider.System, "")),
            new ControllerSettings { RetryMin = TimeSpan.FromMilliseconds(50), RetryMax = TimeSpan.FromMilliseconds(100), PauseMax = TimeSpan.Zero }, TimeProvider.System);
        return ActorOfAsTestActorRef<Shard>(Props.Create(() => new Shard(ControllerActor.Props("test/d/x", services), TestActor))).UnderlyingActor.Entity;
    }

    /// <summary>The parent of entities: what they tell it, the test gets.</summary>
    private sealed class Shard(Props entity, IActorRef test) : ReceiveActor
    {
        public IActorRef Entity { get; } = Context.ActorOf(entity);

        protected override bool AroundReceive(Receive receive, object message)
        {
            test.Forward(message);
            return true;
        }
    }

    private sealed class RecordingController : KindController
    {
        private readonly List<bool> _confirmed = [];

        public Func<ReconcileContext, ImmutableArray<ControllerAction>> Script { get; set; } = static _ => [];
        public bool[] Confirmed { get { lock (_confirmed) return [.. _confirmed]; } }

        public override string Name => "test";
        public override ImmutableArray<ResourceType> Reads { get; } = [ResourceTypes.ConfigMaps];

        public override IEnumerable<ObjectKey> KeysOf(ResourceType type, ObjectChange change, ControllerCaches caches) => [];

        public override ReconcileResult Reconcile(ObjectKey key, ControllerCaches caches, ReconcileContext context)
        {
            lock (_confirmed) _confirmed.Add(context.Confirmed);
            return new ReconcileResult(Script(context));
        }
    }
}
