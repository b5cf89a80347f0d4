using Akka.Actor;

namespace Akka.Pattern;

/// <summary>Passes messages between its parent side and one child that it starts again, later with each time.</summary>
public abstract class BackoffSupervisorBase : ActorBase
{
    private readonly BackoffSettings _settings;
    private bool _finalStopSeen;
    private bool _startAgain;

    private protected BackoffSupervisorBase(BackoffSettings settings) => _settings = settings;

    protected IActorRef Child { get; private set; }

    protected int RestartCountN { get; private set; }

    protected override void PreStart()
    {
        StartChild();
        base.PreStart();
    }

    protected override SupervisorStrategy SupervisorStrategy()
    {
        var chosen = _settings.Strategy;
        if (!_settings.OnFailure) return chosen;
        return new OneForOneStrategy(chosen.MaxNumberOfRetries, chosen.WithinTimeRangeMilliseconds, cause =>
        {
            var directive = chosen.Decider.Decide(cause);
            if (directive != Directive.Restart) return directive;
            // Stopped now and started again once the wait is over, unless there were too many starts.
            _startAgain = MayStartAgain;
            return Directive.Stop;
        });
    }

    private bool MayStartAgain => _settings.Strategy.MaxNumberOfRetries < 0 || RestartCountN < _settings.Strategy.MaxNumberOfRetries;

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Terminated t when t.ActorRef.Equals(Child): ChildStopped(); break;
            case StartChildMessage: StartChild(); break;
            case ResetRestartCount r: if (r.Count == RestartCountN) RestartCountN = 0; break;
            case WindowIsOver: RestartCountN = 0; break;
            case BackoffSupervisor.Reset when _settings.AutoReset is null: RestartCountN = 0; break;
            case BackoffSupervisor.GetRestartCount: Sender.Tell(new BackoffSupervisor.RestartCount(RestartCountN)); break;
            case BackoffSupervisor.GetCurrentChild: Sender.Tell(new BackoffSupervisor.CurrentChild(Child ?? ActorRefs.Nobody)); break;
            case BackoffSupervisor.Reset or Terminated: return false;
            default: PassOn(message); break;
        }

        return true;
    }

    private void StartChild()
    {
        if (Child is not null) return;
        Child = Context.Watch(Context.ActorOf(_settings.ChildProps, _settings.ChildName));
        if (_settings.AutoReset is { } reset && RestartCountN > 0)
            Context.System.Scheduler.ScheduleTellOnce(reset, Self, new ResetRestartCount(RestartCountN), Self);
    }

    private void ChildStopped()
    {
        Child = null;
        var again = _settings.OnFailure ? _startAgain : MayStartAgain;
        _startAgain = false;
        if (_finalStopSeen || !again)
        {
            Context.Stop(Self);
            return;
        }

        Context.System.Scheduler.ScheduleTellOnce(_settings.Delay(RestartCountN), Self, StartChildMessage.Instance, Self);
        RestartCountN++;
        // A limit per time: the count starts anew once the time since the first restart is over.
        if (_settings.Strategy.WithinTimeRangeMilliseconds > 0 && RestartCountN == 1)
            Context.System.Scheduler.ScheduleTellOnce(
                TimeSpan.FromMilliseconds(_settings.Strategy.WithinTimeRangeMilliseconds), Self, WindowIsOver.Instance, Self);
    }

    private void PassOn(object message)
    {
        var final = _settings.IsFinalStopMessage?.Invoke(message) == true;
        if (Child is { } child)
        {
            if (Sender.Equals(child))
            {
                Context.Parent.Forward(message);
                return;
            }

            _finalStopSeen |= final;
            child.Forward(message);
            return;
        }

        if (_settings.ReplyWhileStopped is { } reply) Sender.Tell(reply, Self);
        else Context.System.DeadLetters.Forward(message);
        if (final) Context.Stop(Self);
    }

    private sealed class StartChildMessage : INoSerializationVerificationNeeded, Event.IDeadLetterSuppression
    {
        public static readonly StartChildMessage Instance = new();
    }

    private sealed class WindowIsOver : INoSerializationVerificationNeeded, Event.IDeadLetterSuppression
    {
        public static readonly WindowIsOver Instance = new();
    }

    private sealed record ResetRestartCount(int Count) : INoSerializationVerificationNeeded, Event.IDeadLetterSuppression;
}

/// <summary>Starts a child again with exponential waits, as its options say.</summary>
public sealed class BackoffSupervisor : BackoffSupervisorBase
{
    internal BackoffSupervisor(BackoffSettings settings) : base(settings) { }

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        Props(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        Props(Backoff.OnStop(childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries));

    public static Props Props(BackoffOptions options) => options.Props;

    /// <summary>Asks for the child; the answer is <see cref="CurrentChild"/>.</summary>
    public sealed class GetCurrentChild
    {
        public static readonly GetCurrentChild Instance = new();

        private GetCurrentChild() { }
    }

    /// <summary>The child, Nobody while there is none.</summary>
    public sealed class CurrentChild(IActorRef @ref)
    {
        public IActorRef Ref => @ref;
    }

    /// <summary>Forgets past restarts; only with manual reset.</summary>
    public sealed class Reset
    {
        public static readonly Reset Instance = new();

        private Reset() { }
    }

    /// <summary>Asks for the number of restarts; the answer is <see cref="RestartCount"/>.</summary>
    public sealed class GetRestartCount
    {
        public static readonly GetRestartCount Instance = new();

        private GetRestartCount() { }
    }

    public sealed class RestartCount(int count)
    {
        public int Count => count;
    }
}
