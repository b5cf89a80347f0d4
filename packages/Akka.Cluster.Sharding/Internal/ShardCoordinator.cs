using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>Decides in which region each shard runs. One per type of entity in the cluster; its decisions are journaled.</summary>
/// <remarks>
/// Decisions are persisted without holding up the next ones, so that a burst of first messages to many shards costs a few
/// commits and not one per shard. What is decided but not written yet counts as taken (<see cref="_allocating"/>). A failed
/// write, such as a lost race against another coordinator, stops this one; its supervisor starts it again, and it recovers
/// from what the journal says.
/// </remarks>
internal sealed partial class ShardCoordinator : ReceivePersistentActor
{
    private readonly string _typeName;
    private readonly ClusterShardingSettings _settings;
    private readonly IShardAllocationStrategy _strategy;
    private readonly Cluster _cluster;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private readonly CoordinatorState _state;

    /// <summary>Regions and proxies that have presented themselves to this coordinator and know about hand-offs.</summary>
    private readonly HashSet<IActorRef> _proxies = [];
    private readonly HashSet<IActorRef> _registering = [];
    private readonly HashSet<IActorRef> _terminating = [];
    private readonly HashSet<IActorRef> _leaving = [];

    /// <summary>Shards whose allocation is being decided or written, and who waits for it.</summary>
    private readonly Dictionary<string, Allocation> _allocating = new(StringComparer.Ordinal);

    /// <summary>Shards on the move, and who has asked for them meanwhile.</summary>
    private readonly Dictionary<string, Move> _moving = new(StringComparer.Ordinal);
    private readonly HashSet<(string Shard, IActorRef Requester)> _deferred = [];
    private readonly Dictionary<string, ICancelable> _unstarted = new(StringComparer.Ordinal);
    private ImmutableHashSet<Address> _members = [];
    private ICancelable? _rebalanceTimer;
    private bool _askingStrategy;

    public ShardCoordinator(string typeName, ClusterShardingSettings settings, IShardAllocationStrategy strategy)
    {
        _typeName = typeName;
        _settings = settings;
        _strategy = strategy;
        _cluster = Cluster.Get(Context.System);
        _state = new CoordinatorState(settings.RememberEntities);
        JournalPluginId = settings.JournalPluginId;
        SnapshotPluginId = settings.SnapshotPluginId;

        Recover<IDomainEvent>(e => Note(_state.Apply(e)));
        Recover<SnapshotOffer>(offer =>
        {
            if (offer.Snapshot is CoordinatorSnapshot snapshot) _state.Restore(snapshot);
        });
        Recover<RecoveryCompleted>(_ => Activate());

        Command<GetShardHome>(m => OnGetShardHome(m.Shard, Sender));
        Command<ShardStarted>(m => OnShardStarted(m.Shard));
        Command<Register>(m => OnRegister(m.Region));
        Command<RegisterProxy>(m => OnRegisterProxy(m.Proxy));
        Command<StrategyDecided>(OnStrategyDecided);
        Command<ShardUnstarted>(m => ResendHostShard(m.Shard));
        Command<HandOffDone>(OnHandOffDone);
        Command<RebalanceDecided>(m => OnRebalanceDecided(m.Shards));
        Command<GracefulShutdownReq>(m => OnGracefulShutdown(m.Region));
        Command<Terminated>(m => OnTerminated(m.ActorRef));
        Command<ClusterEvent.CurrentClusterState>(m => OnMembers(m.Members));
        Command<ClusterEvent.MemberRemoved>(m => OnMemberRemoved(m.Member.Address));
        Command<ClusterEvent.IMemberEvent>(m => _members = _members.Add(m.Member.Address));
        Command<Tick>(_ => Rebalance());
        Command<GetCurrentRegions>(_ => Sender.Tell(new CurrentRegions(_state.Regions.Select(AddressOf).ToImmutableHashSet())));
        Command<GetClusterShardingStats>(OnGetStats);
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(m => _log.Warning("{0}: the coordinator's snapshot failed: {1}", _typeName, m.Cause.Message));
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteMessagesFailure>(m => _log.Warning("{0}: deleting old events failed: {1}", _typeName, m.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(m => _log.Warning("{0}: deleting old snapshots failed: {1}", _typeName, m.Cause.Message));
    }

    public override string PersistenceId => $"/sharding/{_typeName}Coordinator";

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _rebalanceTimer?.Cancel();
        foreach (var timer in _unstarted.Values) timer.Cancel();
        base.PostStop();
    }

    /// <summary>Recovered: looks which of the known regions are still there, and tells the members that it is in charge.</summary>
    private void Activate()
    {
        switch (_strategy)
        {
            case IActorSystemDependentAllocationStrategy strategy:
                strategy.Start(Context.System);
                break;
            case IStartableAllocationStrategy strategy:
                strategy.Start();
                break;
        }
        foreach (var region in _state.Regions) Context.Watch(region);
        OnMembers(_cluster.State.Members);
        Announce();
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        var interval = _settings.TuningParameters.RebalanceInterval;
        _rebalanceTimer = new Cancelable(Context.System.Scheduler.Advanced);
        Context.System.Scheduler.ScheduleTellRepeatedly(interval, interval, Self, Tick.Rebalance, Self, _rebalanceTimer);
        AllocateRemembered();
    }

    private void OnMembers(IEnumerable<Member> members)
    {
        _members = [.. members.Select(m => m.Address)];
        foreach (var region in _state.Regions.Where(r => !IsMember(r)).ToList()) RegionIsGone(region);
    }

    /// <summary>Regions that look for a coordinator need not wait for their next try.</summary>
    private void Announce()
    {
        // This actor is guardian/type's singleton manager/singleton/coordinator; the regions are the guardian's children too.
        var name = (Self.Path.Parent.Parent.Parent / ClusterSharding.Encode(_typeName)).ToStringWithoutAddress();
        foreach (var address in _members)
        {
            var root = new RootActorPath(address).ToString().TrimEnd('/');
            Context.ActorSelection(root + name).Tell(new CoordinatorActive(Self), Self);
            Context.ActorSelection(root + name + "Proxy").Tell(new CoordinatorActive(Self), Self);
        }
    }

    private void OnMemberRemoved(Address address)
    {
        _members = _members.Remove(address);
        foreach (var region in _state.Regions.Where(r => AddressOf(r) == address).ToList()) RegionIsGone(region);
    }

    private void OnRegister(IActorRef region)
    {
        if (!IsMember(region))
        {
            _log.Debug("{0}: region [{1}] is not at a member of the cluster; it may ask again", _typeName, region);
            return;
        }
        if (_state.Knows(region) && !_terminating.Contains(region))
        {
            region.Tell(new RegisterAck(Self), Self);
            return;
        }
        if (!_registering.Add(region)) return;
        // There is one region per address: the one before it is from an earlier life of that process.
        foreach (var old in _state.Regions.Where(r => AddressOf(r) == AddressOf(region) && !r.Equals(region)).ToList()) RegionIsGone(old);
        PersistAsync(new ShardRegionRegistered(region), e =>
        {
            _registering.Remove(region);
            Update(e);
            Context.Watch(region);
            region.Tell(new RegisterAck(Self), Self);
            RetryDeferred();
            AllocateRemembered();
        });
    }

    private void OnRegisterProxy(IActorRef proxy)
    {
        // Proxies run no shards, so they need not outlive this coordinator: they present themselves to every new one.
        if (_proxies.Add(proxy)) Context.Watch(proxy);
        proxy.Tell(new RegisterAck(Self), Self);
    }

    private void OnTerminated(IActorRef actor)
    {
        if (_proxies.Remove(actor))
        {
            foreach (var move in _moving.Values) move.Worker.Tell(new RegionGone(actor), Self);
        }
        if (_state.Knows(actor)) RegionIsGone(actor);
    }

    private void RegionIsGone(IActorRef region)
    {
        if (!_terminating.Add(region)) return;
        _log.Info("{0}: region [{1}] is gone", _typeName, region);
        Context.Unwatch(region);
        foreach (var move in _moving.Values) move.Worker.Tell(new RegionGone(region), Self);
        PersistAsync(new ShardRegionTerminated(region), e =>
        {
            foreach (var shard in _state.ShardsOf(region)) Started(shard);
            Update(e);
            _terminating.Remove(region);
            _leaving.Remove(region);
            RetryDeferred();
            AllocateRemembered();
        });
    }

    private void Update(IDomainEvent e)
    {
        Note(_state.Apply(e));
        var after = _settings.TuningParameters.SnapshotAfter;
        if (after > 0 && LastSequenceNr % after == 0) SaveSnapshot(_state.ToSnapshot());
    }

    private void OnSnapshotSaved(SaveSnapshotSuccess message)
    {
        var tuning = _settings.TuningParameters;
        var keepFrom = message.Metadata.SequenceNr - ((long)tuning.KeepNrOfBatches * tuning.SnapshotAfter);
        if (keepFrom > 0) DeleteMessages(keepFrom);
        DeleteSnapshots(new SnapshotSelectionCriteria(message.Metadata.SequenceNr - 1));
    }

    private void Note(string? oddity)
    {
        if (oddity is not null) _log.Warning("{0}: an event of the coordinator's log does not fit and is worked around: {1}", _typeName, oddity);
    }

    private void OnGetStats(GetClusterShardingStats message)
    {
        var sender = Sender;
        var regions = _state.Regions.ToList();
        async Task<ClusterShardingStats> Gather()
        {
            var answers = await Task.WhenAll(regions.Select(async region =>
            {
                try
                {
                    var stats = await region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, message.Timeout).ConfigureAwait(false);
                    return (Address: AddressOf(region), Stats: stats);
                }
                catch (Exception)
                {
                    return (Address: AddressOf(region), Stats: new ShardRegionStats(ImmutableDictionary<string, int>.Empty));
                }
            })).ConfigureAwait(false);
            return new ClusterShardingStats(answers.GroupBy(a => a.Address).ToImmutableDictionary(g => g.Key, g => g.First().Stats));
        }
        Gather().PipeTo(sender, Self);
    }

    private bool IsMember(IActorRef region) => _members.Contains(AddressOf(region));

    /// <summary>The address of a region; of one in this process the address that the others see.</summary>
    private Address AddressOf(IActorRef actor) => actor.Path.Address.HasLocalScope ? _cluster.SelfAddress : actor.Path.Address;
}
