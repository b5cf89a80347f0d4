using System.Collections.Concurrent;

namespace Akka.Remote.TestKit.Internal;

/// <summary>Requests that wait for their reply on one channel.</summary>
internal sealed class PendingReplies
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ConductorFrame>> _waiting = new();
    private long _lastId;
    private volatile string? _closed;

    /// <summary>Sends a request under a fresh id; completes with its reply.</summary>
    /// <exception cref="InvalidOperationException">The other side refuses, or is gone.</exception>
    public async Task<ConductorFrame> AskAsync(FrameChannel channel, ConductorFrame request)
    {
        var id = Interlocked.Increment(ref _lastId);
        var reply = new TaskCompletionSource<ConductorFrame>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = reply;
        if (_closed is { } why) throw new InvalidOperationException(why);
        try
        {
            await channel.SendAsync(request with { Id = id }).ConfigureAwait(false);
            var answer = await reply.Task.ConfigureAwait(false);
            return answer.Error is null ? answer : throw new InvalidOperationException(answer.Error);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    public void Complete(ConductorFrame reply)
    {
        if (_waiting.TryGetValue(reply.Id, out var waiting)) waiting.TrySetResult(reply);
    }

    /// <summary>Fails what waits, and all that comes.</summary>
    public void Close(string why)
    {
        _closed = why;
        foreach (var waiting in _waiting.Values) waiting.TrySetException(new InvalidOperationException(why));
    }
}
