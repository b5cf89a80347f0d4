using Akka.Actor;
using Akka.Event;
using Akka.TestKit.TestEvent;

namespace Akka.TestKit.Internal;

internal sealed class EventFilterApplier(TestKitBase testKit, ActorSystem system, List<EventFilterBase> filters) : IEventFilterApplier
{
    public EventFilterFactory And => new(testKit, system, filters);

    private List<EventFilterBase> Filters => filters;

    private TestKitBase Kit => testKit;

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Run(1, null, action, cancellationToken);

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) => Run(1, timeout, action, cancellationToken);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) => Run(expectedCount, null, action, cancellationToken);

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Run(expectedCount, timeout, action, cancellationToken);

    public Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default) => RunAsync(1, null, actionAsync, cancellationToken);

    public Task ExpectOneAsync(TimeSpan timeout, Func<Task> action, CancellationToken cancellationToken = default) =>
        RunAsync(1, timeout, action, cancellationToken);

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        RunAsync(expectedCount, null, actionAsync, cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        RunAsync(expectedCount, timeout, actionAsync, cancellationToken);

    public Task<T> ExpectOneAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) => RunAsync(1, null, func, cancellationToken);

    public Task<T> ExpectOneAsync<T>(TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        RunAsync(1, timeout, func, cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        RunAsync(expectedCount, null, func, cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        RunAsync(expectedCount, timeout, func, cancellationToken);

    public T Mute<T>(Func<T> func, CancellationToken cancellationToken = default)
    {
        using var muted = Mute();
        return func();
    }

    public void Mute(Action action, CancellationToken cancellationToken = default)
    {
        using var muted = Mute();
        action();
    }

    public IUnmutableFilter Mute() => new Muted(system, [.. filters]);

    private void Run(int count, TimeSpan? timeout, Action action, CancellationToken cancellationToken)
    {
        using var counting = new Counting(this, count);
        action();
        counting.Check(timeout, cancellationToken).GetAwaiter().GetResult();
    }

    private async Task RunAsync(int count, TimeSpan? timeout, Func<Task> action, CancellationToken cancellationToken)
    {
        using var counting = new Counting(this, count);
        await action();
        await counting.Check(timeout, cancellationToken);
    }

    private async Task<T> RunAsync<T>(int count, TimeSpan? timeout, Func<Task<T>> func, CancellationToken cancellationToken)
    {
        using var counting = new Counting(this, count);
        var result = await func();
        await counting.Check(timeout, cancellationToken);
        return result;
    }

    private sealed class Muted : IUnmutableFilter
    {
        private readonly ActorSystem _system;
        private readonly EventFilterBase[] _filters;
        private int _undone;

        public Muted(ActorSystem system, EventFilterBase[] filters)
        {
            (_system, _filters) = (system, filters);
            system.EventStream.Publish(new Mute(filters));
        }

        public void Unmute()
        {
            if (Interlocked.Exchange(ref _undone, 1) == 0) _system.EventStream.Publish(new Unmute(_filters));
        }

        public void Dispose() => Unmute();
    }

    private sealed class Counting : IDisposable
    {
        private readonly EventFilterApplier _applier;
        private readonly int _expected;
        private readonly IUnmutableFilter _muted;
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _matched;

        public Counting(EventFilterApplier applier, int expected)
        {
            (_applier, _expected) = (applier, expected);
            foreach (var filter in applier.Filters) filter.EventMatched += Count;
            _muted = applier.Mute();
        }

        private void Count(LogEvent logEvent)
        {
            if (Interlocked.Increment(ref _matched) == _expected) _reached.TrySetResult();
        }

        public async Task Check(TimeSpan? timeout, CancellationToken cancellationToken)
        {
            var kit = _applier.Kit;
            var wait = kit.Dilated(timeout ?? kit.TestKitSettings.TestEventFilterLeeway);
            // For none the whole time is waited, since one may still come.
            if (_expected == 0) await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            else await Task.WhenAny(_reached.Task, Task.Delay(wait, cancellationToken)).ConfigureAwait(false);
            var matched = Volatile.Read(ref _matched);
            if (matched == _expected) return;
            kit.KitAssertions.Fail($"{(matched < _expected ? $"Timeout ({wait}) while waiting for" : "Expected")} {_expected} of: {string.Join(" or ", _applier.Filters)}. Got {matched}");
        }

        public void Dispose()
        {
            _muted.Dispose();
            foreach (var filter in _applier.Filters) filter.EventMatched -= Count;
        }
    }
}
