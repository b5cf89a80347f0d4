using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>The gossip as one member sees it: who leads, and whether everybody agrees. Pure.</summary>
internal sealed class MembershipState
{
    private readonly Lazy<Reachability> _reachability;
    private readonly Lazy<ImmutableSortedSet<Member>> _reachableMembers;
    private ClusterEvent.CurrentClusterState? _snapshot;

    public MembershipState(Gossip latestGossip, UniqueAddress self)
    {
        LatestGossip = latestGossip;
        Self = self;
        _reachability = new(ComputeReachability);
        _reachableMembers = new(() =>
        {
            var reachability = _reachability.Value;
            return Members.Where(m => m.Status != MemberStatus.Down &&
                                      (m.UniqueAddress.Equals(Self) || reachability.IsReachable(m.UniqueAddress)))
                .ToImmutableSortedSet();
        });
    }

    public Gossip LatestGossip { get; }

    public UniqueAddress Self { get; }

    public ImmutableSortedSet<Member> Members => LatestGossip.Members;

    /// <summary>Observations without those made by downed members, and without those about this member itself.</summary>
    public Reachability ReachabilityNoDownedObservers => _reachability.Value;

    /// <summary>This state as subscribers and readers get it. It is kept with the state that it shows: kept elsewhere, a reader who made it of
    /// the state before could put it in place of a newer one, and there it would stay.</summary>
    public ClusterEvent.CurrentClusterState Snapshot => _snapshot ??= ClusterEvent.Snapshot(this);

    public UniqueAddress? Leader => LeaderOf(Members);

    public bool IsLeader => Self.Equals(Leader);

    public UniqueAddress? RoleLeader(string role) => LeaderOf(Members.Where(m => m.HasRole(role)));

    /// <summary>
    /// Whether every member that takes part has seen the present version and nobody is unreachable, except members that are
    /// on their way out anyway.
    /// </summary>
    public bool Convergence(IReadOnlySet<UniqueAddress> exitingConfirmed)
    {
        foreach (var node in ReachabilityNoDownedObservers.AllUnreachableOrTerminated)
        {
            if (node.Equals(Self) || exitingConfirmed.Contains(node))
                continue;
            if (LatestGossip.FindMember(node) is { Status: not (MemberStatus.Down or MemberStatus.Exiting) })
                return false;
        }

        foreach (var member in Members)
        {
            if (member.Status is MemberStatus.Up or MemberStatus.Leaving &&
                !LatestGossip.SeenByNode(member.UniqueAddress) && !exitingConfirmed.Contains(member.UniqueAddress))
                return false;
        }

        return true;
    }

    public bool IsReachableExcludingDownedObservers(UniqueAddress node) =>
        LatestGossip.FindMember(node) is not null && ReachabilityNoDownedObservers.IsReachable(node);

    /// <summary>Whether gossip may be sent to the member: it is in the cluster and this member itself can reach it.</summary>
    public bool ValidNodeForGossip(UniqueAddress node) => !node.Equals(Self) &&
                                                         LatestGossip.FindMember(node) is not null &&
                                                         LatestGossip.Reachability.IsReachable(Self, node);

    private UniqueAddress? LeaderOf(IEnumerable<Member> members)
    {
        Member? best = null;
        foreach (var member in members)
        {
            if (!_reachableMembers.Value.Contains(member))
                continue;
            if (member.Status is MemberStatus.Up or MemberStatus.Leaving)
                return member.UniqueAddress;
            if (best is null || Member.LeaderStatusOrdering.Compare(member, best) < 0)
                best = member;
        }

        return best?.UniqueAddress;
    }

    private Reachability ComputeReachability()
    {
        var downed = Members.Where(m => m.Status == MemberStatus.Down).Select(m => m.UniqueAddress).ToHashSet();
        return LatestGossip.Reachability.RemoveObservers(downed).Filter(r => !r.Subject.Equals(Self));
    }
}
