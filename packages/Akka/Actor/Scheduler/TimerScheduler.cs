namespace Akka.Actor
{
    /// <summary>Timers of one actor, by key. A restart or stop cancels them; a cancelled or replaced one never delivers.</summary>
    public interface ITimerScheduler
    {
        IReadOnlyCollection<object> ActiveTimers { get; }

        void StartPeriodicTimer(object key, object msg, TimeSpan interval);
        void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender);
        void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);
        void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender);
        void StartSingleTimer(object key, object msg, TimeSpan timeout);
        void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender);
        bool IsTimerActive(object key);
        void Cancel(object key);
        void CancelAll();
    }

    /// <summary>An actor with timers; the system sets the property.</summary>
    public interface IWithTimers
    {
        ITimerScheduler Timers { get; set; }
    }
}

namespace Akka.Actor.Scheduler
{
    internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
    {
        private readonly Dictionary<object, Timer> _timers = [];

        public IReadOnlyCollection<object> ActiveTimers => _timers.Keys;

        public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval, null);
        public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) => Start(key, msg, interval, interval, sender);
        public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval, null);
        public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender) => Start(key, msg, initialDelay, interval, sender);
        public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, null);
        public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender) => Start(key, msg, timeout, null, sender);
        public bool IsTimerActive(object key) => _timers.ContainsKey(key);

        public void Cancel(object key)
        {
            if (_timers.Remove(key, out var timer)) timer.Cancelable.Cancel();
        }

        public void CancelAll()
        {
            foreach (var timer in _timers.Values) timer.Cancelable.Cancel();
            _timers.Clear();
        }

        private void Start(object key, object message, TimeSpan delay, TimeSpan? interval, IActorRef sender)
        {
            Cancel(key);
            var envelope = message is INotInfluenceReceiveTimeout ? new SilentTimerMessage() : new TimerMessage();
            envelope.Owner = this;
            envelope.Key = key;
            var scheduler = cell.SystemImpl.Scheduler;
            var from = sender ?? cell.Self;
            var cancelable = interval is { } every
                ? scheduler.ScheduleTellRepeatedlyCancelable(delay, every, cell.Self, envelope, from)
                : scheduler.ScheduleTellOnceCancelable(delay, cell.Self, envelope, from);
            _timers[key] = new Timer(message, interval is not null, envelope, cancelable);
        }

        /// <summary>The message of a timer that fired; null when it was cancelled or replaced while its message was under way.</summary>
        internal object Take(TimerMessage envelope)
        {
            if (!ReferenceEquals(envelope.Owner, this) || !_timers.TryGetValue(envelope.Key, out var timer) || !ReferenceEquals(timer.Envelope, envelope)) return null;
            if (!timer.Periodic) _timers.Remove(envelope.Key);
            return timer.Message;
        }

        private sealed record Timer(object Message, bool Periodic, TimerMessage Envelope, ICancelable Cancelable);
    }

    /// <summary>What a timer puts into the mailbox; the cell unwraps it.</summary>
    internal class TimerMessage : IAutoReceivedMessage, INoSerializationVerificationNeeded, Event.IDeadLetterSuppression
    {
        public TimerScheduler Owner { get; set; }
        public object Key { get; set; }
    }

    internal sealed class SilentTimerMessage : TimerMessage, INotInfluenceReceiveTimeout;
}
