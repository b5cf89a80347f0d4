using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace Akka.Remote.TestKit;

/// <summary>
/// Base of multi-node tests. The same class runs in one process per role, and <see cref="RunOn"/> tells what only some of them do.
/// All have met the conductor when the constructor returns.
/// </summary>
public abstract class MultiNodeSpec : TestKitBase, IMultiNodeSpecCallbacks, IDisposable
{
    private static readonly Config NodeDefaults = ConfigurationFactory.ParseString("""
        akka {
          loglevel = WARNING
          stdout-loglevel = WARNING
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          # The test ends the system itself, and its process must outlive it.
          coordinated-shutdown { terminate-actor-system = off, run-by-actor-system-terminate = off, run-by-clr-shutdown-hook = off }
        }
        """);

    private bool _disposed;

    protected MultiNodeSpec(MultiNodeConfig config, Type type)
        : base(new XunitAssertions(), CreateSystem(config, type))
    {
        Myself = config.Myself;
        Roles = config.Roles;
        TestConductor = TestConductor.Get(Sys);
        if (InitialParticipants <= 0 || InitialParticipants > Roles.Count)
            throw new InvalidOperationException($"{InitialParticipants} initial participants of {Roles.Count} roles.");
        TestConductor.Start(Myself);
    }

    public RoleName Myself { get; }
    public ImmutableList<RoleName> Roles { get; }

    /// <summary>How many roles take part from the start.</summary>
    public int InitialParticipants => InitialParticipantsValueFactory;

    protected TestConductor TestConductor { get; }
    protected abstract int InitialParticipantsValueFactory { get; }

    /// <summary>How long the system may take to terminate at the end.</summary>
    protected virtual TimeSpan ShutdownTimeout => Dilated(TimeSpan.FromSeconds(15));

    /// <summary>Whether a system that does not terminate in time fails the test.</summary>
    protected virtual bool VerifySystemShutdown => false;

    /// <summary>Runs in every process before the test method.</summary>
    protected virtual void AtStartup() { }

    /// <summary>Runs in every process when its system has terminated.</summary>
    protected virtual void AfterTermination() { }

    public void RunOn(Action thunk, params RoleName[] nodes)
    {
        if (IsNode(nodes)) thunk();
    }

    public Task RunOnAsync(Func<Task> thunkAsync, params RoleName[] nodes) => IsNode(nodes) ? thunkAsync() : Task.CompletedTask;

    public bool IsNode(params RoleName[] nodes) => nodes.Contains(Myself);

    /// <summary>Waits at each barrier in turn until all nodes are there; within the time left, or the timeout of barriers.</summary>
    public void EnterBarrier(params string[] name) => TestConductor.Enter(RemainingOr(TestConductor.BarrierTimeout), Myself, [.. name]);

    /// <summary>Root of the actors of a role.</summary>
    public ActorPath Node(RoleName role) => new RootActorPath(TestConductor.AddressOf(role));

    void IMultiNodeSpecCallbacks.MultiNodeSpecBeforeAll() => AtStartup();

    void IMultiNodeSpecCallbacks.MultiNodeSpecAfterAll() => Dispose();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _disposed) return;
        _disposed = true;
        try
        {
            Shutdown(Sys, ShutdownTimeout, VerifySystemShutdown);
            AfterTermination();
        }
        finally
        {
            TestConductor.Close();
        }
    }

    private static ActorSystem CreateSystem(MultiNodeConfig config, Type type) =>
        ActorSystem.Create(type.Name, config.Config.WithFallback(NodeDefaults).WithFallback(DefaultConfig));
}
