using Akka.Actor;
using Akka.Cluster.Sharding.Internal;
using Akka.Event;

namespace Akka.Cluster.Sharding;

/// <summary>
/// The way to all entities of a type, and the parent of the shards that run in this process. A proxy is a region without shards.
/// </summary>
/// <remarks>
/// A message to a known shard goes on at once: to the shard's actor here or to the region of another process. Until a shard's
/// place is known its messages wait in a buffer of bounded size.
/// </remarks>
public sealed partial class ShardRegion : ActorBase
{
    private static readonly TimeSpan FirstRegistrationRetry = TimeSpan.FromMilliseconds(20);

    private readonly string _typeName;
    private readonly Func<string, Props>? _entityProps;
    private readonly ClusterShardingSettings _settings;
    private readonly string _coordinatorPath;
    private readonly IMessageExtractor _extractor;
    private readonly object _handOffStopMessage;
    private readonly Cluster _cluster;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private readonly TaskCompletionSource<Done> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Dictionary<string, IActorRef> _homes = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, HashSet<string>> _shardsOfRegion = [];
    private readonly Dictionary<string, IActorRef> _shards = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, string> _shardIds = [];
    private readonly HashSet<IActorRef> _handingOff = [];
    private readonly Dictionary<string, Queue<Envelope>> _buffers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _coolingDown = new(StringComparer.Ordinal);
    private int _buffered;

    private readonly Dictionary<Address, Member> _members = [];
    private IActorRef? _coordinator;
    private ICancelable? _retryTimer;
    private TimeSpan _registrationRetry = FirstRegistrationRetry;
    private bool _shuttingDown;
    private bool _fullWarned;

    /// <summary>Starts an entity without a message for it; the answer is <see cref="StartEntityAck"/>.</summary>
    public sealed class StartEntity(string entityId) : IClusterShardingSerializable
    {
        /// <summary>Which entity.</summary>
        public readonly string EntityId = entityId;
    }

    /// <summary>An entity has been started, or was running.</summary>
    public sealed class StartEntityAck(string entityId, string shardId) : IClusterShardingSerializable
    {
        /// <summary>Which entity.</summary>
        public readonly string EntityId = entityId;

        /// <summary>In which shard.</summary>
        public readonly string ShardId = shardId;
    }

    internal ShardRegion(
        string typeName, Func<string, Props>? entityProps, ClusterShardingSettings settings, string coordinatorPath,
        IMessageExtractor extractor, object handOffStopMessage)
    {
        _typeName = typeName;
        _entityProps = entityProps;
        _settings = settings;
        _coordinatorPath = coordinatorPath;
        _extractor = extractor;
        _handOffStopMessage = handOffStopMessage;
        _cluster = Cluster.Get(Context.System);
        if (!IsProxy) LeaveWithTheProcess();
    }

    private bool IsProxy => _entityProps is null;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Retry();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _retryTimer?.Cancel();
        _cluster.Unsubscribe(Self);
        foreach (var buffer in _buffers.Values)
        {
            foreach (var envelope in buffer) Context.System.DeadLetters.Tell(envelope.Message, envelope.Sender);
        }
        _stopped.TrySetResult(Done.Instance);
    }

    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                OnTerminated(terminated.ActorRef);
                return true;
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members) _members[member.Address] = member;
                OnMembersChanged(null);
                return true;
            case ClusterEvent.IMemberEvent e:
                OnMemberEvent(e);
                return true;
            case IClusterShardingSerializable when OnCoordinatorMessage(message):
                return true;
            case Tick:
                Retry();
                return true;
            case ShardCooledDown cooled:
                _coolingDown.Remove(cooled.Shard);
                if (_homes.TryGetValue(cooled.Shard, out var home) && home.Equals(Self)) GetShard(cooled.Shard);
                DeliverBuffered(cooled.Shard);
                return true;
            case IShardRegionQuery query:
                OnQuery(query);
                return true;
            case GracefulShutdown:
                OnGracefulShutdown();
                return true;
            case Passivate:
                // It belongs to the shard, the entity's parent; at the region it can only be a mistake.
                Unhandled(message);
                return true;
            default:
                Deliver(message, Sender);
                return true;
        }
    }

    private void Deliver(object message, IActorRef sender)
    {
        string? entityId;
        string? shard = null;
        try
        {
            entityId = _extractor.EntityId(message);
            if (!string.IsNullOrEmpty(entityId)) shard = _extractor.ShardId(entityId, message);
        }
        catch (Exception e)
        {
            // A message that the extractor cannot take must not cost the region and all that is in it.
            _log.Error(e, "{0}: the extractor failed for a [{1}]", _typeName, message.GetType());
            Context.System.DeadLetters.Tell(message, sender);
            return;
        }
        if (string.IsNullOrEmpty(shard))
        {
            _log.Warning("{0}: no entity or shard for a [{1}]; it is dropped", _typeName, message.GetType());
            Unhandled(message);
            return;
        }
        if (_homes.TryGetValue(shard, out var home) && !_buffers.ContainsKey(shard))
        {
            if (!home.Equals(Self))
            {
                home.Tell(message, sender);
                return;
            }
            if (GetShard(shard) is { } actor)
            {
                actor.Tell(message, sender);
                return;
            }
        }
        else if (home is null && !_buffers.ContainsKey(shard))
        {
            _coordinator?.Tell(new GetShardHome(shard), Self);
        }
        Buffer(shard, message, sender);
    }

    private void Buffer(string shard, object message, IActorRef sender)
    {
        if (_buffered >= _settings.TuningParameters.BufferSize)
        {
            if (!_fullWarned) _log.Warning("{0}: the buffer of [{1}] messages is full; messages are dropped", _typeName, _buffered);
            _fullWarned = true;
            Context.System.DeadLetters.Tell(new Dropped(message, "the shard region's buffer is full", sender, Self), sender);
            return;
        }
        if (!_buffers.TryGetValue(shard, out var buffer)) _buffers.Add(shard, buffer = new Queue<Envelope>());
        buffer.Enqueue(new Envelope(message, sender));
        _buffered++;
    }

    private void DeliverBuffered(string shard)
    {
        if (!_homes.TryGetValue(shard, out var home)) return;
        var target = home.Equals(Self) ? GetShard(shard) : home;
        if (target is null || !_buffers.Remove(shard, out var buffer)) return;
        _buffered -= buffer.Count;
        _fullWarned = false;
        foreach (var envelope in buffer) target.Tell(envelope.Message, envelope.Sender);
    }

    /// <summary>The actor of a shard of this region, started if need be; null while it may not run.</summary>
    private IActorRef? GetShard(string shard)
    {
        if (_shards.TryGetValue(shard, out var actor)) return _handingOff.Contains(actor) ? null : actor;
        if (_coolingDown.Contains(shard) || _entityProps is null) return null;
        var props = Props.Create(() => new Shard(_typeName, shard, _entityProps, _settings, _extractor, _handOffStopMessage))
            .WithDispatcher(Context.Props.Dispatcher);
        actor = Context.Watch(Context.ActorOf(props, ClusterSharding.Encode(shard)));
        _shards.Add(shard, actor);
        _shardIds.Add(actor, shard);
        return actor;
    }

    /// <summary>A process that shuts down in order hands its shards over before it leaves the cluster.</summary>
    private void LeaveWithTheProcess()
    {
        var (self, cluster, stopped) = (Self, _cluster, _stopped.Task);
        CoordinatedShutdown.Get(Context.System).AddTask(
            CoordinatedShutdown.PhaseClusterShardingShutdownRegion,
            "region-shutdown-" + _typeName,
            () =>
            {
                if (cluster.IsTerminated || cluster.SelfMember.Status == MemberStatus.Down) return Task.FromResult(Done.Instance);
                self.Tell(GracefulShutdown.Instance, ActorRefs.NoSender);
                return stopped;
            });
    }

    /// <summary>A shard that failed has been down for long enough.</summary>
    private sealed record ShardCooledDown(string Shard);
}
