using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>A scheduler whose time passes only when a test says so: akka.scheduler.implementation names it.</summary>
public class TestScheduler : IScheduler, IAdvancedScheduler
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Entry, (long Due, long Order)> _entries = new();
    private readonly DateTimeOffset _start;
    private DateTimeOffset _now;
    private long _order;

    public TestScheduler(Config schedulerConfig, ILoggingAdapter log) => _start = _now = DateTimeOffset.UtcNow;

    public DateTimeOffset Now
    {
        get
        {
            lock (_lock) return _now;
        }
    }

    protected DateTimeOffset TimeNow => Now;
    public TimeSpan MonotonicClock => Now - _start;
    public TimeSpan HighResMonotonicClock => MonotonicClock;
    public IAdvancedScheduler Advanced => this;

    /// <summary>Runs everything that is due within the time, each at its own moment and on this thread.</summary>
    public void Advance(TimeSpan offset) => AdvanceTo(Now + offset);

    /// <exception cref="InvalidOperationException">The moment is in the past.</exception>
    public void AdvanceTo(DateTimeOffset when)
    {
        if (when < Now) throw new InvalidOperationException("Time does not go back");
        while (true)
        {
            Entry entry;
            lock (_lock)
            {
                if (!_entries.TryPeek(out entry, out var at) || at.Due > when.UtcTicks)
                {
                    _now = when;
                    return;
                }

                _entries.Dequeue();
                var due = new DateTimeOffset(at.Due, TimeSpan.Zero);
                if (due > _now) _now = due;
                if (entry.Cancelable is { IsCancellationRequested: true }) continue;
                if (entry.Interval is { } interval) Add(entry, interval);
            }

            entry.Run();
        }
    }

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender) => ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Schedule(delay, null, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Schedule(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Schedule(delay, null, action, cancelable);
    public void ScheduleOnce(TimeSpan delay, Action action) => Schedule(delay, null, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Schedule(initialDelay, interval, action, cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) => Schedule(initialDelay, interval, action, null);
    public void ScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Schedule(delay, null, action.Run, cancelable);
    public void ScheduleOnce(TimeSpan delay, IRunnable action) => Schedule(delay, null, action.Run, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Schedule(initialDelay, interval, action.Run, cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action) => Schedule(initialDelay, interval, action.Run, null);

    private void Schedule(TimeSpan delay, TimeSpan? interval, Action run, ICancelable cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        if (interval is { } i) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(i, TimeSpan.Zero);
        var entry = new Entry(run, interval, cancelable);
        if (delay == TimeSpan.Zero)
        {
            if (cancelable is { IsCancellationRequested: true }) return;
            if (interval is { } next)
                lock (_lock)
                    Add(entry, next);
            run();
            return;
        }

        lock (_lock) Add(entry, delay);
    }

    private void Add(Entry entry, TimeSpan delay) => _entries.Enqueue(entry, ((_now + delay).UtcTicks, _order++));

    private sealed record Entry(Action Run, TimeSpan? Interval, ICancelable Cancelable);
}
