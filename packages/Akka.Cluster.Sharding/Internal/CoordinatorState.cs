using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster.Sharding.Internal;

/// <summary>What the coordinator knows: the regions and which shard is where. Pure; changed by events only.</summary>
/// <remarks>
/// An event that does not fit is tolerated and told to the caller, because a coordinator that cannot recover takes every
/// entity of its type down for good: the last event about a shard counts, and a region that was never registered is taken as
/// registered (it is watched afterwards and goes away if it is dead).
/// </remarks>
internal sealed class CoordinatorState
{
    private readonly Dictionary<string, IActorRef> _homes = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, ImmutableList<string>> _regions = [];
    private readonly HashSet<string> _unallocated = new(StringComparer.Ordinal);
    private readonly bool _rememberEntities;
    private ImmutableDictionary<IActorRef, IImmutableList<string>>? _allocations;

    public CoordinatorState(bool rememberEntities) => _rememberEntities = rememberEntities;

    public IReadOnlyDictionary<string, IActorRef> Homes => _homes;

    public IReadOnlyCollection<IActorRef> Regions => _regions.Keys;

    /// <summary>Shards that are nowhere and are to be started again, when entities are remembered.</summary>
    public IReadOnlyCollection<string> Unallocated => _unallocated;

    public bool Knows(IActorRef region) => _regions.ContainsKey(region);

    public IReadOnlyList<string> ShardsOf(IActorRef region) => _regions.TryGetValue(region, out var shards) ? shards : [];

    /// <summary>The shards of every region, as an allocation strategy gets them.</summary>
    public ImmutableDictionary<IActorRef, IImmutableList<string>> Allocations =>
        _allocations ??= _regions.ToImmutableDictionary(r => r.Key, r => (IImmutableList<string>)r.Value);

    /// <summary>Applies an event; the text says what did not fit, or null.</summary>
    public string? Apply(IDomainEvent e)
    {
        _allocations = null;
        return e switch
        {
            ShardRegionRegistered { Region: var region } => Registered(region),
            ShardRegionTerminated { Region: var region } => Terminated(region),
            ShardHomeAllocated { Shard: var shard, Region: var region } => Allocated(shard, region),
            ShardHomeDeallocated { Shard: var shard } => Deallocated(shard),
            _ => $"event {e.GetType().Name} is not known",
        };
    }

    public CoordinatorSnapshot ToSnapshot() =>
        new(_homes.ToImmutableDictionary(StringComparer.Ordinal), [.. _regions.Keys], _unallocated.ToImmutableHashSet(StringComparer.Ordinal));

    public void Restore(CoordinatorSnapshot snapshot)
    {
        _allocations = null;
        _homes.Clear();
        _regions.Clear();
        _unallocated.Clear();
        foreach (var region in snapshot.Regions) _regions[region] = [];
        foreach (var (shard, region) in snapshot.Shards) Allocated(shard, region);
        if (_rememberEntities) _unallocated.UnionWith(snapshot.Unallocated);
    }

    private string? Registered(IActorRef region) => _regions.TryAdd(region, []) ? null : $"region {region} is registered already";

    private string? Terminated(IActorRef region)
    {
        if (!_regions.Remove(region, out var shards)) return $"region {region} is not registered";
        foreach (var shard in shards)
        {
            _homes.Remove(shard);
            if (_rememberEntities) _unallocated.Add(shard);
        }
        return null;
    }

    private string? Allocated(string shard, IActorRef region)
    {
        string? oddity = null;
        if (_homes.Remove(shard, out var previous))
        {
            oddity = $"shard {shard} is allocated to {previous} already; now it is at {region}";
            if (_regions.TryGetValue(previous, out var others)) _regions[previous] = others.Remove(shard);
        }
        if (!_regions.TryGetValue(region, out var shards))
        {
            oddity ??= $"region {region} of shard {shard} is not registered";
            shards = [];
        }
        _homes[shard] = region;
        _regions[region] = shards.Add(shard);
        _unallocated.Remove(shard);
        return oddity;
    }

    private string? Deallocated(string shard)
    {
        if (!_homes.Remove(shard, out var region)) return $"shard {shard} is not allocated";
        if (_regions.TryGetValue(region, out var shards)) _regions[region] = shards.Remove(shard);
        if (_rememberEntities) _unallocated.Add(shard);
        return null;
    }
}
