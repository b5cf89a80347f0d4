using System.Runtime.ExceptionServices;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    // When the innermost Within ends, in ticks of TickCount64; null outside of one.
    private long? _end;
    private bool _lastWasNoMessage;

    /// <summary>Time left in the innermost Within, outside of one that of a single expectation.</summary>
    public TimeSpan RemainingOrDefault => _end is null ? Dilated(TestKitSettings.SingleExpectDefault) : Remaining;

    /// <summary>Time left in the innermost Within.</summary>
    /// <exception cref="InvalidOperationException">Called outside of Within.</exception>
    public TimeSpan Remaining => _end is { } end
        ? TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64))
        : throw new InvalidOperationException("Remaining may not be used outside of Within");

    public TimeSpan Dilated(TimeSpan duration) => duration < TimeSpan.Zero ? duration : duration * TestKitSettings.TestTimeFactor;

    public TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => timeout is { } t ? Dilated(t) : RemainingOrDefault;

    /// <summary>Time left in the innermost Within, outside of one <paramref name="duration"/>.</summary>
    public TimeSpan RemainingOr(TimeSpan duration) => _end is null ? duration : Remaining;

    private TimeSpan RemainingOrDilated(TimeSpan? duration)
    {
        if (duration is not { } d) return RemainingOrDefault;
        if (d < TimeSpan.Zero) return _end is null ? d : Remaining;
        var dilated = Dilated(d);
        return _end is null || dilated < Remaining ? dilated : Remaining;
    }

    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    public void Within(
        TimeSpan min, TimeSpan max, Action action, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(min, max, () =>
        {
            action();
            return Done.Instance;
        }, hint, epsilonValue, cancellationToken);

    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    /// <summary>Runs code that must take at least <paramref name="min"/> and at most <paramref name="max"/>, dilated.</summary>
    public T Within<T>(
        TimeSpan min, TimeSpan max, Func<T> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var block = EnterWithin(min, max);
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _end = block.OuterEnd;
        }

        CheckWithin(block, min, hint, epsilonValue);
        return result;
    }

    public virtual Task WithinAsync(TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, actionAsync, null, epsilonValue, cancellationToken);

    public virtual Task WithinAsync(
        TimeSpan min, TimeSpan max, Func<Task> actionAsync, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(min, max, async () =>
        {
            await actionAsync();
            return Done.Instance;
        }, hint, epsilonValue, cancellationToken);

    public virtual Task<T> WithinAsync<T>(TimeSpan max, Func<Task<T>> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public virtual async Task<T> WithinAsync<T>(
        TimeSpan min, TimeSpan max, Func<Task<T>> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var block = EnterWithin(min, max);
        T result;
        try
        {
            result = await function();
        }
        finally
        {
            _end = block.OuterEnd;
        }

        CheckWithin(block, min, hint, epsilonValue);
        return result;
    }

    private readonly record struct WithinBlock(long Start, TimeSpan MaxDiff, long? OuterEnd);

    private WithinBlock EnterWithin(TimeSpan min, TimeSpan max)
    {
        var start = Environment.TickCount64;
        var dilated = Dilated(max);
        var remaining = _end is null ? dilated : Remaining;
        _assertions.AssertTrue(remaining >= min, $"Required min time {min} not possible, only {remaining} left");
        _lastWasNoMessage = false;
        var maxDiff = dilated < remaining ? dilated : remaining;
        var block = new WithinBlock(start, maxDiff, _end);
        _end = start + (long)maxDiff.TotalMilliseconds;
        return block;
    }

    private void CheckWithin(WithinBlock block, TimeSpan min, string hint, TimeSpan? epsilonValue)
    {
        var elapsed = TimeSpan.FromMilliseconds(Environment.TickCount64 - block.Start);
        var text = hint is null ? "" : $" [{hint}]";
        if (elapsed < min) _assertions.Fail($"Failed: Block took {elapsed}, should have taken at least {min}{text}");
        // A block that ends by expecting silence takes all its time and then a little.
        if (!_lastWasNoMessage && elapsed > block.MaxDiff + (epsilonValue ?? TimeSpan.Zero))
            _assertions.Fail($"Failed: Block took {elapsed}, exceeding {block.MaxDiff}{text}");
    }

    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var (end, pause) = Polling(duration, interval);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (Environment.TickCount64 < end)
            {
                Thread.Sleep(pause);
            }
        }
    }

    public virtual Task AwaitAssertAsync(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitAssertAsync(() =>
        {
            assertion();
            return Task.CompletedTask;
        }, duration, interval, cancellationToken);

    /// <summary>Runs the assertion again and again until it does not throw; at the end its error is that of the test.</summary>
    public virtual async Task AwaitAssertAsync(
        Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var (end, pause) = Polling(duration, interval);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await assertion();
                return;
            }
            catch (Exception e)
            {
                if (Environment.TickCount64 >= end) ExceptionDispatchInfo.Throw(e);
            }

            await Task.Delay(pause, cancellationToken);
        }
    }

    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    public void AwaitCondition(
        Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string message = null, CancellationToken cancellationToken = default)
    {
        var (end, pause) = Polling(max, interval);
        while (!conditionIsFulfilled())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Environment.TickCount64 >= end) FailCondition(max, message);
            Thread.Sleep(pause);
        }
    }

    public virtual Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, TimeSpan? max = null, TimeSpan? interval = null, string message = null,
        CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), max, interval, message, cancellationToken);

    public virtual Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, CancellationToken cancellationToken) =>
        AwaitConditionAsync(conditionIsFulfilled, null, null, null, cancellationToken);

    public virtual async Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, TimeSpan? max = null, TimeSpan? interval = null, string message = null,
        CancellationToken cancellationToken = default)
    {
        if (!await AwaitConditionNoThrowAsync(conditionIsFulfilled, max, interval, cancellationToken)) FailCondition(max, message);
    }

    public async Task<bool> AwaitConditionNoThrowAsync(
        Func<Task<bool>> conditionIsFulfilled, TimeSpan? max = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var (end, pause) = Polling(max, interval);
        while (!await conditionIsFulfilled())
        {
            if (Environment.TickCount64 >= end) return false;
            await Task.Delay(pause, cancellationToken);
        }

        return true;
    }

    private void FailCondition(TimeSpan? max, string message) =>
        _assertions.Fail($"Timeout {RemainingOrDilated(max)} expired while waiting for condition. {message}");

    private (long End, TimeSpan Pause) Polling(TimeSpan? max, TimeSpan? interval)
    {
        var wait = RemainingOrDilated(max);
        var pause = interval ?? TimeSpan.FromMilliseconds(100);
        return (wait < TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)wait.TotalMilliseconds, pause < wait || wait < TimeSpan.Zero ? pause : wait);
    }
}
