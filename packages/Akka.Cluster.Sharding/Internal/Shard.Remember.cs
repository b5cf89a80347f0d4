using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>Remembering which entities run: a new one is started only when that is in the journal.</summary>
internal sealed partial class Shard
{
    private readonly Dictionary<string, Queue<Envelope>> _unremembered = new(StringComparer.Ordinal);
    private readonly Queue<string> _toStart = new();
    private ImmutableHashSet<string> _started = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
    private ImmutableHashSet<string> _stopped = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
    private IActorRef? _store;
    private bool _loaded;
    private bool _updating;

    private void LoadRemembered()
    {
        _store = Context.Watch(Context.ActorOf(Props.Create(() => new RememberedEntityStore(_typeName, _shard, _settings)), "store"));
    }

    /// <summary>A store that stopped takes the shard with it; the region starts the shard again after a while.</summary>
    private bool OnStoreTerminated(IActorRef actor)
    {
        if (!actor.Equals(_store)) return false;
        if (_handOff is not null) return true;
        _log.Error("{0}: the store of remembered entities of shard [{1}] has stopped, and the shard with it", _typeName, _shard);
        Context.Stop(Self);
        return true;
    }

    private void OnLoaded(ImmutableHashSet<string> entityIds)
    {
        // A store that restarted has lost an update that was under way; it is sent again.
        _loaded = true;
        _updating = false;
        foreach (var id in entityIds)
        {
            if (_entities.ContainsKey(id)) continue;
            if (_unremembered.Remove(id, out var buffer)) StartWith(id, buffer);
            else _toStart.Enqueue(id);
        }
        if (_settings.TuningParameters.EntityRecoveryStrategy == "all")
        {
            while (_toStart.Count > 0) StartNextRemembered();
        }
        else
        {
            StartSomeRemembered();
        }
        foreach (var id in _unremembered.Keys) Remember(id, started: true);
    }

    private void StartSomeRemembered()
    {
        if (_handOff is not null) return;
        var tuning = _settings.TuningParameters;
        for (var i = 0; i < tuning.EntityRecoveryConstantRateStrategyNumberOfEntities && _toStart.Count > 0; i++) StartNextRemembered();
        if (_toStart.Count > 0)
        {
            Context.System.Scheduler.ScheduleTellOnce(tuning.EntityRecoveryConstantRateStrategyFrequency, Self, Tick.Recovery, Self);
        }
    }

    private void StartNextRemembered()
    {
        var id = _toStart.Dequeue();
        if (_handOff is not null || _entities.ContainsKey(id)) return;
        StartWith(id, null);
    }

    private void StartWith(string id, Queue<Envelope>? buffer)
    {
        var entity = new Entity(id);
        _entities.Add(id, entity);
        Start(entity);
        if (buffer is null) return;
        _buffered -= buffer.Count;
        foreach (var envelope in buffer) DeliverTo(entity, envelope.Message, envelope.Sender);
    }

    /// <summary>The first message to an entity waits until it is known that the entity will be remembered.</summary>
    private void StartRemembered(string id, object message, IActorRef sender)
    {
        if (_buffered >= _settings.TuningParameters.BufferSize)
        {
            Context.System.DeadLetters.Tell(new Dropped(message, "the shard's buffer is full", sender, Self), sender);
            return;
        }
        if (!_unremembered.TryGetValue(id, out var buffer))
        {
            _unremembered.Add(id, buffer = new Queue<Envelope>());
            if (_loaded) Remember(id, started: true);
        }
        buffer.Enqueue(new Envelope(message, sender));
        _buffered++;
    }

    private void Remember(string id, bool started)
    {
        (_started, _stopped) = started ? (_started.Add(id), _stopped.Remove(id)) : (_started.Remove(id), _stopped.Add(id));
        WriteRemembered();
    }

    /// <summary>One write at a time; what comes meanwhile goes out with the next.</summary>
    private void WriteRemembered()
    {
        if (_updating || (_started.IsEmpty && _stopped.IsEmpty)) return;
        _updating = true;
        _store!.Tell(new RememberUpdate(_started, _stopped), Self);
        _started = _started.Clear();
        _stopped = _stopped.Clear();
    }

    private void OnRemembered(RememberUpdated updated)
    {
        _updating = false;
        foreach (var id in updated.Started)
        {
            if (_handOff is null && _unremembered.Remove(id, out var buffer) && !_entities.ContainsKey(id)) StartWith(id, buffer);
        }
        WriteRemembered();
    }
}
