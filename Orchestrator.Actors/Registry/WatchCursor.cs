using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>A place in the log of one type. It holds no queue: a slow reader costs nothing and loses nothing.</summary>
public sealed class WatchCursor
{
    /// <summary>Most changes given at once (count).</summary>
    private const int BatchMax = 512;

    private readonly Informer _informer;
    private readonly IChangeHistory _history;
    private readonly bool _withPrevious;
    private List<ObjectChange> _batch = new(16);

    internal WatchCursor(Informer informer, IChangeHistory history, long after, bool withPrevious)
    {
        _informer = informer;
        _history = history;
        _withPrevious = withPrevious;
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
                var read = await _history.ReadAsync(_informer.Type, Position, through, BatchMax, _withPrevious, cancellationToken).ConfigureAwait(false);
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

    /// <summary>The oldest version behind which a watch may begin: what the journal has, or, where changes are not journaled, the memory.</summary>
    public async ValueTask<long> OldestAsync(CancellationToken cancellationToken)
    {
        var inMemory = _informer.Changes.Complete;
        return await _history.OldestAsync(_informer.Type, cancellationToken).ConfigureAwait(false) is { } journaled ? Math.Min(journaled, inMemory) : inMemory;
    }

    private List<ObjectChange> Advance(List<ObjectChange> batch)
    {
        Position = batch[^1].Object.Revision;
        return batch;
    }
}
