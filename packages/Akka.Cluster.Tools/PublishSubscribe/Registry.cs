using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>What one member offers, or the later part of it: keys with the version of their last change.</summary>
/// <param name="Owner">The member.</param>
/// <param name="Since">Version that the receiver must have for the changes to be without a gap.</param>
/// <param name="Version">Version of the last change contained.</param>
/// <param name="Content">Keys; one that has been taken back stays for a while with <c>Present = false</c>.</param>
internal sealed record Bucket(Address Owner, long Since, long Version, ImmutableSortedDictionary<string, Entry> Content);

/// <summary>One key of a bucket.</summary>
internal readonly record struct Entry(long Version, bool Present);

/// <summary>
/// Who offers what in the cluster: every member owns its bucket, and copies those of others by their versions. Only for use by
/// one actor.
/// </summary>
internal sealed class Registry(Address self, Func<long> nowMillis)
{
    private readonly Dictionary<Address, Bucket> _buckets = [];
    private readonly Dictionary<string, ImmutableHashSet<Address>> _owners = new(StringComparer.Ordinal);

    public ImmutableDictionary<Address, long> Versions => _buckets.Values.ToImmutableDictionary(b => b.Owner, b => b.Version);

    /// <summary>Equal for equal versions.</summary>
    public ulong Digest
    {
        get
        {
            ulong sum = 0;
            foreach (var bucket in _buckets.Values)
            {
                sum += GossipDigest.Finish(GossipDigest.Add(GossipDigest.Add(GossipDigest.Start, bucket.Owner.ToString()),
                    (ulong)bucket.Version));
            }

            return sum;
        }
    }

    public IEnumerable<string> Keys => _owners.Keys;

    /// <summary>The members that offer the key.</summary>
    public ImmutableHashSet<Address> OwnersOf(string key) => _owners.GetValueOrDefault(key, []);

    /// <summary>Changes the own bucket.</summary>
    /// <returns>The change, to be told to others; null if there is none.</returns>
    public Bucket? SetOwn(string key, bool present)
    {
        var own = _buckets.GetValueOrDefault(self) ?? new Bucket(self, 0, 0, ImmutableSortedDictionary.Create<string, Entry>(StringComparer.Ordinal));
        if (own.Content.TryGetValue(key, out var old) ? old.Present == present : !present)
            return null;
        // The clock makes the versions of a later incarnation on this address greater than those of this one.
        var version = Math.Max(own.Version + 1, nowMillis());
        var entry = new Entry(version, present);
        _buckets[self] = new Bucket(self, 0, version, own.Content.SetItem(key, entry));
        Index(self, key, present);
        return new Bucket(self, own.Version, version, ImmutableSortedDictionary.Create<string, Entry>(StringComparer.Ordinal).Add(key, entry));
    }

    /// <summary>Takes over the changes of others that are newer.</summary>
    public void Apply(Bucket change)
    {
        if (change.Owner.Equals(self))
            return;
        var known = _buckets.GetValueOrDefault(change.Owner) ??
                    new Bucket(change.Owner, 0, 0, ImmutableSortedDictionary.Create<string, Entry>(StringComparer.Ordinal));
        if (change.Version <= known.Version || change.Since > known.Version)
            return;
        var content = known.Content.ToBuilder();
        foreach (var (key, entry) in change.Content)
        {
            if (content.TryGetValue(key, out var mine) && mine.Version >= entry.Version)
                continue;
            content[key] = entry;
            Index(change.Owner, key, entry.Present);
        }

        _buckets[change.Owner] = new Bucket(change.Owner, 0, change.Version, content.ToImmutable());
    }

    /// <summary>What somebody with these versions lacks, oldest changes first, up to the given number of keys.</summary>
    public ImmutableArray<Bucket> Delta(ImmutableDictionary<Address, long> versions, int maxElements)
    {
        var delta = ImmutableArray.CreateBuilder<Bucket>();
        var left = maxElements;
        foreach (var bucket in _buckets.Values)
        {
            var known = versions.GetValueOrDefault(bucket.Owner);
            if (bucket.Version <= known || left <= 0)
                continue;
            var newer = bucket.Content.Where(e => e.Value.Version > known).OrderBy(e => e.Value.Version).Take(left).ToList();
            left -= newer.Count;
            // A part must not claim the version of the whole, or the rest would never follow.
            var version = newer.Count == bucket.Content.Count(e => e.Value.Version > known) ? bucket.Version : newer[^1].Value.Version;
            delta.Add(new Bucket(bucket.Owner, known, version, newer.ToImmutableSortedDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal)));
        }

        return delta.ToImmutable();
    }

    /// <summary>Whether the other one has something newer.</summary>
    public bool IsBehind(ImmutableDictionary<Address, long> versions) =>
        versions.Any(v => !v.Key.Equals(self) && (_buckets.GetValueOrDefault(v.Key)?.Version ?? 0) < v.Value);

    /// <summary>A member is gone with all that it offered.</summary>
    public void RemoveOwner(Address owner)
    {
        if (!_buckets.Remove(owner, out var bucket))
            return;
        foreach (var key in bucket.Content.Keys)
            Index(owner, key, false);
    }

    /// <summary>Forgets keys that were taken back longer ago than the given time.</summary>
    public void Prune(TimeSpan removedTimeToLive)
    {
        foreach (var bucket in _buckets.Values.ToArray())
        {
            var before = bucket.Version - (long)removedTimeToLive.TotalMilliseconds;
            var old = bucket.Content.Where(e => !e.Value.Present && e.Value.Version < before).Select(e => e.Key).ToList();
            if (old.Count > 0)
                _buckets[bucket.Owner] = bucket with { Content = bucket.Content.RemoveRange(old) };
        }
    }

    private void Index(Address owner, string key, bool present)
    {
        var owners = _owners.GetValueOrDefault(key, []);
        owners = present ? owners.Add(owner) : owners.Remove(owner);
        if (owners.IsEmpty)
            _owners.Remove(key);
        else
            _owners[key] = owners;
    }
}
