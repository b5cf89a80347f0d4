using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The time that one request has. While it runs, <see cref="HttpContext.RequestAborted"/> tells its end as well as that of the
/// connection, so whatever the request waits for is given up with it.</summary>
/// <remarks>Nearly every request ends within milliseconds, so one costs no timer and no look at its connection:
/// <see cref="RequestDeadlines"/> ties those to their connection that it finds still running.</remarks>
public sealed class RequestDeadline : IHttpRequestLifetimeFeature, IDisposable
{
    private readonly Lock _lock = new();
    private readonly HttpContext _context;
    private readonly IHttpRequestLifetimeFeature _connection;
    private readonly long _dueAt;
    private CancellationTokenSource? _source;
    private CancellationTokenRegistration _tie;
    private ITimer? _timer;
    private bool _tied;

    /// <summary>Begins the time of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="dueAt">When it is over, as a timestamp of the clock that it is looked at with.</param>
    public RequestDeadline(HttpContext context, long dueAt)
    {
        _context = context;
        _dueAt = dueAt;
        _connection = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        context.Features.Set<IHttpRequestLifetimeFeature>(this);
    }

    /// <summary>What is answered when the time is over.</summary>
    public static ApiError Expired { get; } = ApiError.Timeout("Timeout: request did not complete within the allotted timeout");

    /// <summary>The time was over while the client was still there.</summary>
    public bool HasExpired { get; private set; }

    /// <summary>The request was answered, or nobody is left to answer to.</summary>
    public bool IsDone { get; private set; }

    public CancellationToken RequestAborted
    {
        get
        {
            lock (_lock)
            {
                if (IsDone) return _connection.RequestAborted;
                if (_source is null)
                {
                    _source = new CancellationTokenSource();
                    if (HasExpired) _source.Cancel();
                    else if (_tied) Tie();
                }
                return _source.Token;
            }
        }
        set => throw new NotSupportedException("the token of a request with a deadline is its deadline's");
    }

    public void Abort() => _connection.Abort();

    /// <summary>Ends the time by a timer of its own: for what is over before <see cref="RequestDeadlines"/> would look.</summary>
    public void EndBy(TimeProvider clock, TimeSpan due)
    {
        lock (_lock)
        {
            if (!IsDone) _timer = clock.CreateTimer(static self => ((RequestDeadline)self!).Expire(), this, due, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Looks whether the time is over.</summary>
    /// <param name="now">A timestamp of the clock.</param>
    /// <returns>Whether it has to be looked at again.</returns>
    public bool Look(long now)
    {
        if (now >= _dueAt)
        {
            Expire();
            return false;
        }
        lock (_lock)
        {
            if (IsDone || HasExpired) return false;
            if (!_tied)
            {
                _tied = true;
                if (_source is not null) Tie();
            }
            return true;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (IsDone) return;
            IsDone = true;
        }
        // Outside the lock, since this waits for a cancellation that is being told.
        _tie.Dispose();
        _timer?.Dispose();
        _context.Features.Set(_connection);
    }

    private void Expire()
    {
        CancellationTokenSource? source;
        lock (_lock)
        {
            if (IsDone || HasExpired || _source?.IsCancellationRequested == true) return;
            HasExpired = true;
            source = _source;
        }
        source?.Cancel();
    }

    private void Tie() => _tie = _connection.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
}
