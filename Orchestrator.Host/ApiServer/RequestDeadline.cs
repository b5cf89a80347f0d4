using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>The time that a request has: what its client gives it by <c>?timeout=</c>; long-running requests have none.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/filters/request_deadline.go and server/filters/timeout.go. While it runs, it is what
/// <see cref="HttpContext.RequestAborted"/> tells, so whatever the request waits for is given up with it.</remarks>
internal sealed class RequestDeadline : IDisposable
{
    /// <summary>What a client may ask for at most, and what a request to another server gets. What this server answers itself ends sooner,
    /// by the registry's own deadline. Source: kube-apiserver, --request-timeout.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly HttpContext _context;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _clock;

    private RequestDeadline(HttpContext context, TimeSpan timeout)
    {
        _context = context;
        _aborted = context.RequestAborted;
        _clock = CancellationTokenSource.CreateLinkedTokenSource(_aborted);
        _clock.CancelAfter(timeout);
        context.RequestAborted = _clock.Token;
    }

    /// <summary>What is answered when the time is over.</summary>
    public static ApiError Expired { get; } = ApiError.Timeout("Timeout: request did not complete within the allotted timeout");

    /// <summary>The time is over, and the client is still there.</summary>
    public bool HasExpired => _clock.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Begins the time of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="always">It has the longest time when its client sets none; else it has no deadline then.</param>
    /// <returns>The deadline, if there is one; the refusal when what the client says is no time.</returns>
    public static (RequestDeadline? Deadline, ApiError? Error) Begin(HttpContext context, bool always)
    {
        if (!context.Request.QueryString.HasValue || context.Request.Query["timeout"] is not [{ Length: > 0 } text, ..])
            return (always ? new RequestDeadline(context, Longest) : null, null);
        if (GoDuration.Parse(text, out var fault) is not { } timeout) return (null, ApiError.BadRequest($"invalid timeout specified in the request URL - {fault}"));
        return (new RequestDeadline(context, timeout > TimeSpan.Zero && timeout < Longest ? timeout : Longest), null);
    }

    public void Dispose()
    {
        _context.RequestAborted = _aborted;
        _clock.Dispose();
    }
}
