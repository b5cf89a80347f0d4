using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>Reads changes that are no longer in memory.</summary>
public interface IChangeHistory
{
    /// <summary>Up to <paramref name="max"/> changes behind <paramref name="after"/> and up to <paramref name="through"/>, in order.</summary>
    /// <remarks>A Modified change whose previous version was not among those read has no <see cref="ObjectChange.Previous"/>.</remarks>
    /// <returns>Null when the journal does not reach back that far.</returns>
    Task<IReadOnlyList<ObjectChange>?> ReadAsync(ResourceType type, long after, long through, int max, CancellationToken cancellationToken);
}

/// <summary>A place in the log of one type. It holds no queue: a slow reader costs nothing and loses nothing.</summary>
public sealed class WatchCursor
{
    /// <summary>Most changes given at once (count).</summary>
    private const int BatchMax = 512;

    private readonly Informer _informer;
    private readonly IChangeHistory _history;
    private List<ObjectChange> _batch = new(16);

    internal WatchCursor(Informer informer, IChangeHistory history, long after)
    {
        _informer = informer;
        _history = history;
        Position = after;
    }

    /// <summary>The version up to which everything was given.</summary>
    public long Position { get; private set; }

    /// <summary>Waits for changes. The list is valid until the next call.</summary>
    /// <returns>At least one change; or null when the retained history does not reach back to the position (410 Expired).</returns>
    public async ValueTask<IReadOnlyList<ObjectChange>?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pulse = _informer.NextPulse;
            _batch.Clear();
            if (_informer.Changes.TryRead(Position, _batch, BatchMax))
            {
                if (_batch.Count > 0) return Advance(_batch);
            }
            else
            {
                var through = _informer.Revision;
                var read = await _history.ReadAsync(_informer.Type, Position, through, BatchMax, cancellationToken).ConfigureAwait(false);
                if (read is null) return null;
                if (read.Count > 0)
                {
                    _batch = [.. read];
                    return Advance(_batch);
                }
                if (Position < through)
                {
                    Position = through;
                    continue;
                }
            }
            await pulse.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private List<ObjectChange> Advance(List<ObjectChange> batch)
    {
        Position = batch[^1].Object.Revision;
        return batch;
    }
}
