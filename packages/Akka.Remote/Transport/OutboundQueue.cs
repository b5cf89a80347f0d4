using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>A message on its way to a peer.</summary>
/// <param name="Recipient">The remote actor.</param>
/// <param name="Message">The message, not serialized yet.</param>
/// <param name="Sender">Who is to be answered; null for none.</param>
/// <param name="IsSystemMessage">Whether the message is delivered reliably.</param>
internal readonly record struct OutboundMessage(RemoteActorRef Recipient, object Message, IActorRef? Sender, bool IsSystemMessage);

/// <summary>
/// What waits to be written to a peer, in two lanes: heartbeats and membership overtake the rest, since a bulk transfer must
/// not make a member look dead. Many producers, one consumer. A recipient is always in the same lane, so order is kept.
/// </summary>
internal sealed class OutboundQueue
{
    private readonly ConcurrentQueue<OutboundMessage> _control = new();
    private readonly ConcurrentQueue<OutboundMessage> _normal = new();
    private readonly SemaphoreSlim _signal = new(0);
    private int _signalled;
    private int _count;

    /// <summary>Messages waiting.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsEmpty => _control.IsEmpty && _normal.IsEmpty;

    public void Enqueue(in OutboundMessage message)
    {
        Interlocked.Increment(ref _count);
        (message.Recipient.IsControl && !message.IsSystemMessage ? _control : _normal).Enqueue(message);
        Signal();
    }

    public bool TryDequeue(out OutboundMessage message)
    {
        if (!_control.TryDequeue(out message) && !_normal.TryDequeue(out message))
            return false;
        Interlocked.Decrement(ref _count);
        return true;
    }

    /// <summary>Wakes the consumer.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
            _signal.Release();
    }

    /// <summary>Waits for a signal or the time; what was signalled before counts.</summary>
    public async Task WaitAsync(TimeSpan atMost)
    {
        if (await _signal.WaitAsync(atMost).ConfigureAwait(false))
            Volatile.Write(ref _signalled, 0);
    }
}
