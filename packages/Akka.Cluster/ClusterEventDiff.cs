using System.Collections.Immutable;

namespace Akka.Cluster;

public partial class ClusterEvent
{
    /// <summary>The events that lead from one state to a later one, in the order in which subscribers get them. Pure.</summary>
    internal static IReadOnlyList<IClusterDomainEvent> Diff(MembershipState before, MembershipState after)
    {
        if (ReferenceEquals(before.LatestGossip, after.LatestGossip))
            return [];
        var events = new List<IClusterDomainEvent>();
        events.AddRange(DiffUnreachable(before, after));
        events.AddRange(DiffReachable(before, after));
        events.AddRange(DiffMembers(before.LatestGossip, after.LatestGossip));
        if (!Equals(before.Leader, after.Leader))
            events.Add(new LeaderChanged(after.Leader?.Address));
        events.AddRange(DiffRoleLeaders(before, after));
        if (!before.LatestGossip.Seen.SetEquals(after.LatestGossip.Seen) || !before.LatestGossip.Version.Equals(after.LatestGossip.Version))
        {
            events.Add(new SeenChanged(after.Convergence(ImmutableHashSet<UniqueAddress>.Empty),
                [.. after.LatestGossip.Seen.Select(s => s.Address)]));
        }

        if (!ReferenceEquals(before.LatestGossip.Reachability, after.LatestGossip.Reachability) &&
            !before.LatestGossip.Reachability.Records.SequenceEqual(after.LatestGossip.Reachability.Records))
            events.Add(new ReachabilityChanged(after.LatestGossip.Reachability));
        return events;
    }

    /// <summary>The state as subscribers see it.</summary>
    internal static CurrentClusterState Snapshot(MembershipState state)
    {
        var gossip = state.LatestGossip;
        var unreachable = state.ReachabilityNoDownedObservers.AllUnreachableOrTerminated
            .Where(u => !u.Equals(state.Self))
            .Select(gossip.FindMember)
            .OfType<Member>();
        var roles = gossip.Members.SelectMany(m => m.Roles).Distinct();
        return new CurrentClusterState(gossip.Members, [.. unreachable], [.. gossip.Seen.Select(s => s.Address)],
            state.Leader?.Address, roles.ToImmutableDictionary(r => r, r => state.RoleLeader(r)?.Address));
    }

    private static IEnumerable<IClusterDomainEvent> DiffUnreachable(MembershipState before, MembershipState after)
    {
        var old = before.ReachabilityNoDownedObservers.AllUnreachableOrTerminated;
        return after.ReachabilityNoDownedObservers.AllUnreachableOrTerminated
            .Where(u => !old.Contains(u) && !u.Equals(after.Self))
            .Select(after.LatestGossip.FindMember)
            .OfType<Member>()
            .Select(m => new UnreachableMember(m));
    }

    private static IEnumerable<IClusterDomainEvent> DiffReachable(MembershipState before, MembershipState after) =>
        before.ReachabilityNoDownedObservers.AllUnreachableOrTerminated
            .Where(u => !u.Equals(after.Self) && after.LatestGossip.HasMember(u) && after.ReachabilityNoDownedObservers.IsReachable(u))
            .Select(u => new ReachableMember(after.LatestGossip.FindMember(u)!));

    private static IEnumerable<IClusterDomainEvent> DiffMembers(Gossip before, Gossip after)
    {
        if (ReferenceEquals(before.Members, after.Members))
            yield break;
        foreach (var member in after.Members)
        {
            var old = before.FindMember(member.UniqueAddress);
            if (old is null || old.Status != member.Status)
            {
                if (MemberEvent(member) is { } changed)
                    yield return changed;
            }
        }

        foreach (var member in before.Members.Where(m => !after.HasMember(m.UniqueAddress)))
            yield return new MemberRemoved(Removed(member), member.Status);
    }

    /// <summary>A member as it is reported when it is gone. It may come from any status, since this side can have missed the last ones.</summary>
    internal static Member Removed(Member member) =>
        new(member.UniqueAddress, member.UpNumber, MemberStatus.Removed, member.Roles, member.AppVersion);

    internal static IMemberEvent? MemberEvent(Member member) => member.Status switch
    {
        MemberStatus.Joining => new MemberJoined(member),
        MemberStatus.WeaklyUp => new MemberWeaklyUp(member),
        MemberStatus.Up => new MemberUp(member),
        MemberStatus.Leaving => new MemberLeft(member),
        MemberStatus.Exiting => new MemberExited(member),
        MemberStatus.Down => new MemberDowned(member),
        _ => null,
    };

    private static IEnumerable<IClusterDomainEvent> DiffRoleLeaders(MembershipState before, MembershipState after)
    {
        var roles = before.LatestGossip.Members.Concat(after.LatestGossip.Members).SelectMany(m => m.Roles).Distinct();
        return roles
            .Select(role => (Role: role, Old: before.RoleLeader(role), New: after.RoleLeader(role)))
            .Where(r => !Equals(r.Old, r.New))
            .Select(r => new RoleLeaderChanged(r.Role, r.New?.Address));
    }
}
