using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport;

namespace Akka.Cluster;

/// <summary>What the cluster needs of the provider.</summary>
internal interface IClusterActorRefProvider
{
    RemoteTransport Transport { get; }

    /// <summary>The cluster extension is there: systems that are members are left to its failure detector.</summary>
    void OnClusterStarted(Cluster cluster);
}

/// <summary>The provider of a system that is a member of a cluster (<c>akka.actor.provider = cluster</c>).</summary>
public class ClusterActorRefProvider : RemoteActorRefProvider, IClusterActorRefProvider
{
    public ClusterActorRefProvider(string systemName, Settings settings, EventStream eventStream)
        : base(systemName, settings, eventStream)
    {
    }

    RemoteTransport IClusterActorRefProvider.Transport => Transport;

    void IClusterActorRefProvider.OnClusterStarted(Cluster cluster) => RemoteWatcher.Tell(new ClusterRemoteWatcher.Started(cluster), ActorRefs.NoSender);

    /// <inheritdoc />
    public override void Init(ActorSystemImpl system)
    {
        base.Init(system);
        // The extension starts the membership; it is not left to the first use.
        Cluster.Get(system);
    }

    /// <inheritdoc />
    protected override Config DefaultConfig() => ConfigurationFactory
        .FromResource("Akka.Cluster.Configuration.reference.conf", typeof(ClusterActorRefProvider).Assembly)
        .WithFallback(base.DefaultConfig());

    /// <inheritdoc />
    internal override Props RemoteWatcherProps() => Props.Create(() => new ClusterRemoteWatcher(this));
}

/// <summary>
/// A remote watcher that leaves members to the cluster: they are not sent heartbeats, and all that is watched on one is dead
/// when it has been removed.
/// </summary>
internal sealed class ClusterRemoteWatcher : RemoteWatcher
{
    private readonly RemoteActorRefProvider _provider;
    private readonly Dictionary<Address, int> _members = [];
    private Cluster? _cluster;

    public ClusterRemoteWatcher(RemoteActorRefProvider provider)
        : base(provider)
    {
        _provider = provider;
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        base.PostStop();
        _cluster?.Unsubscribe(Self);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Started started:
                _cluster = started.Cluster;
                _cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent));
                break;
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members)
                    Note(member);
                break;
            case ClusterEvent.MemberRemoved removed:
                OnRemoved(removed);
                break;
            case ClusterEvent.IMemberEvent changed:
                Note(changed.Member);
                break;
            default:
                base.OnReceive(message);
                break;
        }
    }

    /// <inheritdoc />
    protected override bool IsMonitoredHere(Address address) => !_members.ContainsKey(address);

    private void Note(Member member)
    {
        if (!member.UniqueAddress.Equals(_cluster!.SelfUniqueAddress))
            _members[member.Address] = member.UniqueAddress.Uid;
    }

    private void OnRemoved(ClusterEvent.MemberRemoved removed)
    {
        var node = removed.Member.UniqueAddress;
        if (node.Equals(_cluster!.SelfUniqueAddress))
        {
            _members.Clear();
            return;
        }

        // A new incarnation may be known already; its actors live.
        if (_members.TryGetValue(node.Address, out var uid) && uid == node.Uid)
            _members.Remove(node.Address);
        if (removed.PreviousStatus == MemberStatus.Down)
            _provider.Transport.Quarantine(node.Address, node.Uid, "it was taken out of the cluster");
        OnAddressTerminated(node.Address);
    }

    internal sealed record Started(Cluster Cluster) : INoSerializationVerificationNeeded;
}
