using System.Diagnostics.CodeAnalysis;

namespace Akka.TestKit.Internal;

/// <summary>What a test actor received and the test has not yet looked at. One reader, any number of writers.</summary>
internal sealed class MessageQueue
{
    private readonly LinkedList<MessageEnvelope> _messages = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _arrival;

    public int Count
    {
        get
        {
            lock (_lock) return _messages.Count;
        }
    }

    public void Enqueue(MessageEnvelope envelope)
    {
        TaskCompletionSource arrival;
        lock (_lock)
        {
            _messages.AddLast(envelope);
            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.TrySetResult();
    }

    public void PutBack(MessageEnvelope envelope)
    {
        lock (_lock) _messages.AddFirst(envelope);
    }

    public List<MessageEnvelope> TakeAll()
    {
        lock (_lock)
        {
            List<MessageEnvelope> all = [.. _messages];
            _messages.Clear();
            return all;
        }
    }

    /// <summary>The next message; null when none came in time. A negative time waits for ever.</summary>
    public async ValueTask<MessageEnvelope> TakeAsync(TimeSpan max, bool remove, CancellationToken cancellationToken)
    {
        var deadline = max < TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(max.TotalMilliseconds);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!TryTake(remove, out var envelope, out var arrival))
            {
                var left = deadline == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64));
                if (left == TimeSpan.Zero) return null;
                try
                {
                    await arrival.WaitAsync(left, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    return TryTake(remove, out envelope, out _) ? envelope : null;
                }

                continue;
            }

            return envelope;
        }
    }

    private bool TryTake(bool remove, [NotNullWhen(true)] out MessageEnvelope envelope, out Task arrival)
    {
        lock (_lock)
        {
            envelope = _messages.First?.Value;
            arrival = null;
            if (envelope is not null)
            {
                if (remove) _messages.RemoveFirst();
                return true;
            }

            arrival = (_arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return false;
        }
    }
}
