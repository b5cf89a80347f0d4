using System.Linq.Expressions;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit.Internal;
using Akka.Util;
using Akka.Util.Internal;

namespace Akka.TestKit;

/// <summary>An actor system and a test actor whose messages a test can expect. For one thread at a time.</summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static readonly AtomicCounter TestActorNumber = new();
    private static readonly Lazy<Config> Defaults = new(() =>
        ConfigurationFactory.FromResource("Akka.TestKit.Internal.Reference.conf", typeof(TestKitBase).Assembly));

    private readonly MessageQueue _queue = new();
    private readonly ITestKitAssertions _assertions;
    private IActorRef _testActor;
    private MessageEnvelope _last = NullMessageEnvelope.Instance;

    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system = null, string testActorName = null)
        : this(assertions, system, ActorSystemSetup.Empty, null, testActorName) { }

    protected TestKitBase(ITestKitAssertions assertions, ActorSystemSetup setup, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, setup, actorSystemName, testActorName) { }

    protected TestKitBase(ITestKitAssertions assertions, Config config, string actorSystemName = null, string testActorName = null)
        : this(assertions, null, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName) { }

    protected TestKitBase(ITestKitAssertions assertions, ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        ArgumentNullException.ThrowIfNull(assertions);
        _assertions = assertions;
        InitializeTest(system, config, actorSystemName, testActorName);
    }

    public static Config DefaultConfig => Defaults.Value;

    public static Config FullDebugConfig { get; } = ConfigurationFactory.ParseString("""
        akka.loglevel = DEBUG
        akka.log-dead-letters-during-shutdown = true
        akka.actor.debug { receive = true, autoreceive = true, lifecycle = true, event-stream = true, unhandled = true, fsm = true }
        """);

    public ActorSystem Sys { get; private set; }
    public TestKitSettings TestKitSettings { get; private set; }
    public IActorRef TestActor => _testActor;
    public EventFilterFactory EventFilter => new(this, Sys);
    public bool HasMessages => _queue.Count > 0;

    /// <summary>Who sent the message that was received last.</summary>
    public IActorRef LastSender => _last.Sender;

    protected internal ITestKitAssertions KitAssertions => _assertions;

    protected virtual void InitializeTest(ActorSystem system, ActorSystemSetup config, string actorSystemName, string testActorName)
    {
        if (system is null)
        {
            var bootstrap = config.Get<BootstrapSetup>().GetOrElse(BootstrapSetup.Create());
            var own = bootstrap.Config.HasValue ? bootstrap.Config.Value.WithFallback(DefaultConfig) : DefaultConfig;
            system = ActorSystem.Create(actorSystemName ?? "test", config.WithSetup(bootstrap.WithConfig(own)));
        }
        else system.Settings.InjectTopLevelFallback(DefaultConfig);

        Sys = system;
        TestKitSettings = TestKitExtension.For(system);
        _testActor = CreateTestActor(system, testActorName ?? "testActor" + TestActorNumber.IncrementAndGet());
        if (this is INoImplicitSender) return;
        var cell = (ActorCell)((ActorRefWithCell)_testActor).Underlying;
        InternalCurrentActorCellKeeper.Current = cell;
        SynchronizationContext.SetSynchronizationContext(new CellKeepingSynchronizationContext(cell));
    }

    /// <summary>One more actor whose messages land in the queue of this test.</summary>
    public IActorRef CreateTestActor(string name) => CreateTestActor(Sys, name);

    private IActorRef CreateTestActor(ActorSystem system, string name)
    {
        var props = Props.Create(() => new InternalTestActor(_queue)).WithDispatcher("akka.test.test-actor.dispatcher");
        return ((ExtendedActorSystem)system).SystemActorOf(props, name);
    }

    public virtual TestProbe CreateTestProbe(string name = null) => CreateTestProbe(Sys, name);

    public virtual TestProbe CreateTestProbe(ActorSystem system, string name = null) => new(system, _assertions, name);

    public virtual TestLatch CreateTestLatch(int count = 1) => new(Dilated, TestKitSettings.DefaultTimeout, count);

    public TestBarrier CreateTestBarrier(int count) => new(this, count);

    public void IgnoreMessages(Predicate<object> shouldIgnoreMessage) => _testActor.Tell(new InternalTestActor.SetIgnored(shouldIgnoreMessage), ActorRefs.NoSender);

    public void IgnoreMessages<T>(Predicate<T> shouldIgnoreMessage = null) =>
        IgnoreMessages(m => m is T t && (shouldIgnoreMessage is null || shouldIgnoreMessage(t)));

    public void IgnoreNoMessages() => IgnoreMessages(null);

    public void SetAutoPilot(AutoPilot pilot) => _testActor.Tell(new InternalTestActor.SetPilot(pilot), ActorRefs.NoSender);

    /// <summary>The test actor gets Terminated when the other one stops; it watches when this returns.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        WatchAsync(actorToWatch).GetAwaiter().GetResult();
        return actorToWatch;
    }

    public async Task<IActorRef> WatchAsync(IActorRef actorToWatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _testActor.Tell(new InternalTestActor.WatchActor(actorToWatch, done), ActorRefs.NoSender);
        await done.Task.WaitAsync(RemainingOrDefault).ConfigureAwait(false);
        return actorToWatch;
    }

    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        UnwatchAsync(actorToUnwatch).GetAwaiter().GetResult();
        return actorToUnwatch;
    }

    public async Task<IActorRef> UnwatchAsync(IActorRef actorToUnwatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _testActor.Tell(new InternalTestActor.UnwatchActor(actorToUnwatch, done), ActorRefs.NoSender);
        await done.Task.WaitAsync(RemainingOrDefault).ConfigureAwait(false);
        return actorToUnwatch;
    }

    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);
    public IActorRef ActorOf(Props props, string name) => Sys.ActorOf(props, name);
    public IActorRef ActorOf<TActor>() where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>());
    public IActorRef ActorOf<TActor>(string name) where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory) where TActor : ActorBase => Sys.ActorOf(Props.Create(factory));
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name) where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);
    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);
    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);
    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => Sys.ActorSelection(anchorRef, actorPath);

    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Props props, IActorRef supervisor, string name = null) where TActor : ActorBase =>
        new(Sys, props, supervisor, name);

    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Props props, string name = null) where TActor : ActorBase => new(Sys, props, null, name);

    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(Expression<Func<TActor>> factory, string name = null) where TActor : ActorBase =>
        new(Sys, Props.Create(factory), null, name);

    public TestActorRef<TActor> ActorOfAsTestActorRef<TActor>(string name = null) where TActor : ActorBase, new() =>
        new(Sys, Props.Create<TActor>(), null, name);

    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Shutdown(Sys, duration, verifySystemShutdown);

    /// <summary>Terminates a system; when it takes too long that fails the test if asked to, and is logged otherwise.</summary>
    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        if (InternalCurrentActorCellKeeper.Current is { } cell && ReferenceEquals(cell.System, system)) InternalCurrentActorCellKeeper.Current = null;
        var wait = duration ?? Dilated(TimeSpan.FromSeconds(10));
        if (system.Terminate().Wait(wait)) return;
        var text = $"Failed to stop [{system.Name}] within [{wait}]\n{((ExtendedActorSystem)system).PrintTree()}";
        if (verifySystemShutdown) throw new TimeoutException(text);
        Event.LoggingExtensions.Warning(system.Log, text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
    }
}
