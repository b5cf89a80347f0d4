using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster.SBR;

/// <summary>
/// What a strategy decides from: the members, who can reach whom, and who has seen the present gossip. Immutable and pure, so
/// that every side of a partition can be computed in a test.
/// </summary>
internal sealed class PartitionView
{
    private readonly ImmutableHashSet<UniqueAddress> _known;

    public PartitionView(UniqueAddress self, ImmutableSortedSet<Member> members, Reachability reachability, ImmutableHashSet<Address> seenBy)
    {
        Self = self;
        Members = members;
        SeenBy = seenBy;
        _known = [.. members.Select(m => m.UniqueAddress)];
        Reachability = reachability.Filter(r => _known.Contains(r.Observer) && _known.Contains(r.Subject));
        Unreachable = Reachability.AllUnreachableOrTerminated;
        IndirectlyConnected = FromObserversThatAreReported().Union(FromSubjectsThatHaveSeen());
    }

    public UniqueAddress Self { get; }

    public ImmutableSortedSet<Member> Members { get; }

    public Reachability Reachability { get; }

    public ImmutableHashSet<Address> SeenBy { get; }

    public ImmutableHashSet<UniqueAddress> Unreachable { get; }

    /// <summary>
    /// Members that some can reach and others cannot: observers that are reported themselves, and subjects that have
    /// nevertheless seen the present gossip, with who reported them. They are on no clear side.
    /// </summary>
    public ImmutableHashSet<UniqueAddress> IndirectlyConnected { get; }

    public bool IsUnreachable(Member member) => Unreachable.Contains(member.UniqueAddress);

    /// <summary>Members that count, in the order of addresses.</summary>
    /// <param name="role">Only those with the role; empty or null for all.</param>
    /// <param name="includePossiblyUp">Whether those joining count, since the other side may have moved them up.</param>
    /// <param name="excludePossiblyExiting">Whether those leaving do not count, since the other side may have let them go.</param>
    public ImmutableSortedSet<Member> Voters(string? role, bool includePossiblyUp = false, bool excludePossiblyExiting = false) =>
        [.. Members.Where(m => (string.IsNullOrEmpty(role) || m.HasRole(role)) && m.Status switch
        {
            MemberStatus.Up => true,
            MemberStatus.Joining or MemberStatus.WeaklyUp => includePossiblyUp,
            MemberStatus.Leaving => !excludePossiblyExiting,
            _ => false,
        })];

    /// <summary>The same members, with what the indirectly connected ones say of each other left out.</summary>
    public PartitionView WithoutIndirectObservations()
    {
        var reported = FromObserversThatAreReported();
        var seen = FromSubjectsThatHaveSeen();
        return new PartitionView(Self, Members, Reachability.Filter(r =>
            !(reported.Contains(r.Observer) && reported.Contains(r.Subject)) && !(seen.Contains(r.Observer) && seen.Contains(r.Subject))), SeenBy);
    }

    private ImmutableHashSet<UniqueAddress> FromObserversThatAreReported() =>
        [.. Reachability.AllObservers.Where(Unreachable.Contains)];

    private ImmutableHashSet<UniqueAddress> FromSubjectsThatHaveSeen() =>
    [
        .. Reachability.Records
            .Where(r => r.Status != ReachabilityStatus.Reachable && SeenBy.Contains(r.Subject.Address))
            .SelectMany(r => new[] { r.Observer, r.Subject }),
    ];
}
