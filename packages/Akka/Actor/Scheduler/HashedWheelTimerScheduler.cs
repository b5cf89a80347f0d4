using System.Diagnostics;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>The default scheduler.</summary>
/// <remarks>
/// Named after the one it stands in for, but a heap and a thread that sleeps until the next entry is due: an idle system wakes for
/// nothing, and deadlines are not rounded to ticks.
/// </remarks>
public class HashedWheelTimerScheduler : SchedulerBase, IDisposable
{
    private static readonly double TicksPerMs = Stopwatch.Frequency / 1000.0;
    private readonly PriorityQueue<Entry, long> _entries = new();
    private readonly object _lock = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private bool _stopped;

    /// <summary>With so many entries those that were cancelled are looked for. A timeout that each message begins anew leaves one per
    /// message, and all of them would stay until they are due.</summary>
    private int _purgeAt = PurgeMin;
    private const int PurgeMin = 1024;

    public HashedWheelTimerScheduler(Config scheduler, ILoggingAdapter log) : base(scheduler, log) =>
        new Thread(Run) { IsBackground = true, Name = "akka-scheduler" }.Start();

    public override TimeSpan MonotonicClock => Stopwatch.GetElapsedTime(_started);
    public override TimeSpan HighResMonotonicClock => Stopwatch.GetElapsedTime(_started);
    protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            _entries.Clear();
            Monitor.Pulse(_lock);
        }

        GC.SuppressFinalize(this);
    }

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(delay, new Entry(receiver, message, sender, null, cancelable, TimeSpan.Zero));

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(initialDelay, new Entry(receiver, message, sender, null, cancelable, interval));

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Add(delay, new Entry(null, null, null, action, cancelable, TimeSpan.Zero));

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Add(initialDelay, new Entry(null, null, null, action, cancelable, interval));

    private void Add(TimeSpan delay, Entry entry)
    {
        var due = Stopwatch.GetTimestamp() + Ticks(delay);
        lock (_lock)
        {
            if (_stopped) throw new SchedulerException("cannot enqueue after timer shutdown");
            if (_entries.Count >= _purgeAt) Purge();
            var earlier = !_entries.TryPeek(out _, out var first) || due < first;
            _entries.Enqueue(entry, due);
            if (earlier) Monitor.Pulse(_lock);
        }
    }

    // A time for ever must not come round to the past.
    private static long Ticks(TimeSpan time) => (long)Math.Min(time.TotalMilliseconds * TicksPerMs, long.MaxValue / 4);

    private void Purge()
    {
        var left = _entries.UnorderedItems.Where(static e => e.Element.Cancelable is not { IsCancellationRequested: true }).ToList();
        _entries.Clear();
        _entries.EnqueueRange(left);
        _entries.TrimExcess();
        _purgeAt = Math.Max(PurgeMin, left.Count * 2);
    }

    private void Run()
    {
        while (true)
        {
            Entry entry;
            long due;
            lock (_lock)
            {
                while (true)
                {
                    if (_stopped) return;
                    if (!_entries.TryPeek(out _, out due))
                    {
                        Monitor.Wait(_lock);
                        continue;
                    }

                    var wait = (due - Stopwatch.GetTimestamp()) / TicksPerMs;
                    if (wait <= 0) break;
                    Monitor.Wait(_lock, (int)Math.Min(Math.Ceiling(wait), int.MaxValue));
                }

                entry = _entries.Dequeue();
                if (entry.Interval > TimeSpan.Zero && entry.Cancelable is not { IsCancellationRequested: true })
                    _entries.Enqueue(entry, Math.Max(due + Ticks(entry.Interval), Stopwatch.GetTimestamp()));
            }

            Fire(entry);
        }
    }

    private void Fire(Entry entry)
    {
        if (entry.Cancelable is { IsCancellationRequested: true }) return;
        try
        {
            if (entry.Receiver is not null) entry.Receiver.Tell(entry.Message, entry.Sender);
            else ThreadPool.UnsafeQueueUserWorkItem(static e => e.Self.RunAction(e.Action), (Self: this, entry.Action), preferLocal: false);
        }
        catch (Exception e)
        {
            Log.Error(e, "A scheduled message could not be sent");
        }
    }

    private void RunAction(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            Log.Error(e, "A scheduled action failed");
        }
    }

    private sealed record Entry(ICanTell Receiver, object Message, IActorRef Sender, Action Action, ICancelable Cancelable, TimeSpan Interval);
}
