using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>How two vector clocks are related.</summary>
internal enum Ordering
{
    Same,
    Before,
    After,
    Concurrent,
}

/// <summary>
/// Counts the changes made by each member, so that of two states it can be told which one contains the other.
/// Immutable.
/// </summary>
internal sealed class VectorClock : IEquatable<VectorClock>
{
    public static readonly VectorClock Empty = new(ImmutableSortedDictionary<UniqueAddress, long>.Empty);

    private ulong? _digest;

    public VectorClock(ImmutableSortedDictionary<UniqueAddress, long> versions)
    {
        Versions = versions;
    }

    /// <summary>Number of changes per member, in the order of the addresses.</summary>
    public ImmutableSortedDictionary<UniqueAddress, long> Versions { get; }

    /// <summary>A number that is equal for equal clocks and, but for a chance of 2^-64, different for different ones.</summary>
    public ulong Digest
    {
        get
        {
            if (_digest is { } known)
                return known;
            var digest = GossipDigest.Start;
            foreach (var (node, version) in Versions)
                digest = GossipDigest.Add(GossipDigest.Add(digest, node), (ulong)version);
            _digest = digest;
            return digest;
        }
    }

    /// <summary>The clock after one more change by the member.</summary>
    public VectorClock Increment(UniqueAddress node) =>
        new(Versions.SetItem(node, Versions.TryGetValue(node, out var version) ? version + 1 : 1));

    /// <summary>The clock without a member that has left.</summary>
    public VectorClock Prune(UniqueAddress node) => Versions.ContainsKey(node) ? new VectorClock(Versions.Remove(node)) : this;

    /// <summary>The smallest clock that contains both.</summary>
    public VectorClock Merge(VectorClock other)
    {
        var merged = Versions.ToBuilder();
        foreach (var (node, version) in other.Versions)
        {
            if (!merged.TryGetValue(node, out var mine) || mine < version)
                merged[node] = version;
        }

        return new VectorClock(merged.ToImmutable());
    }

    /// <summary>Before when this clock is contained in the other, After when it contains it, else Same or Concurrent.</summary>
    public Ordering CompareTo(VectorClock other)
    {
        if (ReferenceEquals(this, other))
            return Ordering.Same;
        var less = false;
        var greater = false;
        foreach (var (node, version) in Versions)
        {
            var theirs = other.Versions.GetValueOrDefault(node);
            less |= version < theirs;
            greater |= version > theirs;
        }

        foreach (var (node, _) in other.Versions)
            less |= !Versions.ContainsKey(node);

        return (less, greater) switch
        {
            (false, false) => Ordering.Same,
            (true, false) => Ordering.Before,
            (false, true) => Ordering.After,
            _ => Ordering.Concurrent,
        };
    }

    /// <inheritdoc />
    public bool Equals(VectorClock? other) => other is not null && CompareTo(other) == Ordering.Same;

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as VectorClock);

    /// <inheritdoc />
    public override int GetHashCode() => Digest.GetHashCode();

    /// <inheritdoc />
    public override string ToString() => $"VectorClock({string.Join(", ", Versions.Select(v => $"{v.Key.Address} -> {v.Value}"))})";
}
