using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>Makes the <see cref="Cluster"/> of an actor system.</summary>
public sealed class ClusterExtension : ExtensionIdProvider<Cluster>
{
    internal static readonly ClusterExtension Instance = new();

    /// <inheritdoc />
    public override Cluster CreateExtension(ExtendedActorSystem system) => new((ActorSystemImpl)system);
}

/// <summary>
/// The membership of this actor system: joins and leaves, and tells who else is there. All members may be thread-safely used.
/// </summary>
public class Cluster : IExtension
{
    private readonly object _gate = new();
    private readonly TaskCompletionSource<IActorRef> _daemonsStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile MembershipState _state;
    private readonly List<Action> _removedCallbacks = [];
    private volatile bool _isTerminated;
    private bool _removalDone;

    /// <exception cref="ConfigurationException"><c>akka.actor.provider</c> is not <c>cluster</c>.</exception>
    public Cluster(ActorSystemImpl system)
    {
        System = system;
        Settings = new ClusterSettings(system.Settings.Config, system.Name);
        if (system.Provider is not IClusterActorRefProvider provider)
            throw new ConfigurationException($"The actor system '{system.Name}' needs akka.actor.provider = cluster.");
        SelfUniqueAddress = new UniqueAddress(provider.Transport.LocalAddress, provider.Transport.Uid);
        Log = Logging.GetLogger(system, this);
        FailureDetector = new DefaultFailureDetectorRegistry<Address>(() => FailureDetectors.Create(
            Settings.FailureDetectorImplementationClass, Settings.FailureDetectorConfig, system));
        _state = new MembershipState(Gossip.Empty, SelfUniqueAddress);
        DowningProvider = (IDowningProvider)Activator.CreateInstance(Settings.DowningProviderType, system, this)!;
        _daemonsStarted.SetResult(system.SystemActorOf(ClusterDaemon.Props(this), "cluster"));
        provider.OnClusterStarted(this);
        CoordinateShutdown();
        system.RegisterOnTermination(Shutdown);
        LogInfo("Started up successfully");
    }

    /// <summary>The keys of <c>akka.cluster</c>.</summary>
    public ClusterSettings Settings { get; }

    /// <summary>Address and incarnation of this member.</summary>
    public UniqueAddress SelfUniqueAddress { get; }

    /// <summary>Address of this member.</summary>
    public Address SelfAddress => SelfUniqueAddress.Address;

    /// <summary>Roles of this member.</summary>
    public ImmutableHashSet<string> SelfRoles => Settings.Roles;

    /// <summary>The membership as this member knows it now.</summary>
    public ClusterEvent.CurrentClusterState State => _state.Snapshot;

    /// <summary>This member as it is known now; Removed when it is not in a cluster.</summary>
    public Member SelfMember => _state.LatestGossip.FindMember(SelfUniqueAddress) ??
                                new Member(SelfUniqueAddress, int.MaxValue, MemberStatus.Removed, Settings.Roles, Settings.AppVersion);

    /// <summary>Whether this member has left for good.</summary>
    public bool IsTerminated => _isTerminated;

    /// <summary>Whether this member is Up.</summary>
    public bool IsUp => SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp;

    public ExtendedActorSystem System { get; }

    /// <summary>Failure detectors of the members that this one monitors.</summary>
    public DefaultFailureDetectorRegistry<Address> FailureDetector { get; }

    /// <summary>Decides about members that cannot be reached.</summary>
    public IDowningProvider DowningProvider { get; }

    internal ILoggingAdapter Log { get; }

    /// <summary>The membership actors. Some of them run, and subscribe here, before the constructor has their reference.</summary>
    private IActorRef Daemons => _daemonsStarted.Task.GetAwaiter().GetResult();

    internal MembershipState MembershipState => _state;

    /// <summary>The cluster of the actor system.</summary>
    public static Cluster Get(ActorSystem system) => system.WithExtension<Cluster, ClusterExtension>();

    /// <summary>Subscribes with the present state as a snapshot first.</summary>
    public void Subscribe(IActorRef subscriber, params Type[] to) =>
        Subscribe(subscriber, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, to);

    /// <summary>Subscribes to events of the given classes or interfaces.</summary>
    public void Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode initialStateMode, params Type[] to)
    {
        if (to.Length == 0)
            throw new ArgumentException("At least one kind of event must be given.", nameof(to));
        if (Array.Find(to, t => !typeof(ClusterEvent.IClusterDomainEvent).IsAssignableFrom(t)) is { } other)
            throw new ArgumentException($"{other} is no event of the cluster.", nameof(to));
        Daemons.Tell(new SubscriptionCommand.Subscribe(subscriber, initialStateMode, [.. to]), ActorRefs.NoSender);
    }

    /// <summary>Ends all subscriptions of the actor.</summary>
    public void Unsubscribe(IActorRef subscriber) => Daemons.Tell(new SubscriptionCommand.Unsubscribe(subscriber, null), ActorRefs.NoSender);

    /// <summary>Ends one subscription of the actor.</summary>
    public void Unsubscribe(IActorRef subscriber, Type to) =>
        Daemons.Tell(new SubscriptionCommand.Unsubscribe(subscriber, to), ActorRefs.NoSender);

    /// <summary>Sends the present state to the actor.</summary>
    public void SendCurrentClusterState(IActorRef receiver) =>
        Daemons.Tell(new SubscriptionCommand.SendCurrentState(receiver), ActorRefs.NoSender);

    /// <summary>Joins the cluster of the member at the address; its own address makes a new cluster.</summary>
    public void Join(Address address) => Daemons.Tell(new DaemonCommand.JoinTo(FillLocal(address)), ActorRefs.NoSender);

    /// <summary>Joins, and completes when this member is Up.</summary>
    /// <exception cref="ClusterJoinFailedException">This member has been removed before it was Up.</exception>
    public Task JoinAsync(Address address, CancellationToken token = default)
    {
        var joined = AwaitUp(token);
        Join(address);
        return joined;
    }

    /// <summary>Joins by the first of the seed nodes that is in a cluster; the first of the list may found one.</summary>
    public void JoinSeedNodes(IEnumerable<Address> seedNodes) =>
        Daemons.Tell(new DaemonCommand.JoinSeedNodes([.. seedNodes.Select(FillLocal)]), ActorRefs.NoSender);

    /// <summary>Joins by seed nodes, and completes when this member is Up.</summary>
    /// <exception cref="ClusterJoinFailedException">This member has been removed before it was Up.</exception>
    public Task JoinSeedNodesAsync(IEnumerable<Address> seedNodes, CancellationToken token = default)
    {
        var joined = AwaitUp(token);
        JoinSeedNodes(seedNodes);
        return joined;
    }

    /// <summary>Lets the member at the address leave in good order.</summary>
    public void Leave(Address address)
    {
        if (FillLocal(address).Equals(SelfAddress))
            _ = LeaveAsync();
        else
            Daemons.Tell(new LeaveMessage(address), ActorRefs.NoSender);
    }

    /// <summary>Leaves, and completes when this member has been removed.</summary>
    public Task LeaveAsync() => LeaveAsync(CancellationToken.None);

    /// <summary>Leaves, and completes when this member has been removed. Cancelling ends the waiting only.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (_isTerminated)
            return Task.CompletedTask;
        var removed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RegisterOnMemberRemoved(() => removed.TrySetResult());
        Daemons.Tell(new LeaveMessage(SelfAddress), ActorRefs.NoSender);
        return removed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Takes the member at the address out of the cluster, when it is known to be dead.</summary>
    public void Down(Address address) => Daemons.Tell(new DownMessage(FillLocal(address)), ActorRefs.NoSender);

    /// <summary>Runs the callback once when this member is Up, at once if it is already.</summary>
    public void RegisterOnMemberUp(Action callback) => Daemons.Tell(new DaemonCommand.AddOnMemberUp(callback), ActorRefs.NoSender);

    /// <summary>Runs the callback once when this member has been removed, at once if it is already.</summary>
    public void RegisterOnMemberRemoved(Action callback)
    {
        lock (_gate)
        {
            if (!_removalDone)
            {
                _removedCallbacks.Add(callback);
                return;
            }
        }

        callback();
    }

    /// <summary>The path of an actor of this system as others know it.</summary>
    public ActorPath RemotePathOf(IActorRef actorRef)
    {
        var path = actorRef.Path;
        return path.Address.Host is not null
            ? path
            : new RootActorPath(SelfAddress) / path.Elements.Where(e => !string.IsNullOrEmpty(e));
    }

    /// <summary>Publishes a newer state to readers.</summary>
    internal void Update(MembershipState state) => _state = state;

    /// <summary>Stops being a member without a farewell; the last step of leaving, and what happens to a downed member.</summary>
    internal void Shutdown()
    {
        lock (_gate)
        {
            if (_isTerminated)
                return;
            _isTerminated = true;
        }

        LogInfo("Shutting down...");
        System.Stop(Daemons);
        LogInfo("Successfully shut down");
    }

    /// <summary>The membership actors have stopped: whoever waited for the removal of this member is told.</summary>
    internal void OnDaemonsStopped()
    {
        Action[] callbacks;
        lock (_gate)
        {
            _isTerminated = true;
            _removalDone = true;
            callbacks = [.. _removedCallbacks];
            _removedCallbacks.Clear();
        }

        foreach (var callback in callbacks)
        {
            try
            {
                callback();
            }
            catch (Exception e)
            {
                Log.Error(e, "A callback for the removal of this member failed.");
            }
        }
    }

    internal void LogInfo(string text)
    {
        if (Settings.LogInfo)
            Log.Info("Cluster Node [{0}] - {1}", SelfAddress, text);
    }

    private Address FillLocal(Address address) => address.HasLocalScope && address.System == SelfAddress.System ? SelfAddress : address;

    private Task AwaitUp(CancellationToken token)
    {
        if (_isTerminated)
            return Task.FromException(new ClusterJoinFailedException("The cluster has been shut down."));
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RegisterOnMemberUp(() => up.TrySetResult());
        RegisterOnMemberRemoved(() => up.TrySetException(
            new ClusterJoinFailedException($"{SelfAddress} has been removed, or has given up joining, before it was up.")));
        return up.Task.WaitAsync(token);
    }

    private void CoordinateShutdown()
    {
        var shutdown = CoordinatedShutdown.Get(System);
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterLeave, "leave", () =>
        {
            if (IsTerminated || SelfMember.Status is MemberStatus.Down or MemberStatus.Removed)
                return Task.FromResult(Done.Instance);
            return Daemons.Ask<Done>(DaemonCommand.LeaveAndWait.Instance,
                shutdown.Timeout(CoordinatedShutdown.PhaseClusterLeave), CancellationToken.None);
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterExitingDone, "exiting-completed", () => IsTerminated
            ? Task.FromResult(Done.Instance)
            : Daemons.Ask<Done>(DaemonCommand.ExitingCompleted.Instance,
                shutdown.Timeout(CoordinatedShutdown.PhaseClusterExitingDone), CancellationToken.None));
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterShutdown, "wait-shutdown", () =>
        {
            Shutdown();
            return Daemons.GracefulStop(TimeSpan.FromSeconds(3)).ContinueWith(_ => Done.Instance, TaskScheduler.Default);
        });
    }
}
