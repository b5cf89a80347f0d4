using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>A seat on a priority level, or the reason for having none. Disposing gives it back.</summary>
public readonly struct FlowSeat(FlowSchema schema, PriorityLevel level, FlowRejection rejection, FlowController owner) : IDisposable
{
    public FlowSchema Schema => schema;
    public PriorityLevel Level => level;
    public FlowRejection Rejection => rejection;

    public void Dispose()
    {
        if (rejection == FlowRejection.None) owner.Leave(level);
    }
}

/// <summary>Priority and fairness: which requests run now, which wait, and which are turned away.</summary>
/// <remarks>Source: KEP-1040. Seats of a level that are not its own are borrowed from levels that lend: those come back to their owner at
/// once when it asks, so that for a moment more requests may run than there are seats, but never more than twice as many.</remarks>
public sealed class FlowController
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _patience;
    private readonly int _seats;
    private readonly Func<bool> _borrow;
    private volatile State _state;

    /// <param name="seats">How many requests run at one time, divided among the levels.</param>
    /// <param name="patience">How long a request waits for a seat at most.</param>
    public FlowController(int seats, TimeSpan patience, TimeProvider clock)
    {
        _seats = seats;
        _patience = patience;
        _clock = clock;
        _borrow = Borrow;
        _state = new State([], ImmutableSortedDictionary<string, PriorityLevel>.Empty);
        Configure([.. DefaultFlows.Schemas().Select(Stored).Select(FlowSchema.Parse)], [.. DefaultFlows.Levels().Select(Stored).Select(PriorityLevelLimits.Parse)]);
    }

    public IEnumerable<PriorityLevel> Levels => _state.Levels.Values;

    /// <summary>Takes over the configuration; the two objects without which some request would have no place are added where they lack.</summary>
    public void Configure(IReadOnlyList<FlowSchema> schemas, IReadOnlyList<PriorityLevelLimits> levels)
    {
        var limits = levels.ToDictionary(static l => l.Name, StringComparer.Ordinal);
        foreach (var mandatory in DefaultFlows.MandatoryLevels().Select(Stored).Select(PriorityLevelLimits.Parse)) limits.TryAdd(mandatory.Name, mandatory);
        var all = schemas.Where(s => limits.ContainsKey(s.PriorityLevel)).ToList();
        foreach (var mandatory in DefaultFlows.MandatorySchemas().Select(Stored).Select(FlowSchema.Parse))
            if (all.TrueForAll(s => s.Name != mandatory.Name)) all.Add(mandatory);

        var old = _state.Levels;
        var shares = Math.Max(1, limits.Values.Where(static l => !l.Exempt).Sum(static l => l.Shares));
        var next = ImmutableSortedDictionary.CreateBuilder<string, PriorityLevel>(StringComparer.Ordinal);
        foreach (var limit in limits.Values)
        {
            var level = old.GetValueOrDefault(limit.Name) ?? new PriorityLevel(_clock);
            level.Configure(limit, limit.Exempt ? int.MaxValue : (int)Math.Ceiling((double)_seats * limit.Shares / shares));
            next[limit.Name] = level;
        }
        _state = new State([.. all.OrderBy(static s => s.Precedence).ThenBy(static s => s.Name, StringComparer.Ordinal)], next.ToImmutable());
    }

    /// <summary>Waits for a seat.</summary>
    public ValueTask<FlowSeat> EnterAsync(in FlowRequest request, CancellationToken cancellationToken)
    {
        var state = _state;
        foreach (var schema in state.Schemas)
        {
            if (!schema.Matches(request)) continue;
            var level = state.Levels[schema.PriorityLevel];
            var pending = level.EnterAsync(level.Limits.Exempt ? 0 : schema.FlowOf(request), _borrow, _patience, cancellationToken);
            return pending.IsCompletedSuccessfully
                ? ValueTask.FromResult(new FlowSeat(schema, level, pending.Result, this))
                : WaitAsync(schema, level, pending);
        }
        throw new InvalidOperationException("the catch-all schema matches every request");
    }

    internal void Leave(PriorityLevel level) => level.Leave(_borrow);

    private async ValueTask<FlowSeat> WaitAsync(FlowSchema schema, PriorityLevel level, ValueTask<FlowRejection> pending) =>
        new(schema, level, await pending.ConfigureAwait(false), this);

    private bool Borrow()
    {
        int lent = 0, lendable = 0;
        foreach (var level in _state.Levels.Values)
        {
            if (level.Limits.Exempt) continue;
            lendable += level.Lendable;
            lent += Math.Max(0, level.Executing - level.Seats);
        }
        return lent < lendable;
    }

    private static StoredObject Stored(JsonObject tree) =>
        new(new ObjectKey("", (string)tree["metadata"]!["name"]!), 0, JsonTree.ToUtf8(tree));

    private sealed record State(ImmutableArray<FlowSchema> Schemas, ImmutableSortedDictionary<string, PriorityLevel> Levels);
}
