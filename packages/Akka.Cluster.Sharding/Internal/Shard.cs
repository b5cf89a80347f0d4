using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>The parent of the entities of one shard.</summary>
internal sealed partial class Shard : ActorBase
{
    private readonly string _typeName;
    private readonly string _shard;
    private readonly Func<string, Props> _entityProps;
    private readonly ClusterShardingSettings _settings;
    private readonly IMessageExtractor _extractor;
    private readonly object _stopMessage;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private readonly bool _countsActivity;

    private readonly Dictionary<string, Entity> _entities = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Entity> _byRef = [];
    private int _buffered;
    private ICancelable? _passivation;
    private HandOffState? _handOff;

    public Shard(
        string typeName, string shard, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object stopMessage)
    {
        _typeName = typeName;
        _shard = shard;
        _entityProps = entityProps;
        _settings = settings;
        _extractor = extractor;
        _stopMessage = stopMessage;
        _countsActivity = settings.IdleAfter > TimeSpan.Zero;
    }

    /// <summary>An entity of the shard. Without an actor it is one that is remembered and has stopped by itself.</summary>
    private sealed class Entity(string id)
    {
        public string Id => id;

        public IActorRef? Ref { get; set; }

        public bool Passivating { get; set; }

        /// <summary>Messages that came while it was stopping.</summary>
        public Queue<Envelope>? Buffer { get; set; }

        public long LastMessage { get; set; }
    }

    private sealed class HandOffState(IActorRef replyTo)
    {
        public List<IActorRef> ReplyTo { get; } = [replyTo];

        public ICancelable? Timer { get; set; }
    }

    private sealed record RestartEntity(string EntityId);

    private sealed record HandOffTimedOut;

    protected override void PreStart()
    {
        if (_settings.RememberEntities) LoadRemembered();
        if (!_countsActivity) return;
        // Looking twice per period, an idle entity stays at most half a period longer.
        var interval = _settings.IdleAfter / 2;
        _passivation = new Cancelable(Context.System.Scheduler.Advanced);
        Context.System.Scheduler.ScheduleTellRepeatedly(interval, interval, Self, Tick.Passivate, Self, _passivation);
    }

    protected override void PostStop()
    {
        _passivation?.Cancel();
        _handOff?.Timer?.Cancel();
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                OnTerminated(terminated.ActorRef);
                return true;
            case Passivate passivate:
                OnPassivate(Sender, passivate.StopMessage);
                return true;
            case HandOff handOff when handOff.Shard == _shard:
                OnHandOff(Sender);
                return true;
            case HandOffTimedOut:
                OnHandOffTimedOut();
                return true;
            case GetCurrentShardState:
                Sender.Tell(new ShardState(_shard, _entities.Values.Where(e => e.Ref is not null).Select(e => e.Id).ToImmutableHashSet()), Self);
                return true;
            case Tick.Passivate:
                PassivateIdle();
                return true;
            case Tick.Recovery:
                StartSomeRemembered();
                return true;
            case RestartEntity restart:
                if (_handOff is null && _entities.TryGetValue(restart.EntityId, out var stopped) && stopped.Ref is null) Start(stopped);
                return true;
            case EntitiesLoaded loaded:
                OnLoaded(loaded.EntityIds);
                return true;
            case RememberUpdated updated:
                OnRemembered(updated);
                return true;
            case ShardRegion.StartEntity start:
                OnStartEntity(start, Sender);
                return true;
            default:
                Deliver(message, Sender);
                return true;
        }
    }

    private void Deliver(object message, IActorRef sender)
    {
        var id = _extractor.EntityId(message);
        if (string.IsNullOrEmpty(id))
        {
            _log.Warning("{0}: no entity for a [{1}]; it is dropped", _typeName, message.GetType());
            Unhandled(message);
            return;
        }
        if (_handOff is not null)
        {
            // The region sends nothing here any more; this was on its way before.
            Context.System.DeadLetters.Tell(new Dropped(message, "the shard is being handed off", sender, Self), sender);
            return;
        }
        if (_entities.TryGetValue(id, out var entity))
        {
            DeliverTo(entity, message, sender);
            return;
        }
        if (_settings.RememberEntities)
        {
            StartRemembered(id, message, sender);
            return;
        }
        entity = new Entity(id);
        _entities.Add(id, entity);
        Start(entity);
        DeliverTo(entity, message, sender);
    }

    private void DeliverTo(Entity entity, object message, IActorRef sender)
    {
        if (entity.Passivating)
        {
            Buffer(entity, message, sender);
            return;
        }
        // A remembered entity that had stopped by itself does not wait for its restart when there is something to do.
        if (entity.Ref is null) Start(entity);
        if (_countsActivity) entity.LastMessage = Environment.TickCount64;
        if (message is ShardRegion.StartEntity)
        {
            sender.Tell(new ShardRegion.StartEntityAck(entity.Id, _shard), Self);
            return;
        }
        entity.Ref!.Tell(_extractor.EntityMessage(message)!, sender);
    }

    private void Buffer(Entity entity, object message, IActorRef sender)
    {
        if (_buffered >= _settings.TuningParameters.BufferSize)
        {
            Context.System.DeadLetters.Tell(new Dropped(message, "the shard's buffer is full", sender, Self), sender);
            return;
        }
        (entity.Buffer ??= new Queue<Envelope>()).Enqueue(new Envelope(message, sender));
        _buffered++;
    }

    private void OnStartEntity(ShardRegion.StartEntity start, IActorRef sender) => Deliver(start, sender);

    private void Start(Entity entity)
    {
        var actor = Context.Watch(Context.ActorOf(_entityProps(entity.Id), ClusterSharding.Encode(entity.Id)));
        entity.Ref = actor;
        entity.Passivating = false;
        entity.LastMessage = Environment.TickCount64;
        _byRef.Add(actor, entity);
    }

    private void OnPassivate(IActorRef actor, object stopMessage)
    {
        if (!_byRef.TryGetValue(actor, out var entity) || entity.Passivating || _handOff is not null) return;
        entity.Passivating = true;
        actor.Tell(stopMessage, Self);
    }

    private void PassivateIdle()
    {
        if (_handOff is not null) return;
        var deadline = Environment.TickCount64 - (long)_settings.IdleAfter.TotalMilliseconds;
        foreach (var (actor, entity) in _byRef.Where(e => !e.Value.Passivating && e.Value.LastMessage < deadline).ToList())
        {
            entity.Passivating = true;
            actor.Tell(_stopMessage, Self);
        }
    }

    private void OnTerminated(IActorRef actor)
    {
        if (OnStoreTerminated(actor) || !_byRef.Remove(actor, out var entity)) return;
        entity.Ref = null;
        if (_handOff is not null)
        {
            CompleteHandOff();
            return;
        }
        var buffer = entity.Buffer;
        entity.Buffer = null;
        if (buffer is { Count: > 0 })
        {
            _buffered -= buffer.Count;
            Start(entity);
            foreach (var envelope in buffer) DeliverTo(entity, envelope.Message, envelope.Sender);
            return;
        }
        if (_settings.RememberEntities && !entity.Passivating)
        {
            Context.System.Scheduler.ScheduleTellOnce(
                _settings.TuningParameters.EntityRestartBackoff, Self, new RestartEntity(entity.Id), Self);
            return;
        }
        _entities.Remove(entity.Id);
        if (_settings.RememberEntities) Remember(entity.Id, started: false);
    }

    private void OnHandOff(IActorRef replyTo)
    {
        if (_handOff is not null)
        {
            _handOff.ReplyTo.Add(replyTo);
            return;
        }
        _handOff = new HandOffState(replyTo);
        foreach (var entity in _entities.Values.Where(e => e.Buffer is not null))
        {
            foreach (var envelope in entity.Buffer!) Context.System.DeadLetters.Tell(envelope.Message, envelope.Sender);
        }
        // An entity that is stopping already has got its stop message.
        foreach (var (actor, entity) in _byRef)
        {
            if (!entity.Passivating) actor.Tell(_stopMessage, Self);
        }
        _handOff.Timer = new Cancelable(Context.System.Scheduler.Advanced);
        // Earlier than the coordinator gives up, so that the shard is free in time.
        Context.System.Scheduler.ScheduleTellOnce(
            _settings.TuningParameters.HandOffTimeout * 0.9, Self, new HandOffTimedOut(), Self, _handOff.Timer);
        CompleteHandOff();
    }

    private void OnHandOffTimedOut()
    {
        _log.Warning(
            "{0}: [{1}] entities of shard [{2}] did not stop upon [{3}] in time; they are stopped without it", _typeName, _byRef.Count, _shard, _stopMessage);
        foreach (var actor in _byRef.Keys) Context.Stop(actor);
    }

    private void CompleteHandOff()
    {
        if (_handOff is null || _byRef.Count > 0) return;
        foreach (var replyTo in _handOff.ReplyTo) replyTo.Tell(new ShardStopped(_shard), Self);
        Context.Stop(Self);
    }
}
