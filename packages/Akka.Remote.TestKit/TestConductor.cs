using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Akka.Remote.TestKit.Internal;
using Akka.Remote.Transport;

namespace Akka.Remote.TestKit;

/// <summary>Makes the <see cref="TestConductor"/> of an actor system.</summary>
public sealed class TestConductorExtension : ExtensionIdProvider<TestConductor>
{
    public override TestConductor CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>
/// Steers a multi-node test: barriers at which all nodes meet, and faults of nodes and of the network between them.
/// Any node may give orders. For any thread.
/// </summary>
public class TestConductor : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly PendingReplies _replies = new();
    private readonly bool _allowsFaults;
    private readonly TimeSpan _barrierTimeout;
    private FrameChannel? _channel;
    private ImmutableDictionary<RoleName, Address> _addresses = ImmutableDictionary<RoleName, Address>.Empty;
    private volatile bool _closing;

    internal TestConductor(ExtendedActorSystem system)
    {
        _system = system;
        _allowsFaults = MultiNodeConfig.AllowsFaults(system.Settings.Config);
        _barrierTimeout = system.Settings.Config.GetTimeSpan("akka.testconductor.barrier-timeout", TimeSpan.FromSeconds(30));
    }

    /// <summary>How long a barrier may take outside of Within: <c>akka.testconductor.barrier-timeout</c>, 30 s.</summary>
    internal TimeSpan BarrierTimeout => _barrierTimeout;

    private FrameChannel Channel => _channel ?? throw new InvalidOperationException("This node has not met the conductor yet.");

    private RemoteTransport Transport => ((RemoteActorRefProvider)_system.Provider).Transport;

    public static TestConductor Get(ActorSystem system) => system.WithExtension<TestConductor, TestConductorExtension>();

    /// <summary>Slows what <paramref name="node"/> exchanges with <paramref name="target"/> in the direction, seen from the node.</summary>
    /// <param name="rateMBit">Megabits per second.</param>
    public Task<Done> Throttle(RoleName node, RoleName target, ThrottleTransportAdapter.Direction direction, float rateMBit) =>
        rateMBit > 0
            ? Fault(new ConductorFrame(ConductorOp.Throttle, 0) { Node = node.Name, Target = target.Name, Direction = direction, RateMBit = rateMBit })
            : throw new ArgumentOutOfRangeException(nameof(rateMBit), rateMBit, "Use Blackhole to stop traffic and PassThrough to free it.");

    /// <summary>Drops what <paramref name="node"/> exchanges with <paramref name="target"/>, as when a cable is cut.</summary>
    public Task<Done> Blackhole(RoleName node, RoleName target, ThrottleTransportAdapter.Direction direction) =>
        Fault(new ConductorFrame(ConductorOp.Blackhole, 0) { Node = node.Name, Target = target.Name, Direction = direction });

    /// <summary>Ends Throttle and Blackhole.</summary>
    public Task<Done> PassThrough(RoleName node, RoleName target, ThrottleTransportAdapter.Direction direction) =>
        Fault(new ConductorFrame(ConductorOp.PassThrough, 0) { Node = node.Name, Target = target.Name, Direction = direction });

    /// <summary>Closes the connections between the two; they may open new ones.</summary>
    public Task<Done> Disconnect(RoleName node, RoleName target) =>
        Fault(new ConductorFrame(ConductorOp.Disconnect, 0) { Node = node.Name, Target = target.Name });

    /// <summary>Resets the connections between the two; they may open new ones.</summary>
    public Task<Done> Abort(RoleName node, RoleName target) =>
        Fault(new ConductorFrame(ConductorOp.Abort, 0) { Node = node.Name, Target = target.Name });

    /// <summary>Kills the process of the node, and goes on without it. Completes when the process is gone.</summary>
    public Task<Done> Exit(RoleName node, int exitValue) => Ask(new ConductorFrame(ConductorOp.Exit, 0) { Node = node.Name, ExitValue = exitValue });

    /// <summary>Terminates the actor system of the node, whose test code goes on but takes no part in barriers any more.</summary>
    /// <param name="abort">Cuts its connections first, so that peers hear no farewell.</param>
    public Task<Done> Shutdown(RoleName node, bool abort = false) =>
        Ask(new ConductorFrame(ConductorOp.Shutdown, 0) { Node = node.Name, Abruptly = abort });

    /// <summary>The nodes that take part now.</summary>
    public async Task<IEnumerable<RoleName>> GetNodes()
    {
        var reply = await _replies.AskAsync(Channel, new ConductorFrame(ConductorOp.Nodes, 0)).ConfigureAwait(false);
        return [.. reply.Addresses!.Keys.Order(StringComparer.Ordinal).Select(n => new RoleName(n))];
    }

    /// <summary>Goes on without the node at barriers, and leaves it alone otherwise.</summary>
    public Task<Done> RemoveNode(RoleName node) => Ask(new ConductorFrame(ConductorOp.Remove, 0) { Node = node.Name });

    /// <summary>Waits at a barrier until all nodes are there.</summary>
    /// <exception cref="InvalidOperationException">A node is gone, at another barrier, or late.</exception>
    public void Enter(RoleName roleName, string name) => Enter(_barrierTimeout, roleName, [name]);

    /// <summary>Waits at one barrier after the other, for the given time together.</summary>
    public void Enter(TimeSpan timeout, RoleName roleName, ImmutableList<string> names)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        foreach (var name in names)
        {
            var left = Math.Max(0, end - Environment.TickCount64);
            _replies.AskAsync(Channel, new ConductorFrame(ConductorOp.Enter, 0) { Node = roleName.Name, Barrier = name, TimeoutMs = left })
                .GetAwaiter().GetResult();
        }
    }

    /// <summary>Meets the conductor and waits until all roles are up.</summary>
    internal void Start(RoleName myself)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, NodeProcess.Current.ConductorPort);
        _channel = new FrameChannel(socket);
        _ = ObeyAsync(_channel);
        var hello = new ConductorFrame(ConductorOp.Hello, 0) { Node = myself.Name, Address = _system.Provider.DefaultAddress.ToString() };
        var reply = _replies.AskAsync(_channel, hello).GetAwaiter().GetResult();
        _addresses = reply.Addresses!.ToImmutableDictionary(a => new RoleName(a.Key), a => Address.Parse(a.Value));
    }

    /// <summary>Where the actor system of the role is.</summary>
    internal Address AddressOf(RoleName role) =>
        _addresses.TryGetValue(role, out var address) ? address : throw new ArgumentException($"There is no role {role.Name}.", nameof(role));

    /// <summary>Says goodbye: from here on the conductor may end.</summary>
    internal void Close()
    {
        _closing = true;
        _channel?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private async Task<Done> Ask(ConductorFrame order)
    {
        await _replies.AskAsync(Channel, order).ConfigureAwait(false);
        return Done.Instance;
    }

    private Task<Done> Fault(ConductorFrame order) => _allowsFaults
        ? Ask(order)
        : throw new ConfigurationException("Faults of the network need TestTransport = true in the MultiNodeConfig.");

    private async Task ObeyAsync(FrameChannel channel)
    {
        try
        {
            while (await channel.ReceiveAsync(CancellationToken.None).ConfigureAwait(false) is { } frame)
            {
                if (frame.Op == ConductorOp.Reply) _replies.Complete(frame);
                else await channel.SendAsync(new ConductorFrame(ConductorOp.Reply, frame.Id) { Error = TryObey(frame) }).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException)
        {
            // As good as closed.
        }

        _replies.Close("The conductor is gone.");
        // Whoever started this process is gone or has given up; nobody else would end it.
        if (!_closing) Environment.Exit(NodeProcess.ConductorLost);
    }

    private string? TryObey(ConductorFrame order)
    {
        try
        {
            Obey(order);
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private void Obey(ConductorFrame order)
    {
        switch (order.Op)
        {
            case ConductorOp.Throttle:
                Transport.Faults.Throttle(Address.Parse(order.Address!), order.Direction, order.RateMBit * 125_000);
                break;
            case ConductorOp.Blackhole:
                Transport.Faults.Blackhole(Address.Parse(order.Address!), order.Direction);
                break;
            case ConductorOp.PassThrough:
                Transport.Faults.PassThrough(Address.Parse(order.Address!), order.Direction);
                break;
            case ConductorOp.Disconnect or ConductorOp.Abort:
                Transport.Disconnect(Address.Parse(order.Address!));
                break;
            case ConductorOp.Shutdown:
                if (order.Abruptly) Transport.Abort();
                _ = _system.Terminate();
                break;
            default: throw new NotSupportedException($"A node does not obey {order.Op}.");
        }
    }
}
