using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Gives every request that is not long-running its time: what its client asks for by <c>?timeout=</c>, and never more than
/// <paramref name="longest"/>.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/filters/request_deadline.go and server/filters/timeout.go. There: a timer per request;
/// here one look at all that run, for what is over is answered a moment later just as well.</remarks>
public sealed class RequestDeadlines : IDisposable
{
    /// <summary>How often what runs is looked through.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>A shorter time is kept to by a timer of its own.</summary>
    private static readonly TimeSpan ExactBelow = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<RequestDeadline> _running = new();
    private readonly TimeSpan _longest;
    private readonly TimeProvider _clock;
    private readonly ITimer _looks;
    private int _looking;

    public RequestDeadlines(TimeSpan longest, TimeProvider clock)
    {
        _longest = longest;
        _clock = clock;
        _looks = clock.CreateTimer(static self => ((RequestDeadlines)self!).LookThrough(), this, LookEvery, LookEvery);
    }

    /// <summary>How many are looked through, those among them that ended since the last look.</summary>
    public int Count => _running.Count;

    /// <summary>Begins the time of a request.</summary>
    /// <returns>The deadline; or the refusal, when what the client says is no time.</returns>
    public (RequestDeadline? Deadline, ApiError? Error) Begin(HttpContext context)
    {
        var time = _longest;
        if (context.Request.QueryString.HasValue && context.Request.Query["timeout"] is [{ Length: > 0 } text, ..])
        {
            if (GoDuration.Parse(text, out var fault) is not { } asked) return (null, ApiError.BadRequest($"invalid timeout specified in the request URL - {fault}"));
            if (asked > TimeSpan.Zero && asked < time) time = asked;
        }
        var deadline = new RequestDeadline(context, _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency));
        if (time < ExactBelow) deadline.EndBy(_clock, time);
        _running.Enqueue(deadline);
        return (deadline, null);
    }

    public void Dispose() => _looks.Dispose();

    private void LookThrough()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1) return; // the last look is not through
        try
        {
            var now = _clock.GetTimestamp();
            for (var left = _running.Count; left > 0 && _running.TryDequeue(out var deadline); left--)
                if (!deadline.IsDone && deadline.Look(now)) _running.Enqueue(deadline);
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }
}
