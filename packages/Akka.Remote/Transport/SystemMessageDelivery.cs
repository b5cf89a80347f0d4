using System.Diagnostics;

namespace Akka.Remote.Transport;

/// <summary>
/// Reliable, ordered delivery of system messages between two incarnations: the sender keeps them until they are
/// acknowledged and sends them again, the receiver takes them in order and once. Thread-safe.
/// </summary>
internal sealed class SystemMessageDelivery
{
    private readonly object _gate = new();
    private readonly LinkedList<Pending> _unacknowledged = new();
    private ulong _lastSequence;
    private ulong _lastReceived;
    private bool _acknowledgeDue;
    private int? _peer;

    internal sealed record Pending(ulong Sequence, OutboundMessage Message, long AddedAt)
    {
        public long SentAt { get; set; }
    }

    public int UnacknowledgedCount
    {
        get
        {
            lock (_gate)
                return _unacknowledged.Count;
        }
    }

    /// <summary>Whether something came that has not been acknowledged.</summary>
    public bool AcknowledgementDue
    {
        get
        {
            lock (_gate)
                return _acknowledgeDue;
        }
    }

    /// <summary>Age of the oldest message that has not been acknowledged; zero when there is none.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            lock (_gate)
                return _unacknowledged.First is { } first ? Stopwatch.GetElapsedTime(first.Value.AddedAt) : TimeSpan.Zero;
        }
    }

    /// <summary>Numbers a message and keeps it.</summary>
    public Pending Add(in OutboundMessage message)
    {
        lock (_gate)
        {
            var pending = new Pending(++_lastSequence, message, Stopwatch.GetTimestamp());
            _unacknowledged.AddLast(pending);
            return pending;
        }
    }

    /// <summary>Messages last sent longer ago than the interval, oldest first.</summary>
    public IReadOnlyList<Pending> DueForResend(TimeSpan interval, int limit)
    {
        lock (_gate)
        {
            if (_unacknowledged.First is not { } first || Stopwatch.GetElapsedTime(first.Value.SentAt) < interval)
                return [];
            return [.. _unacknowledged.Take(limit)];
        }
    }

    /// <summary>The peer has everything up to the number. A word of another incarnation, whose connection is not closed yet, is none.</summary>
    public void Acknowledged(int peer, ulong sequence)
    {
        lock (_gate)
        {
            while (peer == _peer && _unacknowledged.First is { } first && first.Value.Sequence <= sequence)
                _unacknowledged.RemoveFirst();
        }
    }

    /// <summary>Runs the delivery when this number is the next; otherwise it is a repetition, or one before it is missing.</summary>
    /// <param name="peer">The incarnation that it comes from; only that of the last <see cref="Begin"/> counts.</param>
    public void Receive(int peer, ulong sequence, Action deliver)
    {
        lock (_gate)
        {
            if (peer != _peer)
                return;
            _acknowledgeDue = true;
            if (sequence != _lastReceived + 1)
                return;
            _lastReceived = sequence;
            deliver();
        }
    }

    /// <summary>The number to acknowledge, if anything came since the last call.</summary>
    public bool TryTakeAcknowledgement(out ulong sequence)
    {
        lock (_gate)
        {
            sequence = _lastReceived;
            var due = _acknowledgeDue;
            _acknowledgeDue = false;
            return due;
        }
    }

    /// <summary>Begins with an incarnation of the peer, unless it is the one that was begun with last.</summary>
    /// <returns>What was given up: it was meant for another. What waited for whoever answers first is kept.</returns>
    public IReadOnlyList<OutboundMessage> Begin(int peer)
    {
        lock (_gate)
        {
            if (_peer == peer)
                return [];
            IReadOnlyList<OutboundMessage> dropped = _peer is null ? [] : Clear();
            _peer = peer;
            _lastReceived = 0;
            _acknowledgeDue = false;
            return dropped;
        }
    }

    /// <summary>Nobody is there any more to deliver to, or to receive from.</summary>
    /// <returns>What was given up.</returns>
    public IReadOnlyList<OutboundMessage> GiveUp()
    {
        lock (_gate)
        {
            _peer = null;
            _lastReceived = 0;
            _acknowledgeDue = false;
            return Clear();
        }
    }

    private OutboundMessage[] Clear()
    {
        OutboundMessage[] dropped = [.. _unacknowledged.Select(p => p.Message)];
        _unacknowledged.Clear();
        _lastSequence = 0;
        return dropped;
    }
}
