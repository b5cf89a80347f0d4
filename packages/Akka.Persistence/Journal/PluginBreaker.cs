using Akka.Configuration;

namespace Akka.Persistence.Journal;

/// <summary>
/// Stops asking a plugin that keeps failing: after a number of failures in a row every call fails at once, until one call
/// is let through again to try.
/// </summary>
/// <remarks>Only outages count. A lost race or a refused event is an answer, and must not close the journal to everybody.</remarks>
internal sealed class PluginBreaker
{
    private readonly int _failuresMax;
    private readonly TimeSpan _callTimeout;
    private readonly TimeSpan _resetTimeout;
    private readonly Func<Exception, bool> _isOutage;
    private readonly Lock _gate = new();
    private int _failures;
    private long _openUntil;
    private bool _trying;

    public PluginBreaker(Config config, Func<Exception, bool> isOutage)
    {
        _failuresMax = config.GetInt("circuit-breaker.max-failures", 10);
        _callTimeout = config.GetTimeSpan("circuit-breaker.call-timeout", TimeSpan.FromSeconds(10));
        _resetTimeout = config.GetTimeSpan("circuit-breaker.reset-timeout", TimeSpan.FromSeconds(30));
        _isOutage = isOutage;
    }

    public async Task<T> Run<T>(Func<Task<T>> body)
    {
        Enter();
        try
        {
            var call = body();
            var result = call.IsCompleted ? await call.ConfigureAwait(false) : await call.WaitAsync(_callTimeout).ConfigureAwait(false);
            Succeeded();
            return result;
        }
        catch (TimeoutException e)
        {
            Failed();
            throw new TimeoutException($"the persistence plugin did not answer within {_callTimeout.TotalSeconds:0.#} s", e);
        }
        catch (Exception e)
        {
            if (_isOutage(e)) Failed();
            else Succeeded();
            throw;
        }
    }

    public Task Run(Func<Task> body) => Run(async () =>
    {
        await body().ConfigureAwait(false);
        return true;
    });

    private void Enter()
    {
        lock (_gate)
        {
            if (_failures < _failuresMax) return;
            var now = Environment.TickCount64;
            if (now < _openUntil || _trying)
            {
                throw new PluginUnavailableException(
                    $"the persistence plugin failed {_failures} times in a row and is not asked for {_resetTimeout.TotalSeconds:0.#} s");
            }
            _trying = true;
        }
    }

    private void Succeeded()
    {
        lock (_gate)
        {
            _failures = 0;
            _trying = false;
        }
    }

    private void Failed()
    {
        lock (_gate)
        {
            _trying = false;
            _failures++;
            if (_failures >= _failuresMax) _openUntil = Environment.TickCount64 + (long)_resetTimeout.TotalMilliseconds;
        }
    }
}

/// <summary>The breaker in front of a plugin is open.</summary>
internal sealed class PluginUnavailableException(string message) : Exception(message);
