namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>Why a request got no seat, in the words of Kubernetes' metrics.</summary>
public enum FlowRejection : byte
{
    None,
    ConcurrencyLimit,
    QueueFull,
    Timeout,
}

/// <summary>The seats and the queues of one priority level. Flows that share it get equal shares however much they ask for.</summary>
/// <remarks>
/// Shuffle sharding: a flow may wait in a hand of queues that its hash deals, and joins the shortest of them, so that a noisy flow fills
/// its own hand and others find a queue without it. Start-time fair queuing: the queue that had least of the level goes next.
/// Source: KEP-1040. Called from many threads.
/// </remarks>
public sealed class PriorityLevel(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private Queue[] _queues = [];
    private PriorityLevelLimits _limits = null!;
    private int _seats;
    private int _executing;
    private int _waiting;
    private long _virtualTime;
    private long _rejected;
    private long _dispatched;

    public PriorityLevelLimits Limits => _limits;
    public int Seats => Volatile.Read(ref _seats);
    public int Executing => Volatile.Read(ref _executing);
    public int Waiting => Volatile.Read(ref _waiting);
    public long Rejected => Interlocked.Read(ref _rejected);
    public long Dispatched => Interlocked.Read(ref _dispatched);

    /// <summary>Seats of its own that it would lend right now.</summary>
    public int Lendable => Math.Max(0, Math.Min((int)(Seats * _limits.LendablePercent / 100), Seats - Executing));

    /// <summary>Takes over new limits; what waits goes on waiting.</summary>
    public void Configure(PriorityLevelLimits limits, int seats)
    {
        List<Waiter> free;
        lock (_gate)
        {
            _limits = limits;
            _seats = seats;
            if (limits.Queues != _queues.Length)
            {
                var waiting = _queues.SelectMany(static q => q.Waiters).ToList();
                _queues = [.. Enumerable.Range(0, limits.Queues).Select(static _ => new Queue())];
                foreach (var waiter in waiting)
                {
                    if (limits.Queues == 0) waiter.Grant();
                    else Enqueue(_queues[QueueOf(waiter.Flow)], waiter);
                }
                if (limits.Queues == 0) (_executing, _waiting) = (_executing + waiting.Count, 0);
            }
            free = Dispatch(static () => false);
        }
        foreach (var waiter in free) waiter.Grant();
    }

    /// <summary>Waits for a seat; whoever gets one gives it back with <see cref="Leave"/>.</summary>
    /// <param name="borrow">Asks for a seat of another level once those of this one are taken.</param>
    /// <param name="patience">How long to wait at most.</param>
    public ValueTask<FlowRejection> EnterAsync(ulong flow, Func<bool> borrow, TimeSpan patience, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_waiting == 0 && (_limits.Exempt || HasSeat(borrow)))
            {
                _executing++;
                _dispatched++;
                return ValueTask.FromResult(FlowRejection.None);
            }
            if (_limits.Queues == 0) return Refuse(FlowRejection.ConcurrencyLimit);
            var queue = _queues[QueueOf(flow)];
            if (queue.Waiters.Count >= _limits.QueueLengthMax) return Refuse(FlowRejection.QueueFull);
            waiter = new Waiter(flow);
            Enqueue(queue, waiter);
            _waiting++;
        }
        return WaitAsync(waiter, patience, cancellationToken);
    }

    /// <summary>Gives a seat back, to the one that waits for it if there is one.</summary>
    public void Leave(Func<bool> borrow)
    {
        List<Waiter> free;
        lock (_gate)
        {
            _executing--;
            free = Dispatch(borrow);
        }
        foreach (var waiter in free) waiter.Grant();
    }

    private ValueTask<FlowRejection> Refuse(FlowRejection why)
    {
        _rejected++;
        return ValueTask.FromResult(why);
    }

    private bool HasSeat(Func<bool> borrow)
    {
        if (_executing < _seats) return true;
        var borrowedMax = _limits.BorrowingPercent is { } percent ? (long)_seats * percent / 100 : int.MaxValue;
        return _executing - _seats < borrowedMax && borrow();
    }

    private async ValueTask<FlowRejection> WaitAsync(Waiter waiter, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Granted.Task.WaitAsync(patience, clock, cancellationToken).ConfigureAwait(false);
            return FlowRejection.None;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_gate)
            {
                var left = false;
                foreach (var queue in _queues) left |= queue.Waiters.Remove(waiter);
                if (left)
                {
                    _waiting--;
                    _rejected++;
                    return FlowRejection.Timeout;
                }
            }
            // The seat came at the very end of the wait.
            return FlowRejection.None;
        }
    }

    private void Enqueue(Queue queue, Waiter waiter)
    {
        // A queue that was empty has no claim from the time that it asked for nothing.
        if (queue.Waiters.Count == 0) queue.Start = Math.Max(queue.Start, _virtualTime);
        queue.Waiters.AddLast(waiter);
    }

    private List<Waiter> Dispatch(Func<bool> borrow)
    {
        List<Waiter>? free = null;
        while (_waiting > 0 && HasSeat(borrow))
        {
            Queue? next = null;
            foreach (var queue in _queues)
                if (queue.Waiters.Count > 0 && (next is null || queue.Start < next.Start)) next = queue;
            var waiter = next!.Waiters.First!.Value;
            next.Waiters.RemoveFirst();
            _virtualTime = next.Start++;
            _waiting--;
            _executing++;
            _dispatched++;
            (free ??= []).Add(waiter);
        }
        return free ?? [];
    }

    /// <summary>The shortest of the queues that the flow's hash deals.</summary>
    private int QueueOf(ulong flow)
    {
        var best = -1;
        Span<int> hand = stackalloc int[_limits.HandSize];
        for (var i = 0; i < _limits.HandSize && i < _queues.Length; i++)
        {
            var remaining = (ulong)(_queues.Length - i);
            var card = (int)(flow % remaining);
            flow /= remaining;
            // Cards that were dealt are out of the deck: count over them.
            foreach (var dealt in hand[..i])
                if (card >= dealt) card++;
            var at = i;
            while (at > 0 && hand[at - 1] > card) { hand[at] = hand[at - 1]; at--; }
            hand[at] = card;
            if (best < 0 || _queues[card].Waiters.Count < _queues[best].Waiters.Count) best = card;
        }
        return best;
    }

    private sealed class Queue
    {
        public readonly LinkedList<Waiter> Waiters = new();

        /// <summary>How much of the level's service the queue has had, in requests.</summary>
        public long Start;
    }

    private sealed class Waiter(ulong flow)
    {
        public readonly TaskCompletionSource Granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ulong Flow => flow;

        public void Grant() => Granted.TrySetResult();
    }
}
