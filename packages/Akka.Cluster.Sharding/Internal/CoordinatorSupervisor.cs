using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>Starts the coordinator again, after a while, when its journal made it stop.</summary>
internal sealed class CoordinatorSupervisor : UntypedActor
{
    private readonly Props _coordinator;
    private readonly TimeSpan _backoff;
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context);
    private ICancelable? _timer;
    private TimeSpan _delay;
    private long _startedAt;

    /// <summary>After a lost race the journal is fine, so the first new start need not wait for long.</summary>
    private TimeSpan FirstDelay => _backoff / 50;

    public CoordinatorSupervisor(Props coordinator, TimeSpan backoff)
    {
        _coordinator = coordinator;
        _backoff = backoff;
        _delay = FirstDelay;
    }

    protected override void PreStart() => StartCoordinator();

    protected override void PostStop() => _timer?.Cancel();

    /// <summary>A failing coordinator is stopped: the new one recovers from the journal, as the only truth.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated:
                // One that has lived for a while did not fail because of its start.
                if (Environment.TickCount64 - _startedAt > _backoff.TotalMilliseconds) _delay = FirstDelay;
                _log.Warning("The shard coordinator has stopped; it starts again in {0}", _delay);
                _timer = new Cancelable(Context.System.Scheduler.Advanced);
                Context.System.Scheduler.ScheduleTellOnce(_delay, Self, Tick.Recovery, Self, _timer);
                _delay = _delay * 2 < _backoff ? _delay * 2 : _backoff;
                break;
            case Tick:
                StartCoordinator();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void StartCoordinator()
    {
        _startedAt = Environment.TickCount64;
        Context.Watch(Context.ActorOf(_coordinator, "coordinator"));
    }
}
