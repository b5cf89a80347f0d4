using System.Diagnostics;
using Akka.Actor;

namespace Akka.Pattern;

/// <summary>Keeps callers from a service that fails.</summary>
/// <remarks>
/// Closed: calls go through; after <see cref="MaxFailures"/> failures in a row, where a call that lasts longer than
/// <see cref="CallTimeout"/> is one, it opens. Open: calls fail with <see cref="OpenCircuitException"/>. After the reset
/// timeout it is half-open: one call goes through; its success closes the breaker, its failure opens it again with the reset
/// timeout multiplied by <see cref="ExponentialBackoffFactor"/>, at most <see cref="MaxResetTimeout"/>. Thread-safe.
/// </remarks>
public class CircuitBreaker
{
    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    private readonly Lock _lock = new();
    private readonly List<Action> _onOpen = [];
    private readonly List<Action> _onHalfOpen = [];
    private readonly List<Action> _onClose = [];
    private State _state;
    private bool _trialRuns;
    private int _failures;
    private TimeSpan _currentReset;
    private TimeSpan _openFor;
    private long _openedAt;

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, TimeSpan.FromDays(36500), 1.0) { }

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, maxResetTimeout, exponentialBackoffFactor, 0.0) { }

    public CircuitBreaker(
        IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor, double randomFactor)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentOutOfRangeException.ThrowIfLessThan(exponentialBackoffFactor, 1.0);
        ArgumentOutOfRangeException.ThrowIfLessThan(randomFactor, 0.0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(randomFactor, 1.0);
        (Scheduler, MaxFailures, CallTimeout, ResetTimeout) = (scheduler, maxFailures, callTimeout, resetTimeout);
        (MaxResetTimeout, ExponentialBackoffFactor, RandomFactor) = (maxResetTimeout, exponentialBackoffFactor, randomFactor);
        _currentReset = resetTimeout;
    }

    public IScheduler Scheduler { get; }
    public int MaxFailures { get; }
    public TimeSpan CallTimeout { get; }
    public TimeSpan ResetTimeout { get; }
    public TimeSpan MaxResetTimeout { get; }
    public double ExponentialBackoffFactor { get; }

    /// <summary>0.2 adds up to a fifth of the reset timeout at random.</summary>
    public double RandomFactor { get; }

    public long CurrentFailureCount => Volatile.Read(ref _failures);
    public Exception LastCaughtException { get; private set; }
    public bool IsClosed => CurrentState == State.Closed;
    public bool IsOpen => CurrentState == State.Open;
    public bool IsHalfOpen => CurrentState == State.HalfOpen;

    private State CurrentState
    {
        get
        {
            lock (_lock) return _state;
        }
    }

    public static CircuitBreaker Create(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout) =>
        new(scheduler, maxFailures, callTimeout, resetTimeout);

    /// <summary>The call itself is not cancelled by the timeout; its late result is dropped.</summary>
    /// <exception cref="OpenCircuitException">The breaker is open.</exception>
    /// <exception cref="TimeoutException">The call took longer than the call timeout.</exception>
    public async Task<T> WithCircuitBreaker<T>(Func<Task<T>> body)
    {
        Enter();
        T result;
        try
        {
            result = await body().WaitAsync(CallTimeout).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }

        Succeeded();
        return result;
    }

    public Task<T> WithCircuitBreaker<T, TState>(TState state, Func<TState, Task<T>> body) => WithCircuitBreaker(() => body(state));

    public Task WithCircuitBreaker(Func<Task> body) => WithCircuitBreaker(async () =>
    {
        await body().ConfigureAwait(false);
        return Done.Instance;
    });

    public Task WithCircuitBreaker<TState>(TState state, Func<TState, Task> body) => WithCircuitBreaker(() => body(state));

    public void WithSyncCircuitBreaker(Action body) => WithSyncCircuitBreaker(() =>
    {
        body();
        return Done.Instance;
    });

    /// <summary>Runs on the caller's thread, so a call that is too long counts as a failure only once it returns.</summary>
    public T WithSyncCircuitBreaker<T>(Func<T> body)
    {
        Enter();
        var start = Stopwatch.GetTimestamp();
        T result;
        try
        {
            result = body();
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }

        if (Stopwatch.GetElapsedTime(start) > CallTimeout) Failed(new TimeoutException($"The call took longer than {CallTimeout}"));
        else Succeeded();
        return result;
    }

    /// <summary>Reports a success of a call that did not go through this object.</summary>
    public void Succeed() => Succeeded();

    /// <summary>Reports a failure of a call that did not go through this object.</summary>
    public void Fail() => Failed(new UserCalledFailException());

    public CircuitBreaker OnOpen(Action callback) => Add(_onOpen, callback);

    public CircuitBreaker OnHalfOpen(Action callback) => Add(_onHalfOpen, callback);

    public CircuitBreaker OnClose(Action callback) => Add(_onClose, callback);

    /// <summary>A breaker as this one whose reset timeout doubles with each failed trial.</summary>
    public CircuitBreaker WithExponentialBackoff(TimeSpan maxResetTimeout) =>
        new(Scheduler, MaxFailures, CallTimeout, ResetTimeout, maxResetTimeout, 2.0, RandomFactor);

    public CircuitBreaker WithRandomFactor(double randomFactor) =>
        new(Scheduler, MaxFailures, CallTimeout, ResetTimeout, MaxResetTimeout, ExponentialBackoffFactor, randomFactor);

    private CircuitBreaker Add(List<Action> callbacks, Action callback)
    {
        lock (_lock) callbacks.Add(callback);
        return this;
    }

    private void Enter()
    {
        lock (_lock)
        {
            if (_state == State.Closed) return;
            if (_state == State.HalfOpen && !_trialRuns)
            {
                _trialRuns = true;
                return;
            }

            var left = _state == State.Open ? _openFor - Stopwatch.GetElapsedTime(_openedAt) : TimeSpan.Zero;
            throw new OpenCircuitException(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private void Succeeded()
    {
        lock (_lock)
        {
            switch (_state)
            {
                case State.Closed:
                    _failures = 0;
                    return;
                case State.Open:
                    // A call from before the breaker opened.
                    return;
            }

            _state = State.Closed;
            _failures = 0;
            _trialRuns = false;
            _currentReset = ResetTimeout;
        }

        Notify(_onClose);
    }

    private void Failed(Exception cause)
    {
        TimeSpan reset;
        lock (_lock)
        {
            LastCaughtException = cause;
            switch (_state)
            {
                case State.Open:
                    return;
                case State.Closed:
                    if (++_failures < MaxFailures) return;
                    break;
                case State.HalfOpen:
                    _currentReset = Longer(_currentReset);
                    break;
            }

            _state = State.Open;
            _trialRuns = false;
            _openedAt = Stopwatch.GetTimestamp();
            _openFor = reset = _currentReset * (1.0 + (Random.Shared.NextDouble() * RandomFactor));
        }

        Scheduler.Advanced.ScheduleOnce(reset, AttemptReset);
        Notify(_onOpen);
    }

    private TimeSpan Longer(TimeSpan reset)
    {
        var next = reset.TotalMilliseconds * ExponentialBackoffFactor;
        return next >= MaxResetTimeout.TotalMilliseconds ? MaxResetTimeout : TimeSpan.FromMilliseconds(next);
    }

    private void AttemptReset()
    {
        lock (_lock)
        {
            if (_state != State.Open) return;
            _state = State.HalfOpen;
            _trialRuns = false;
        }

        Notify(_onHalfOpen);
    }

    private void Notify(List<Action> callbacks)
    {
        Action[] all;
        lock (_lock) all = [.. callbacks];
        foreach (var callback in all) Task.Run(callback);
    }
}
