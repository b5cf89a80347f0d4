using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ResourceQuotas;

/// <summary>What a quota was charged lately, told from its versions.</summary>
/// <remarks>A charge is committed before the object that it is for, so for a moment a count shows less than there is about to be.
/// Whoever charges commits the object at once or never. That it has come settles the charge; never is what <see cref="InFlight"/> waits out.</remarks>
public sealed class QuotaCharges
{
    /// <summary>How long a charge may be ahead of its object: a registry that moves or recovers takes part of the time that it has to answer.</summary>
    public static readonly TimeSpan InFlight = TimeSpan.FromSeconds(16);

    private readonly Queue<(DateTimeOffset At, string Resource, Quantity Amount)> _raises = new();
    private readonly Queue<(DateTimeOffset At, long Number, string Resource, Quantity Amount)> _arrivals = new();
    private ImmutableSortedDictionary<string, Quantity> _used = ImmutableSortedDictionary<string, Quantity>.Empty;

    /// <summary>The newest version that was seen.</summary>
    public long Revision { get; private set; }

    /// <summary>Takes in a version of the quota; what it uses more than the version before was charged.</summary>
    public void See(ResourceQuotaView quota, DateTimeOffset now)
    {
        if (quota.Source.Revision <= Revision) return;
        foreach (var (resource, amount) in quota.Used)
            if (amount - _used.GetValueOrDefault(resource) is { Sign: > 0 } more) _raises.Enqueue((now, resource, more));
        (_used, Revision) = (quota.Used, quota.Source.Revision);
    }

    /// <summary>Takes in a version that the count itself led to: nothing of it was charged.</summary>
    public void SeeOwn(ResourceQuotaView quota)
    {
        if (quota.Source.Revision > Revision) (_used, Revision) = (quota.Used, quota.Source.Revision);
    }

    /// <summary>The number of the last object that has come: a count that begins now sees all up to it.</summary>
    public long Arrived { get; private set; }

    /// <summary>An object has come or grown, whose charge may have been seen already or is seen a moment later.</summary>
    /// <param name="amounts">What it uses of the quota, or uses more than before.</param>
    public void Arrive(IReadOnlyDictionary<string, Quantity> amounts, DateTimeOffset now)
    {
        Arrived++;
        foreach (var (resource, amount) in amounts)
            if (amount.Sign > 0) _arrivals.Enqueue((now, Arrived, resource, amount));
    }

    /// <summary>What was charged so recently that its objects may still be on their way.</summary>
    /// <param name="arrived">The last object that the count has seen: those behind it settle nothing yet.</param>
    public IReadOnlyDictionary<string, Quantity> Since(DateTimeOffset now, long arrived)
    {
        while (_raises.TryPeek(out var oldest) && oldest.At <= now - InFlight) _raises.Dequeue();
        // An arrival settles a charge of about the same time, so it is forgotten with it.
        while (_arrivals.TryPeek(out var oldest) && oldest.At <= now - InFlight) _arrivals.Dequeue();
        var sums = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (_, resource, amount) in _raises) sums[resource] = sums.GetValueOrDefault(resource) + amount;
        foreach (var (_, number, resource, amount) in _arrivals)
            if (number <= arrived && sums.TryGetValue(resource, out var sum)) sums[resource] = sum > amount ? sum - amount : default;
        return sums;
    }
}
