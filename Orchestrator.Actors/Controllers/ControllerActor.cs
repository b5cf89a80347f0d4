using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using Akka.Persistence;
using Orchestrator.Actors.Kinds.Namespaces;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>What the entities of one process share.</summary>
/// <param name="Elsewhere">What aggregated servers hold; null where none can be reached.</param>
public sealed record ControllerServices(
    ImmutableDictionary<string, KindController> Controllers, ControllerCaches Caches, ActionRunner Runner, ControllerSettings Settings, TimeProvider Clock,
    IRemoteContent? Elsewhere = null);

/// <summary>Reconciles one object: entity <c>kind/namespace/name</c> of the region <c>controller</c>.</summary>
/// <remarks>
/// Triggers are collapsed, one pass is in flight at a time, and a pass starts only when the caches show what the last one wrote.
/// A pass that changed something is journaled with its cause. Names of created objects derive from the number of journaled
/// decisions, so that a pass which is repeated because its owner died before the journal entry makes the same objects again
/// and nothing twice; what it forgot, the triggers of the resync bring back, for reconciling is level-based.
/// </remarks>
public sealed class ControllerActor : UntypedPersistentActor, IWithTimers
{
    private static readonly TimeSpan SleepMin = TimeSpan.FromMilliseconds(10);

    /// <summary>Longest sleep: the clock on the wall may be set meanwhile, which a timer does not notice; nor does one count centuries.</summary>
    private static readonly TimeSpan SleepMax = TimeSpan.FromDays(1);

    private readonly string _id;
    private readonly ObjectKey _key;
    private readonly KindController? _controller;
    private readonly ControllerServices _services;
    private readonly Random _jitter;
    private readonly FailureBackoff _backoff = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private ControllerDecisions _decisions = ControllerDecisions.Empty;
    private ImmutableDictionary<ResourceType, long> _seen = ImmutableDictionary<ResourceType, long>.Empty;
    private DecisionCause? _pending;
    private DecisionCause _cause = new("", "", 0);
    private bool _running, _caughtUp;
    private int _failures;
    private string? _failure;
    private ImmutableArray<string> _deletionFailures = [];
    private DateTimeOffset _notBefore;

    public ControllerActor(string id, ControllerServices services)
    {
        _id = id;
        _services = services;
        var parts = id.Split('/', 3);
        _controller = parts.Length == 3 ? services.Controllers.GetValueOrDefault(parts[0]) : null;
        _key = parts.Length == 3 ? new ObjectKey(parts[1], parts[2]) : default;
        _jitter = new Random(string.GetHashCode(id, StringComparison.Ordinal));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public override string PersistenceId => $"controller-{_id}";

    public static Props Props(string id, ControllerServices services) => Akka.Actor.Props.Create(() => new ControllerActor(id, services));

    protected override void PreStart()
    {
        base.PreStart();
        Context.SetReceiveTimeout(_services.Settings.IdleAfter);
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: ControllerDecisions decisions }: _decisions = decisions; break;
            case ControllerDecided decided: _decisions = _decisions.Apply(decided); break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case TriggerReconcile trigger: Pend(trigger.Cause); break;
            case Due: Pend(new DecisionCause("timer", _key.ToString(), 0)); break;
            case Start: StartPass(); break;
            case Ready: RunPass(null); break;
            case Confirmed confirmed: RunPass(confirmed); break;
            case PassDone done: Finish(done); break;
            case PassFailed failed: Fail(failed.Error); break;
            case GetDecisions: Sender.Tell(_decisions); break;
            case ReceiveTimeout: Passivate(); break;
            case SaveSnapshotSuccess saved:
                DeleteMessages(saved.Metadata.SequenceNr);
                DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
                break;
            case SaveSnapshotFailure or DeleteMessagesSuccess or DeleteMessagesFailure or DeleteSnapshotsSuccess or DeleteSnapshotsFailure: break;
            default: Unhandled(message); break;
        }
    }

    // An entity ends when its journal is away, and nothing else would bring back what it had still to do.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        TriggerLater();
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        base.OnRecoveryFailure(reason, message);
        TriggerLater();
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Fail(cause.Message);
    }

    private void TriggerLater()
    {
        if (_controller is null) return;
        var wait = _services.Settings.RetryMax * (0.5 + (_jitter.NextDouble() * 0.5));
        var cause = _pending ?? (_cause.Type.Length > 0 ? _cause : new DecisionCause("resync", _key.ToString(), 0));
        Context.System.Scheduler.ScheduleTellOnce(wait, Context.Parent, new TriggerReconcile(_controller.Name, _key.Namespace, _key.Name, cause), ActorRefs.NoSender);
    }

    private void Pend(DecisionCause cause)
    {
        _pending ??= cause;
        if (_running || Timers.IsTimerActive(nameof(Start))) return;
        var wait = _notBefore - _services.Clock.GetUtcNow();
        if (wait > TimeSpan.Zero) Timers.StartSingleTimer(nameof(Start), Start.Instance, wait);
        else StartPass();
    }

    private void StartPass()
    {
        if (_running || _pending is null || _controller is null) return;
        _running = true;
        _cause = _pending;
        _pending = null;
        Timers.Cancel(nameof(Due));
        var ready = UntilCachesShowAsync();
        if (ready.IsCompletedSuccessfully) RunPass(null);
        else ready.PipeTo(Self, success: static () => Ready.Instance, failure: static e => new PassFailed(e.Message));
    }

    private async Task UntilCachesShowAsync()
    {
        using var deadline = new CancellationTokenSource(_services.Settings.CacheDeadline, _services.Clock);
        if (!_caughtUp)
        {
            // The owner before us may have written what this process has not seen yet.
            await _services.Caches.CatchUpAsync(_controller!.Reads, deadline.Token).ConfigureAwait(false);
            _caughtUp = true;
        }
        foreach (var (type, revision) in _seen)
            if (_services.Caches.Find(type) is { } cache) await cache.WaitForAsync(revision).WaitAsync(deadline.Token).ConfigureAwait(false);
    }

    // What other servers answer counts only if what is here was read afterwards: a server may have made objects of ours before it was empty.
    private async Task<Confirmed> ConfirmAsync(ReconcileResult result, IRemoteContent? elsewhere)
    {
        using var deadline = new CancellationTokenSource(_services.Settings.CacheDeadline, _services.Clock);
        var left = elsewhere is null ? RemoteRemains.None : await elsewhere.EmptyAsync(result.EmptyElsewhere!, deadline.Token).ConfigureAwait(false);
        await _services.Caches.CatchUpAsync(result.Confirm, deadline.Token).ConfigureAwait(false);
        return new Confirmed(left);
    }

    private void RunPass(Confirmed? confirmed)
    {
        var started = _services.Clock.GetTimestamp();
        var context = new ReconcileContext(_services.Clock.GetUtcNow(), $"{_id}/{_decisions.Count}", _failure)
        {
            DeletionFailures = _deletionFailures,
            Backoff = _backoff,
            Confirmed = confirmed is not null,
            Elsewhere = confirmed?.Elsewhere ?? RemoteRemains.None,
        };
        ReconcileResult result;
        try
        {
            result = _controller!.Reconcile(_key, _services.Caches, context);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _log.Error(e, "The controller {0} cannot work on {1}", _controller!.Name, _key);
            Fail(e.Message);
            return;
        }
        var elsewhere = result.EmptyElsewhere is not null && _services.Elsewhere is { Any: true } others ? others : null;
        if (result.Actions.Any(static a => a is PatchAction { Adopts: true })) result = result with { Confirm = [.. result.Confirm, .. _controller.Reads.Take(1)] };
        if (confirmed is null && (!result.Confirm.IsEmpty || elsewhere is not null))
        {
            ConfirmAsync(result, elsewhere).PipeTo(Self, failure: static e => new PassFailed(e.Message));
            return;
        }
        if (result.RequeueAfter is { } wait) Timers.StartSingleTimer(nameof(Due), Due.Instance, SleepOf(wait));
        // An object with thousands of children takes long to look at, so its triggers are gathered for longer.
        var pause = _services.Clock.GetElapsedTime(started) * 10;
        _notBefore = _services.Clock.GetUtcNow() + (pause < _services.Settings.PauseMax ? pause : _services.Settings.PauseMax);
        if (result.Actions.IsEmpty)
        {
            Finish(new PassDone(result.Actions, new ActionOutcome(ImmutableDictionary<ResourceType, long>.Empty, null, null)));
            return;
        }
        _services.Runner.RunAsync(result.Actions, $"{_controller.Name}-controller")
            .PipeTo(Self, success: outcome => new PassDone(result.Actions, outcome), failure: static e => new PassFailed(e.Message));
    }

    /// <summary>How long to sleep of a wait that a pass asks for.</summary>
    internal static TimeSpan SleepOf(TimeSpan wait) => wait < SleepMin ? SleepMin : wait > SleepMax ? SleepMax : wait;

    private void Finish(PassDone done)
    {
        _seen = done.Outcome.Revisions;
        if (ControllerDecisions.Tell(done.Actions) is { } told)
        {
            PersistAsync(new ControllerDecided(_services.Clock.GetUtcNow(), _cause, told, done.Outcome.Refusal?.Message ?? ""), decided =>
            {
                _decisions = _decisions.Apply(decided);
                if (_decisions.Count % ControllerDecisions.RecentMax == 0) SaveSnapshot(_decisions);
                Conclude(done.Outcome);
            });
            return;
        }
        Conclude(done.Outcome);
    }

    private void Conclude(ActionOutcome outcome)
    {
        _failure = outcome.CreateRefusal?.Message;
        _deletionFailures = outcome.DeleteRefusals;
        if (outcome.Refusal is { } refusal)
        {
            Fail(refusal.Message);
            return;
        }
        _failures = 0;
        Idle();
    }

    private void Fail(string message)
    {
        var wait = _services.Settings.RetryMin * Math.Pow(2, Math.Min(_failures++, 16));
        if (wait > _services.Settings.RetryMax) wait = _services.Settings.RetryMax;
        wait *= 0.75 + (_jitter.NextDouble() * 0.5);
        _log.Debug("{0}: {1}; again in {2}", _id, message, wait);
        _notBefore = _services.Clock.GetUtcNow() + wait;
        _pending ??= _cause;
        Idle();
    }

    private void Idle()
    {
        _running = false;
        if (_pending is { } cause) Pend(cause);
    }

    private void Passivate()
    {
        if (_running || _pending is not null || Timers.IsTimerActive(nameof(Due))) return;
        Context.Parent.Tell(new Passivate(PoisonPill.Instance));
    }

    private sealed record PassDone(ImmutableArray<ControllerAction> Actions, ActionOutcome Outcome) : INotInfluenceReceiveTimeout;

    private sealed record PassFailed(string Error) : INotInfluenceReceiveTimeout;

    private sealed class Ready
    {
        public static readonly Ready Instance = new();
    }

    private sealed record Confirmed(RemoteRemains Elsewhere) : INotInfluenceReceiveTimeout;

    private sealed class Start
    {
        public static readonly Start Instance = new();
    }

    private sealed class Due
    {
        public static readonly Due Instance = new();
    }
}
