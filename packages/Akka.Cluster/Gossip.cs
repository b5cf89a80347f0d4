using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>
/// The state that all members converge to: the members, who has seen this version, who is reachable. Immutable.
/// Changes are ordered by a vector clock; concurrent ones are merged member by member.
/// </summary>
internal sealed class Gossip
{
    public static readonly Gossip Empty = new(
        ImmutableSortedSet<Member>.Empty, ImmutableHashSet<UniqueAddress>.Empty, Reachability.Empty,
        VectorClock.Empty, ImmutableDictionary<UniqueAddress, long>.Empty);

    private readonly Lazy<ImmutableDictionary<UniqueAddress, Member>> _byAddress;
    private ulong? _seenDigest;

    public Gossip(ImmutableSortedSet<Member> members, ImmutableHashSet<UniqueAddress> seen, Reachability reachability,
        VectorClock version, ImmutableDictionary<UniqueAddress, long> tombstones)
    {
        Members = members;
        Seen = seen;
        Reachability = reachability;
        Version = version;
        Tombstones = tombstones;
        _byAddress = new(() => Members.ToImmutableDictionary(m => m.UniqueAddress));
    }

    public ImmutableSortedSet<Member> Members { get; }

    /// <summary>Members known to have received exactly this version.</summary>
    public ImmutableHashSet<UniqueAddress> Seen { get; }

    public Reachability Reachability { get; }

    public VectorClock Version { get; }

    /// <summary>Removed members with the time of removal (milliseconds since 1970), so that an old state cannot bring them back.</summary>
    public ImmutableDictionary<UniqueAddress, long> Tombstones { get; }

    /// <summary>Digest of <see cref="Seen"/>, independent of its order.</summary>
    public ulong SeenDigest
    {
        get
        {
            if (_seenDigest is { } known)
                return known;
            ulong digest = 0;
            foreach (var node in Seen)
                digest += GossipDigest.RingPosition(node);
            _seenDigest = digest;
            return digest;
        }
    }

    public bool HasMember(UniqueAddress node) => _byAddress.Value.ContainsKey(node);

    public Member? FindMember(UniqueAddress node) => _byAddress.Value.GetValueOrDefault(node);

    /// <summary>A new version made by the given member.</summary>
    public Gossip Increment(UniqueAddress node) => With(version: Version.Increment(node));

    public bool SeenByNode(UniqueAddress node) => Seen.Contains(node);

    /// <summary>Marks this version as seen by the member.</summary>
    public Gossip MarkSeen(UniqueAddress node) => Seen.Contains(node) ? this : With(seen: Seen.Add(node));

    /// <summary>Marks this version as seen by the member alone, as after a change.</summary>
    public Gossip OnlySeen(UniqueAddress node) => With(seen: [node]);

    public Gossip ClearSeen() => With(seen: ImmutableHashSet<UniqueAddress>.Empty);

    /// <summary>Adds what the other knows about who has seen this same version.</summary>
    public Gossip MergeSeen(Gossip other)
    {
        var seen = Seen.Union(other.Seen);
        return ReferenceEquals(seen, Seen) ? this : With(seen: seen);
    }

    /// <summary>Replaces members by newer views of them, or adds them.</summary>
    public Gossip Update(IEnumerable<Member> changed)
    {
        var members = Members.ToBuilder();
        foreach (var member in changed)
        {
            members.Remove(member);
            members.Add(member);
        }

        return With(members: members.ToImmutable());
    }

    /// <summary>Removes a member for good and leaves a tombstone.</summary>
    public Gossip Remove(UniqueAddress node, long nowMillis)
    {
        var member = FindMember(node);
        return new Gossip(
            member is null ? Members : Members.Remove(member),
            Seen.Remove(node),
            Reachability.Remove(new HashSet<UniqueAddress> { node }),
            Version.Prune(node),
            Tombstones.SetItem(node, nowMillis));
    }

    /// <summary>Forgets tombstones set before the given time.</summary>
    public Gossip PruneTombstones(long beforeMillis)
    {
        var old = Tombstones.Where(t => t.Value < beforeMillis).Select(t => t.Key).ToList();
        return old.Count == 0 ? this : With(tombstones: Tombstones.RemoveRange(old));
    }

    public Gossip WithReachability(Reachability reachability) => With(reachability: reachability);

    /// <summary>
    /// The state that contains both. A member known to one side only stays, unless it has a tombstone or was on its way
    /// out (Down, Exiting): then the other side has removed it already.
    /// </summary>
    public Gossip Merge(Gossip other)
    {
        var tombstones = Tombstones.SetItems(other.Tombstones.Where(t => !Tombstones.TryGetValue(t.Key, out var at) || at < t.Value));
        var version = Version.Merge(other.Version);
        foreach (var gone in tombstones.Keys)
            version = version.Prune(gone);

        var members = ImmutableSortedSet.CreateBuilder<Member>();
        foreach (var member in Members.Union(other.Members))
        {
            var mine = FindMember(member.UniqueAddress);
            var theirs = other.FindMember(member.UniqueAddress);
            if (tombstones.ContainsKey(member.UniqueAddress))
                continue;
            if (mine is not null && theirs is not null)
                members.Add(Member.HighestPriorityOf(mine, theirs));
            else if ((mine ?? theirs)!.Status is not (MemberStatus.Down or MemberStatus.Exiting))
                members.Add((mine ?? theirs)!);
        }

        var all = members.ToImmutable();
        var reachability = Reachability.Merge(all.Select(m => m.UniqueAddress).ToHashSet(), other.Reachability);
        return new Gossip(all, ImmutableHashSet<UniqueAddress>.Empty, reachability, version, tombstones);
    }

    private Gossip With(ImmutableSortedSet<Member>? members = null, ImmutableHashSet<UniqueAddress>? seen = null,
        Reachability? reachability = null, VectorClock? version = null, ImmutableDictionary<UniqueAddress, long>? tombstones = null) =>
        new(members ?? Members, seen ?? Seen, reachability ?? Reachability, version ?? Version, tombstones ?? Tombstones);

    /// <inheritdoc />
    public override string ToString() =>
        $"Gossip(members = [{string.Join(", ", Members)}], seen = {Seen.Count}, reachability = [{Reachability}], version = {Version})";
}
