using Akka.Actor;
using Akka.MultiNode.TestAdapter;
using Akka.Remote.TestKit;
using Akka.Remote.Transport;
using Akka.TestKit.TestActors;

namespace Orchestrator.MultiNode.Tests.TestKit;

/// <summary>Three roles without a cluster whose network can be disturbed.</summary>
public sealed class ThreeRoles : MultiNodeConfig
{
    public ThreeRoles()
    {
        First = Role("first");
        Second = Role("second");
        Third = Role("third");
        TestTransport = true;
    }

    public RoleName First { get; }
    public RoleName Second { get; }
    public RoleName Third { get; }
}

/// <summary>The orders of the conductor do what they say.</summary>
public class ConductorSpec : MultiNodeSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ThreeRoles _config;

    public ConductorSpec() : this(new ThreeRoles()) { }

    protected ConductorSpec(ThreeRoles config) : base(config, typeof(ConductorSpec)) => _config = config;

    protected override int InitialParticipantsValueFactory => Roles.Count;

    [MultiNodeFact]
    public async Task Orders_DisturbTheNetworkAndEndProcesses()
    {
        Sys.ActorOf(Props.Create(() => new EchoActor(this, true)), "echo");
        EnterBarrier("started");
        await RunOnAsync(DisturbAsync, _config.First);
        EnterBarrier("disturbed");

        await RunOnAsync(() => TestConductor.Exit(_config.Third, 0), _config.First);
        EnterBarrier("two-are-left");
        Assert.Equal(["first", "second"], (await TestConductor.GetNodes()).Select(n => n.Name));
        EnterBarrier("counted");

        await RunOnAsync(() => TestConductor.Shutdown(_config.Second, abort: true), _config.First);
        await RunOnAsync(() => Sys.WhenTerminated.WaitAsync(Patience), _config.Second);
        RunOn(() => EnterBarrier("alone"), _config.First);
    }

    private async Task DisturbAsync()
    {
        Assert.Equal(["first", "second", "third"], (await TestConductor.GetNodes()).Select(n => n.Name));
        await AwaitEchoAsync("at-first");

        await TestConductor.Blackhole(_config.First, _config.Second, ThrottleTransportAdapter.Direction.Send);
        Echo().Tell("into-the-hole", TestActor);
        // What goes to another node is not disturbed, and comes back later than the lost one would.
        await AwaitEchoAsync("around", _config.Third);
        Assert.False(HasMessages);

        await TestConductor.PassThrough(_config.First, _config.Second, ThrottleTransportAdapter.Direction.Send);
        await AwaitEchoAsync("healed");

        await TestConductor.Throttle(_config.First, _config.Second, ThrottleTransportAdapter.Direction.Both, 1);
        await AwaitEchoAsync("slow");
        await TestConductor.PassThrough(_config.First, _config.Second, ThrottleTransportAdapter.Direction.Both);

        await TestConductor.Disconnect(_config.First, _config.Second);
        await AwaitEchoAsync("reconnected");
        await TestConductor.Abort(_config.First, _config.Second);
        await AwaitEchoAsync("reconnected-again");
    }

    private ActorSelection Echo(RoleName? role = null) => Sys.ActorSelection(Node(role ?? _config.Second) / "user" / "echo");

    // Sent again and again, for what is on its way is lost with its connection.
    private Task AwaitEchoAsync(string text, RoleName? role = null) => AwaitAssertAsync(
        async () => Assert.Equal(text, await Echo(role).Ask<string>(text, TimeSpan.FromSeconds(2))), Patience);
}
